using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Sources;

/// <summary>What a host remembers of contributors.</summary>
/// <param name="Subjects">Documents by path in the reserve, and their contributors' subjects.</param>
/// <param name="Unknown">Documents that a row names and nobody is known to have brought.</param>
/// <param name="TimeNs">When the databases were asked last; 0 for never.</param>
internal sealed record ContributorsKnown(IReadOnlyDictionary<EntryPath, string> Subjects, long Unknown, long TimeNs)
{
    public static ContributorsKnown Nothing { get; } = new(new Dictionary<EntryPath, string>(), 0, 0);
}

/// <summary>Keeps it in a file of the host's cache: magic 8 · salt 32 · AES-256-GCM ciphertext and tag, under the cache's key. The magic is authenticated too, so that no other file of the cache passes for it.</summary>
/// <param name="path">The file.</param>
/// <param name="key">The cache's key; asked for when it is used.</param>
internal sealed class ContributorMemory(string path, Func<ReadOnlyMemory<byte>> key)
{
    private const int SaltSize = 32, TagSize = 16;
    private static ReadOnlySpan<byte> Magic => "STINGJC1"u8;

    /// <summary>Reads it; nothing where there is none. What cannot be read is told and counts as nothing.</summary>
    public ContributorsKnown Load(Action<string> warn)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            var head = Magic.Length + SaltSize;
            if (bytes.Length < head + TagSize || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            {
                throw new InvalidDataException("it is no such file");
            }
            using var cipher = CacheCipher.Of(key().Span, bytes.AsSpan(Magic.Length, SaltSize));
            var plain = new byte[bytes.Length - head - TagSize];
            cipher.Decrypt(new byte[12], bytes.AsSpan(head, plain.Length), bytes.AsSpan(head + plain.Length), plain, Magic);
            return Parse(plain);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ContributorsKnown.Nothing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or StingException { ErrorId: "NameNotAllowed" })
        {
            warn($"What this host remembered of contributors to honey jars cannot be used ('{path}': {e.Message}).");
            return ContributorsKnown.Nothing;
        }
    }

    /// <summary>Puts it in the place of what was remembered.</summary>
    public void Save(ContributorsKnown known)
    {
        var plain = Format(known);
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        var bytes = new byte[Magic.Length + SaltSize + plain.Length + TagSize];
        Magic.CopyTo(bytes);
        salt.CopyTo(bytes, Magic.Length);
        using (var cipher = CacheCipher.Of(key().Span, salt))
        {
            // One key a file: the salt is new each time.
            cipher.Encrypt(new byte[12], plain, bytes.AsSpan(Magic.Length + SaltSize, plain.Length), bytes.AsSpan(bytes.Length - TagSize), Magic);
        }
        var unfinished = path + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(unfinished, bytes);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("CacheNotReadable", FailureKind.Io, $"Contributors to honey jars could not be remembered in '{path}': {e.Message}", path, "Look at the disk that holds cache_directory.", e);
        }
    }

    /// <summary>Removes what a process that was killed left.</summary>
    public void RemoveLeftovers() => File.Delete(path + ".new");

    private static byte[] Format(ContributorsKnown known)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("time", known.TimeNs);
            json.WriteNumber("unknown", known.Unknown);
            json.WriteStartObject("documents");
            foreach (var (document, subject) in known.Subjects)
            {
                json.WriteString(Convert.ToBase64String(document.Bytes), subject);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static ContributorsKnown Parse(ReadOnlyMemory<byte> plain)
    {
        using var json = JsonDocument.Parse(plain);
        var subjects = json.RootElement.GetProperty("documents").EnumerateObject().ToDictionary(d => EntryPath.FromBytes(Convert.FromBase64String(d.Name)), d => d.Value.GetString() ?? throw new FormatException("a document is nobody's"));
        return new ContributorsKnown(subjects, json.RootElement.GetProperty("unknown").GetInt64(), json.RootElement.GetProperty("time").GetInt64());
    }
}
