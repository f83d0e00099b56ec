using System.Security.Cryptography;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tiering;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Operations.Drills;

/// <summary>A reserve of three people and a honey jar on three tiers in memory, each of which can be disturbed; the clock stands still unless a test turns it.</summary>
internal sealed class DrilledReserve : IAsyncDisposable
{
    private DrilledReserve(Func<TimeProvider, Task<IObjectStore>>? archive)
    {
        Task<IObjectStore>? opened = null;
        (Local, Remote, Archive) = (new MemoryObjectStore(), new MemoryObjectStore(), new MemoryObjectStore());
        (LocalFaults, RemoteFaults, ArchiveFaults) = (new FaultyStore(Local), new FaultyStore(Remote), new FaultyStore(Archive));
        Test = new TestInstallation(LocalFaults)
        {
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>
            {
                [Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(RemoteFaults), [Tier.Archive] = _ => archive is null ? ValueTask.FromResult<IObjectStore>(ArchiveFaults) : new ValueTask<IObjectStore>(opened ??= archive(Test!.Clock)),
            },
        };
    }

    /// <summary>A time that .NET can set again exactly: it has whole ticks.</summary>
    public static readonly DateTime Handed = new(2026, 1, 15, 14, 30, 0, DateTimeKind.Utc);

    public TestInstallation Test { get; }
    public MemoryObjectStore Local { get; }
    public MemoryObjectStore Remote { get; }
    public MemoryObjectStore Archive { get; }
    public FaultyStore LocalFaults { get; }
    public FaultyStore RemoteFaults { get; }
    public FaultyStore ArchiveFaults { get; }
    public string FullRun { get; private set; } = "";
    public string Drills => Path.Combine(Test.Root, "state", "drills");

    /// <summary>Full run, a change, incremental run; both on the remote tier, and after a week in the archive.</summary>
    /// <param name="withFurtherTiers">Whether they are.</param>
    /// <param name="archive">Opens the archive by the reserve's clock; without it that lies in memory.</param>
    public static async Task<DrilledReserve> MakeAsync(bool withFurtherTiers = true, Func<TimeProvider, Task<IObjectStore>>? archive = null)
    {
        var reserve = new DrilledReserve(archive);
        foreach (var person in (int[])[1, 2, 3])
        {
            reserve.Test.Write($"users/{person}/photos/large.jpg", RandomNumberGenerator.GetBytes(300_000));
            reserve.Test.Write($"users/{person}/notes.txt", RandomNumberGenerator.GetBytes(2_000));
        }
        reserve.Test.Write("jars/j1/handbook.pdf", RandomNumberGenerator.GetBytes(120_000));
        File.SetLastWriteTimeUtc(Path.Combine(reserve.Test.ReserveRoot, "jars/j1/handbook.pdf"), Handed);
        File.CreateSymbolicLink(Path.Combine(reserve.Test.ReserveRoot, "users/1/latest"), "notes.txt");
        if (OperatingSystem.IsLinux())
        {
            // A name that is no UTF-8, and a second name of a file.
            using var shell = System.Diagnostics.Process.Start("sh", ["-c", "cd \"$0\"/users/3 && echo odd > \"$(printf 'b\\377d')\" && ln notes.txt again.txt", reserve.Test.ReserveRoot]);
            await shell.WaitForExitAsync();
            Assert.Equal(0, shell.ExitCode);
        }
        reserve.FullRun = (await reserve.Test.BackupAsync(BackupType.Full)).BackupId!;
        reserve.Test.Write("users/2/later.txt", RandomNumberGenerator.GetBytes(5_000));
        await reserve.Test.BackupAsync();
        if (withFurtherTiers)
        {
            await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(reserve.Test.Open(), Tier.Remote, default));
            reserve.Advance(7.5);
            await TestInstallation.CompleteAsync<ArchiveResult>(ColdRecut.RunAsync(reserve.Test.Open(), null, default));
        }
        return reserve;
    }

    public void Advance(double days) => Test.Clock.Advance(TimeSpan.FromDays(days));

    /// <summary>Holds one; an opened installation each, as commands do.</summary>
    public async Task<RecoveryTest> DrillAsync(RecoveryTestRequest request, List<StingException>? errors = null, CancellationToken cancel = default)
    {
        var installation = Test.Open();
        var plan = await DrillJob.PlanAsync(installation, request, cancel);
        return await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(installation, plan, cancel), errors ?? []);
    }

    public Task<RecoveryTest> DrillAsync(RecoveryTestType type, List<StingException>? errors = null) => DrillAsync(new RecoveryTestRequest { Type = type, Seed = 1 }, errors);

    public async Task<RecoveryTestSummary> SummaryAsync() => await DrillReader.SummaryAsync(Test.Open(), default);

    public async Task<List<RecoveryTest>> EvidenceAsync(RecoveryTestQuery? query = null, List<StingException>? damaged = null)
    {
        var found = new List<RecoveryTest>();
        await foreach (var test in DrillReader.ReadAsync(Test.Open(), query ?? new RecoveryTestQuery(), e => (damaged ?? throw e).Add(e), default))
        {
            found.Add(test);
        }
        return found;
    }

    /// <summary>Lets a tier forget all content.</summary>
    public static async Task LoseDataAsync(MemoryObjectStore store)
    {
        foreach (var name in store.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)).ToList())
        {
            await store.DeleteAsync(name, default);
        }
    }

    /// <summary>Puts a byte wrong in the middle of every pack of content.</summary>
    public static async Task DamageDataAsync(MemoryObjectStore store)
    {
        foreach (var (name, bytes) in store.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal)).ToList())
        {
            var wrong = bytes.ToArray();
            for (var i = wrong.Length / 4; i < wrong.Length * 3 / 4; i += 50)
            {
                wrong[i] ^= 1;
            }
            await store.DeleteAsync(name, default);
            await store.PutAsync(name, wrong, default);
        }
    }

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
