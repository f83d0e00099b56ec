using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Signatures that this host has found valid, beyond the life of a process: a tick reads all restore points, and to compute the signatures of a year of them anew took longer than all else that it does. A file in the host's
/// cache: magic 8, then for each an id 32 (<see cref="VerifiedSignatures"/>) and a tag 16, HMAC-SHA256(host's cache key, "sting1 signature" ‖ id). Whoever has not the key cannot add to it; what is torn or foreign is not
/// believed. Never authority: without it every signature is computed.
/// </summary>
internal sealed class SignatureMemory
{
    private const int TagSize = 16, EntrySize = Id32.Size + TagSize;

    private readonly string _path;
    private readonly byte[] _key;
    private readonly HashSet<Id32> _stored = [];
    private bool _isWhole;

    private SignatureMemory(string path, byte[] key) => (_path, _key) = (path, key);

    private static ReadOnlySpan<byte> Magic => "STINGSM1"u8;

    /// <summary>How many it holds.</summary>
    public int Count => _stored.Count;

    /// <summary>Reads it, and lets the process know what it holds.</summary>
    public static SignatureMemory Open(string folder, ReadOnlySpan<byte> cacheKey)
    {
        var memory = new SignatureMemory(Path.Combine(folder, "signatures"), cacheKey.ToArray());
        try
        {
            memory.Load(File.ReadAllBytes(memory._path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there yet, or not to be read: signatures are computed.
        }
        return memory;
    }

    /// <summary>Adds what was found valid since. Best effort: what is not kept is computed the next time.</summary>
    public void Save()
    {
        try
        {
            var known = VerifiedSignatures.All();
            var fresh = _isWhole ? [.. known.Where(id => !_stored.Contains(id))] : known;
            if (fresh.Count == 0)
            {
                return;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            var bytes = new byte[(_isWhole ? 0 : Magic.Length) + fresh.Count * EntrySize];
            var at = 0;
            if (!_isWhole)
            {
                Magic.CopyTo(bytes);
                at = Magic.Length;
            }
            foreach (var id in fresh)
            {
                id.CopyTo(bytes.AsSpan(at));
                Tag(id, bytes.AsSpan(at + Id32.Size, TagSize));
                at += EntrySize;
            }
            if (_isWhole)
            {
                using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
                file.Write(bytes);
            }
            else
            {
                Durable.WriteFile(_path, bytes, replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            _stored.UnionWith(fresh);
            _isWhole = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StingException)
        {
            // As above.
        }
    }

    private void Load(ReadOnlySpan<byte> bytes)
    {
        // One that is cut short, too long or of another version is written anew.
        if (!bytes.StartsWith(Magic) || (bytes.Length - Magic.Length) % EntrySize != 0 || (bytes.Length - Magic.Length) / EntrySize > VerifiedSignatures.Most)
        {
            return;
        }
        _isWhole = true;
        Span<byte> tag = stackalloc byte[TagSize];
        for (var rest = bytes[Magic.Length..]; rest.Length > 0; rest = rest[EntrySize..])
        {
            var id = new Id32(rest);
            Tag(id, tag);
            if (CryptographicOperations.FixedTimeEquals(tag, rest.Slice(Id32.Size, TagSize)))
            {
                _stored.Add(id);
                VerifiedSignatures.Recall(id);
            }
        }
    }

    private void Tag(Id32 id, Span<byte> tag)
    {
        Span<byte> message = stackalloc byte[16 + Id32.Size];
        "sting1 signature"u8.CopyTo(message);
        id.CopyTo(message[16..]);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, message, mac);
        mac[..TagSize].CopyTo(tag);
    }
}
