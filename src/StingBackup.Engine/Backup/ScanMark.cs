using System.Security.Cryptography;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Backup;

/// <summary>Up to where a class's cache knows what a journal of changes told, so that the next run need not look at what nothing was told of since. In the host's cache, encrypted as that is: lost or wrong, it costs a full scan.</summary>
/// <param name="Moment">The place in the journal, taken before the scan began.</param>
/// <param name="Settings">What the scan went by: the configuration and the users map, as a hash.</param>
/// <param name="Run">The run that made the cache.</param>
/// <param name="Items">Items in the cache.</param>
/// <param name="Length">The cache's length in bytes.</param>
/// <param name="FullNs">When everything was scanned last.</param>
/// <param name="Revisit">Folders that the next run looks at in any case.</param>
internal sealed record ScanMark(JournalMoment Moment, string Settings, long Run, long Items, long Length, long FullNs, IReadOnlyList<EntryPath> Revisit)
{
    private const int SaltSize = 32, TagSize = 16;
    private static ReadOnlySpan<byte> Magic => "STINGSM1"u8;

    /// <summary>Reads one; null where there is none that can be read.</summary>
    public static ScanMark? TryRead(string path, ReadOnlySpan<byte> cacheKey)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            var head = Magic.Length + SaltSize;
            if (bytes.Length < head + TagSize || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            {
                return null;
            }
            using var cipher = CacheCipher.Of(cacheKey, bytes.AsSpan(Magic.Length, SaltSize));
            var plain = new byte[bytes.Length - head - TagSize];
            cipher.Decrypt(new byte[12], bytes.AsSpan(head, plain.Length), bytes.AsSpan(head + plain.Length), plain, Magic);
            using var json = JsonDocument.Parse(plain);
            var mark = json.RootElement;
            return new ScanMark(new JournalMoment(mark.GetProperty("generation").GetString()!, mark.GetProperty("position").GetInt64()), mark.GetProperty("settings").GetString()!, mark.GetProperty("run").GetInt64(),
                mark.GetProperty("items").GetInt64(), mark.GetProperty("length").GetInt64(), mark.GetProperty("full").GetInt64(), [.. mark.GetProperty("revisit").EnumerateArray().Select(p => EntryPath.FromBytes(p.GetBytesFromBase64()))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or StingException)
        {
            return null;
        }
    }

    /// <summary>Writes it in the place of the last one.</summary>
    public void Write(string path, ReadOnlySpan<byte> cacheKey)
    {
        var plain = Format();
        var bytes = new byte[Magic.Length + SaltSize + plain.Length + TagSize];
        Magic.CopyTo(bytes);
        RandomNumberGenerator.Fill(bytes.AsSpan(Magic.Length, SaltSize));
        using (var cipher = CacheCipher.Of(cacheKey, bytes.AsSpan(Magic.Length, SaltSize)))
        {
            // One key a file: the salt is new each time.
            cipher.Encrypt(new byte[12], plain, bytes.AsSpan(Magic.Length + SaltSize, plain.Length), bytes.AsSpan(bytes.Length - TagSize), Magic);
        }
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }

    private byte[] Format()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("generation", Moment.Generation);
            json.WriteNumber("position", Moment.Position);
            json.WriteString("settings", Settings);
            json.WriteNumber("run", Run);
            json.WriteNumber("items", Items);
            json.WriteNumber("length", Length);
            json.WriteNumber("full", FullNs);
            json.WriteStartArray("revisit");
            foreach (var path in Revisit)
            {
                json.WriteBase64StringValue(path.Bytes);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
