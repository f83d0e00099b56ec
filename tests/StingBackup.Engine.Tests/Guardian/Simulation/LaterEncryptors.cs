namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [() => new DocumentMacro(), () => new ContainerMover()];

    /// <summary>How many of six trials of the short form are caught at least, where it is not all: the table of docs/ransomware.md shows which encryptors are missed, and says why.</summary>
    public static IReadOnlyDictionary<string, int> ExpectedOfSix { get; } = new Dictionary<string, int>();
}

/// <summary>
/// A macro in an office document, low and slow: one document or picture before every fourth run. Leaves the first 4 KiB alone (of short files the first half) and enciphers the body by blocks, so that the file grows by
/// what fills the last one.
/// </summary>
internal sealed class DocumentMacro : Encryptor
{
    private const int Head = 4 << 10;

    public override string Name => "bodies of documents, one an hour";
    protected override double Share => 0;
    protected override int Every => 4;

    protected override bool Takes(Format format) => format is Format.Docx or Format.Xlsx or Format.Pdf or Format.Text or Format.Csv or Format.Xml or Format.Code or Format.Jpeg or Format.Png;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var head = Math.Min(Head, before.Length / 2);
        var content = new byte[head + ((((before.Length - head) / 16) + 1) * 16)];
        before.AsSpan(0, head).CopyTo(content);
        subject.Random.NextBytes(content.AsSpan(head));
        subject.Put(path, format, content);
        return path;
    }
}

/// <summary>Moves everything, a twelfth between two runs, into one container of a disk cipher, which has no beginning of its own, grows, and is called as a film in a folder of films.</summary>
internal sealed class ContainerMover : Encryptor
{
    private const string Container = "users/x/films/holiday.mkv";
    private byte[] _content = [];
    private int _moved;

    public override string Name => "moved into a container that grows";
    protected override double Share => 1.0 / 12;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        _moved += subject.Files[path].Content.Length;
        subject.Delete(path);
        return null;
    }

    protected override void Finish(SimulatedSubject subject, IReadOnlyList<string> now)
    {
        _content = [.. _content, .. Cipher(subject, _moved + 512)];
        _moved = 0;
        subject.Put(Container, Format.Opaque, _content);
        Spare(Container);
    }
}
