using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Short ways to verify damaged copies.</summary>
internal static class Verify
{
    /// <summary>Verifies objects; the installation is opened over them as a command would.</summary>
    public static async Task<IntegrityResult> RunAsync(
        SampleRepository sample, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> objects, IntegrityLevel level = IntegrityLevel.Data, VerifyRequest? request = null)
    {
        await using var store = new MemoryObjectStore(objects);
        await using var installation = await sample.OpenAsync(store, NewState());
        return await RunAsync(installation, (request ?? new VerifyRequest()) with { Level = level });
    }

    /// <summary>A host remembers the audit chain that it wrote, and a verification leaves a record: each copy needs a state of its own.</summary>
    public static string NewState() => $"verify-{Guid.NewGuid():n}";

    public static async Task<IntegrityResult> RunAsync(Installation installation, VerifyRequest request)
    {
        var told = new List<object>();
        var result = await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, request, default), output: told);
        Assert.Equal(result.Faults, told.Cast<IntegrityFault>());
        return result;
    }

    /// <summary>A copy with one byte changed.</summary>
    public static byte[] Flip(ReadOnlyMemory<byte> bytes, int at, byte mask = 0x55)
    {
        var copy = bytes.ToArray();
        copy[at] ^= mask;
        return copy;
    }

    /// <summary>
    /// Compares what faults say that they hit with what a reader cannot read: each path named is one of those, and the numbers agree, stretches of lost pages included.
    /// </summary>
    public static async Task AgreesWithReaderAsync(SampleRepository sample, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> objects, IntegrityResult result)
    {
        var readable = (await sample.ReadableAsync(objects)).Items;
        var lost = sample.Items.Except(readable).ToHashSet();
        var files = result.Faults.SelectMany(f => f.Files).ToList();
        if (result.Faults is [{ Object: var name }] && name.StartsWith("points/", StringComparison.Ordinal) && files.Count < lost.Count)
        {
            // What a damaged point still says may be less than what it said, and under another name.
            Assert.InRange(result.Faults[0].FileCount, 0, lost.Count);
            return;
        }
        if (result.Faults is [{ Object: var point }] && point.StartsWith("points/", StringComparison.Ordinal) && files.Count > 0 && files.All(f => f.StartsWith(point, StringComparison.Ordinal)))
        {
            // Its name was hit: what it held is told under the object's.
            static string PathOf(string file) => file[(file.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            Assert.Equal(lost.Select(PathOf).Order(StringComparer.Ordinal), files.Select(PathOf).Order(StringComparer.Ordinal));
            return;
        }
        var named = files.Where(f => !f.Contains(": (", StringComparison.Ordinal)).ToHashSet();
        Assert.Empty(named.Except(lost));
        if (named.Count == files.Count)
        {
            Assert.Empty(lost.Except(named));
        }
        if (result.Faults.Count == 1)
        {
            Assert.Equal(lost.Count, result.Faults[0].FileCount);
            Assert.Equal(lost.Count > 0, result.Faults[0].Files.Count > 0);
        }
    }
}
