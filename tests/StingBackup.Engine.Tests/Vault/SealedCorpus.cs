using System.Text;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>
/// Uploads like a STING's, the same on every run: 60 % pdf (most of it compressed already), 20 % images (all of it), 15 % text, 5 % csv; log-normal lengths, median 180 KB, at most 4 MB; 15 % are
/// a copy of another of the same person. Then a tick: 5 % were edited, 5 % uploaded again as they were.
/// </summary>
internal sealed class SealedCorpus
{
    private static readonly string[] Words = ["honey", "reserve", "backup", "restore", "document", "patient", "report", "approved", "pending", "system", "user", "chunk", "tier", "with", "for", "in", "the", "of"];
    private readonly Random _random = new(20261125);

    public SealedCorpus(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var person = i % 20;
            var user = StingSeal.Person(person);
            var upload = i >= 40 && _random.Next(100) < 15 ? First[i - 20].Upload : Make(i, DrawLength());
            First.Add(($"files/{user}/{(i % 10 == 0 ? "report" : "user_document")}/{i:x16}", user, upload));
        }
        for (var i = 0; i < count / 20; i++)
        {
            var (path, user, upload) = First[i * 20 + (i % 20)];
            Second.Add((path, user, Edit(upload)));
            Second.Add(First[i * 20 + ((i + 7) % 20)]);
        }
    }

    public List<(string Path, string User, byte[] Upload)> First { get; } = [];
    public List<(string Path, string User, byte[] Upload)> Second { get; } = [];
    public long Length => First.Sum(f => (long)f.Upload.Length);

    private int DrawLength()
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return (int)Math.Clamp(180_000 * Math.Exp(1.2 * normal), 500, 4_000_000);
    }

    private byte[] Make(int i, int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        var text = (i % 20) switch { < 12 => length / 5, < 16 => 0, _ => length };
        Text(text).CopyTo(bytes, 0);
        return bytes;
    }

    private byte[] Text(int length)
    {
        var text = new StringBuilder(length + 20);
        while (text.Length < length)
        {
            text.Append(Words[_random.Next(Words.Length)]).Append(_random.Next(9) == 0 ? $" {_random.Next(1_000_000)}.\n" : " ");
        }
        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    private byte[] Edit(byte[] upload)
    {
        var at = _random.Next(upload.Length);
        return [.. upload[..at], .. "A sentence that was put in."u8, .. upload[at..]];
    }
}
