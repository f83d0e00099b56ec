namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [() => new HeadKeepingEncryptor(), () => new PackingExtortionist()];

    /// <summary>How many of six trials of the short form are caught at least, where it is not all: the table of docs/ransomware.md shows which encryptors are missed, and says why.</summary>
    public static IReadOnlyDictionary<string, int> ExpectedOfSix { get; } = new Dictionary<string, int> { ["head kept, in place"] = 3, ["packed with a password"] = 0 };
}

/// <summary>
/// Hides from those who look at first bytes: keeps the first 512 of each file, enciphers the rest in place, length to the byte, name as it was; one file in ten between two runs.
/// </summary>
internal sealed class HeadKeepingEncryptor : Encryptor
{
    private const int Head = 512;

    public override string Name => "head kept, in place";
    protected override double Share => 0.1;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var content = (byte[])before.Clone();
        subject.Random.NextBytes(content.AsSpan(Math.Min(Head, content.Length / 4)));
        subject.Put(path, format, content);
        return path;
    }
}

/// <summary>Uses an archiver that everybody has: packs each folder into an archive without a telling beginning (headers enciphered too), deletes what it packed, a quarter of all between two runs, and leaves a demand.</summary>
internal sealed class PackingExtortionist : Encryptor
{
    private int _packed;

    public override string Name => "packed with a password";
    protected override double Share => 0.25;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        _packed += subject.Files[path].Content.Length;
        subject.Delete(path);
        return null;
    }

    protected override void Finish(SimulatedSubject subject, IReadOnlyList<string> now)
    {
        // As 7z writes it with -mhe: its own beginning, and nothing else to read.
        var archive = Cipher(subject, Math.Max(400, _packed * 3 / 4));
        ((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C]).CopyTo(archive);
        var path = $"users/x/backup-{subject.Random.Next(100_000)}.7z";
        subject.Put(path, Format.Zip, archive);
        subject.Put("users/x/CALL-US.txt", Format.Text, SimulatedContent.Make(Format.Text, 700, new Random(3)));
        Spare(path);
        Spare("users/x/CALL-US.txt");
        _packed = 0;
    }
}
