namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [() => new KeyScript(), () => new TailTaker()];

    /// <summary>How many of six trials of the short form are caught at least, where it is not all: the table of docs/ransomware.md shows which encryptors are missed, and says why.</summary>
    public static IReadOnlyDictionary<string, int> ExpectedOfSix { get; } = new Dictionary<string, int> { ["the last fifth taken away"] = 5 };
}

/// <summary>A script that calls GnuPG for each file, one in forty between two runs, and puts what comes out in the file's place: names and times stay, length does not.</summary>
internal sealed class KeyScript : Encryptor
{
    public override string Name => "GnuPG file by file, names kept";
    protected override double Share => 0.025;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var length = subject.Files[path].Content.Length;
        subject.Put(path, Format.Gpg, SimulatedContent.Make(Format.Gpg, (length * 9 / 10) + 600, subject.Random));
        return path;
    }
}

/// <summary>Cuts the last fifth off each file and keeps it elsewhere, under a key: what is left begins as ever, and is shorter. Every second run, one file in thirty.</summary>
internal sealed class TailTaker : Encryptor
{
    public override string Name => "the last fifth taken away";
    protected override double Share => 0.033;
    protected override int Every => 2;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        subject.Put(path, format, before[..(before.Length * 4 / 5)]);
        return path;
    }
}
