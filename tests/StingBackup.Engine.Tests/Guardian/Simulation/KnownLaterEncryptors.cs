namespace StingBackup.Engine.Tests.Guardian.Simulation;

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

/// <summary>Uses an archiver that everybody has: packs into an archive that tells no names (7z -mhe), deletes what it packed, a quarter of all between two runs, and leaves a demand.</summary>
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
        var path = $"users/x/backup-{subject.Random.Next(100_000)}.7z";
        subject.Put(path, Format.SealedSevenZip, SimulatedContent.Make(Format.SealedSevenZip, Math.Max(400, _packed * 3 / 4), subject.Random));
        subject.Put("users/x/CALL-US.txt", Format.Text, SimulatedContent.Make(Format.Text, 700, new Random(3)));
        Spare(path);
        Spare("users/x/CALL-US.txt");
        _packed = 0;
    }
}

/// <summary>Packs each file into a ZIP with a password, under its name in the same folder, and deletes it; one in fifty between two runs.</summary>
internal sealed class ZippingEncryptor : Encryptor
{
    public override string Name => "zipped with a password, file by file";
    protected override double Share => 0.02;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var length = subject.Files[path].Content.Length;
        subject.Delete(path);
        var to = $"{path}.zip";
        subject.Put(to, Format.SealedZip, SimulatedContent.Make(Format.SealedZip, Math.Max(200, length * 9 / 10), subject.Random));
        return to;
    }
}

/// <summary>Writes the cipher's bytes as base64 in place: nothing is spread evenly.</summary>
internal sealed class CodingEncryptor : Encryptor
{
    public override string Name => "written as base64";
    protected override double Share => 0.1;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        subject.Put(path, Format.Coded, SimulatedContent.Make(Format.Coded, Math.Max(800, subject.Files[path].Content.Length * 4 / 3), subject.Random));
        return path;
    }
}

/// <summary>Leaves the first 1 KiB alone, puts key material behind the rest, and another extension behind the name.</summary>
internal sealed class RenamingHeadKeeper : Encryptor
{
    private const int Head = 1 << 10;

    public override string Name => "head kept, renamed";
    protected override double Share => 0.1;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var content = new byte[before.Length + 256];
        before.CopyTo(content, 0);
        subject.Random.NextBytes(content.AsSpan(Math.Min(Head, before.Length / 4)));
        subject.Delete(path);
        subject.Put($"{path}.k4x", format, content);
        return $"{path}.k4x";
    }
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
