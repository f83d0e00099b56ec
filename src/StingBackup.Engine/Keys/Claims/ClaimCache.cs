using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// What this host found in claims whose signatures it checked, so that a later run takes a hash a subject instead of four P-256 operations. A row holds only while the
/// claim's bytes have the hash it was made from. Nothing depends on it: a damaged or lost cache costs time. Safe to use from many threads.
/// </summary>
internal sealed class ClaimCache : IDisposable
{
    private const string FileName = "claims.cache";
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int HeadSize = Id16.Size + Id32.Size + Id16.Size + sizeof(uint) + WriterSecret.Size;
    private const int RowSize = HeadSize + sizeof(ushort);

    private readonly KeyEnvironment _environment;
    private readonly HostKeys _host;
    private readonly string _path;
    private readonly ConcurrentDictionary<Id16, SecretBytes> _rows = new();
    private int _changed;

    /// <summary>Reads the host's cache; empty where there is none that can be read.</summary>
    public ClaimCache(KeyEnvironment environment, HostKeys host, string folder)
    {
        _environment = environment;
        _host = host;
        _path = Path.Combine(folder, FileName);
        Load();
    }

    /// <summary>Whose claims it knows.</summary>
    public ICollection<Id16> Tags => _rows.Keys;

    /// <summary>What a claim with these bytes gave, or null.</summary>
    public SubjectWriteKeys? Find(Id16 tag, ReadOnlySpan<byte> claim, string canonicalName)
    {
        if (!_rows.TryGetValue(tag, out var secret))
        {
            return null;
        }
        var row = secret.Span;
        Span<byte> hash = stackalloc byte[Id32.Size];
        SHA256.HashData(claim, hash);
        if (!hash.SequenceEqual(row.Slice(16, Id32.Size)))
        {
            return null;
        }
        var writerSecret = row.Slice(68, WriterSecret.Size);
        return new SubjectWriteKeys(canonicalName, new Id16(row[48..]), BinaryPrimitives.ReadUInt32LittleEndian(row[64..]), row[RowSize..].ToArray(),
            WriterSecret.IdKey(writerSecret), WriterSecret.CutKey(writerSecret));
    }

    /// <summary>Notes what a claim gave; the caller has checked it.</summary>
    public void Add(Id16 tag, ReadOnlySpan<byte> claim, SubjectPublicKey key, ReadOnlySpan<byte> writerSecret)
    {
        var row = new SecretBytes(RowSize + key.PublicKey.Length);
        tag.CopyTo(row.Writable);
        SHA256.HashData(claim, row.Writable.Slice(16, Id32.Size));
        key.Pseudonym.CopyTo(row.Writable[48..]);
        BinaryPrimitives.WriteUInt32LittleEndian(row.Writable[64..], key.Generation);
        writerSecret.CopyTo(row.Writable[68..]);
        BinaryPrimitives.WriteUInt16LittleEndian(row.Writable[HeadSize..], key.Suite.Number);
        key.PublicKey.CopyTo(row.Writable[RowSize..]);
        _rows[tag] = row;
        Volatile.Write(ref _changed, 1);
    }

    /// <summary>Forgets what it has of a tag.</summary>
    public void Forget(Id16 tag)
    {
        if (_rows.TryRemove(tag, out var row))
        {
            row.Dispose();
            Volatile.Write(ref _changed, 1);
        }
    }

    /// <summary>Writes it, when it has changed. A failure costs the next run time and nothing else, so it is not told.</summary>
    public void Save()
    {
        if (Interlocked.Exchange(ref _changed, 0) == 0)
        {
            return;
        }
        var rows = _rows.OrderBy(pair => pair.Key).Select(pair => pair.Value).ToList();
        using var plaintext = new SecretBytes(rows.Sum(row => row.Length));
        var rest = plaintext.Writable;
        foreach (var row in rows)
        {
            row.Span.CopyTo(rest);
            rest = rest[row.Length..];
        }
        var payload = new byte[NonceSize + plaintext.Length + TagSize];
        _environment.Random.GetBytes(payload, 0, NonceSize);
        using var cipher = Cipher();
        cipher.Encrypt(payload.AsSpan(0, NonceSize), plaintext.Span, payload.AsSpan(NonceSize, plaintext.Length), payload.AsSpan(NonceSize + plaintext.Length), Associated());
        try
        {
            _environment.Files.Replace(_path, KeyFrame.Write(KeyFileKind.ClaimCache, payload));
        }
        catch (StingException)
        {
            // A cache: the claims themselves are read again.
        }
    }

    /// <summary>Zeroes the rows.</summary>
    public void Dispose()
    {
        foreach (var row in _rows.Values)
        {
            row.Dispose();
        }
    }

    private void Load()
    {
        try
        {
            if (_environment.Files.Read(_path) is not { } bytes)
            {
                return;
            }
            var payload = KeyFrame.ReadWhole(bytes, KeyFileKind.ClaimCache, _path).Span;
            if (payload.Length < NonceSize + TagSize)
            {
                return;
            }
            using var plaintext = new SecretBytes(payload.Length - NonceSize - TagSize);
            using var cipher = Cipher();
            cipher.Decrypt(payload[..NonceSize], payload[NonceSize..^TagSize], payload[^TagSize..], plaintext.Writable, Associated());
            for (var rest = plaintext.Span; rest.Length > RowSize;)
            {
                var length = RowSize + KemSuite.Of(BinaryPrimitives.ReadUInt16LittleEndian(rest[HeadSize..]), _path).PublicSize;
                if (length > rest.Length)
                {
                    return;
                }
                _rows[new Id16(rest)] = SecretBytes.CopyOf(rest[..length]);
                rest = rest[length..];
            }
        }
        catch (Exception unreadable) when (unreadable is StingException or AuthenticationTagMismatchException)
        {
            // A cache: the claims themselves are read again, and it is written anew.
        }
    }

    private AesGcm Cipher()
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.Expand(HashAlgorithmName.SHA256, _host.SpareKey.Span, key, "sting1 claims"u8);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    /// <summary>Another label than in earlier versions, whose rows had no suite: what they wrote does not open, and is written anew.</summary>
    private byte[] Associated() => [.. "sting1 claim rows"u8, .. _host.ReserveId.ToArray(), .. _host.WriterId.ToArray()];
}
