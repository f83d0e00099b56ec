namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [() => new KeyedScript(), () => new SpreadingWiper()];

    /// <summary>How many of six trials of the short form are caught at least, where it is not all: the table of docs/ransomware.md shows which encryptors are missed, and says why.</summary>
    public static IReadOnlyDictionary<string, int> ExpectedOfSix { get; } = new Dictionary<string, int>();
}

/// <summary>
/// A script of somebody inside: mixes a short key into every byte (XOR), in place, name and length as they were; only at night, when nobody looks, some files at a time. Nothing is spread evenly afterwards that was not.
/// </summary>
internal sealed class KeyedScript : Encryptor
{
    private readonly byte[] _key = [0x5A, 0x91, 0x2C, 0xE7, 0x38];

    public override string Name => "mixed with a short key, in place";
    protected override double Share => 0.03;
    protected override int Every => 2;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var content = (byte[])before.Clone();
        for (var i = 0; i < content.Length; i++)
        {
            content[i] ^= _key[i % _key.Length];
        }
        subject.Put(path, format, content);
        return path;
    }
}

/// <summary>A wiper that is after time: writes zeros over the middle third of each file, length, beginning and end as they were; the largest files first is what it would like, by name is what it does.</summary>
internal sealed class SpreadingWiper : Encryptor
{
    public override string Name => "zeros over the middle third";
    protected override double Share => 0.05;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var content = (byte[])before.Clone();
        content.AsSpan(content.Length / 3, content.Length / 3).Clear();
        subject.Put(path, format, content);
        return path;
    }
}
