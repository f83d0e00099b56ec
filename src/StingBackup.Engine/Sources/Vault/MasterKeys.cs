using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// The master keys of STING that are configured, today's and earlier ones, and what STING derives from them: a person's key is HKDF-SHA256 of the master key, salted with the SHA-256 of the
/// person's id; it wraps the random key of each upload by AES-256-GCM. Keys are wiped when this is disposed.
/// </summary>
internal sealed class MasterKeys : IDisposable
{
    /// <summary>Nonce, key, tag.</summary>
    public const int WrappedLength = NonceLength + KeyLength + TagLength;
    public const int NonceLength = 12;
    public const int TagLength = 16;
    private const int KeyLength = MasterKeyFile.KeyLength;
    private const int IdLength = 8;

    private readonly List<(string Id, SecretBytes Key, string File)> _keys = [];
    private readonly List<string> _problems = [];

    private MasterKeys()
    {
    }

    /// <summary>Names what STING 1.0 does; it is HKDF's info too.</summary>
    public static string Scheme => "STING-CE-Honey-Reserve-v1";

    /// <summary>Every key of these files; null when no file is named. A file that cannot be read costs its keys, and is told.</summary>
    public static MasterKeys? Load(IReadOnlyList<string> files, Action<string>? warn)
    {
        if (files.Count == 0)
        {
            return null;
        }
        var keys = new MasterKeys();
        foreach (var file in files)
        {
            try
            {
                foreach (var key in MasterKeyFile.Read(file))
                {
                    keys.Add(key, file);
                }
            }
            catch (StingException e)
            {
                keys._problems.Add(e.Message);
                warn?.Invoke($"{e.Message} {e.Remedy}");
            }
        }
        return keys;
    }

    /// <summary>For people: what is configured, each key by its id, and what could not be read. No secret.</summary>
    public string Describe() => string.Join(' ', [_keys.Count == 0 ? "no key" : string.Join(", ", _keys.Select(k => $"{k.Id} ({k.File})")), .. _problems.Select(p => $"({p})")]);

    /// <summary>Unwraps an upload's key with whichever master key fits; null when none does.</summary>
    /// <param name="wrapped">Nonce, encrypted key, tag.</param>
    /// <param name="user">Whose it is, as STING names it.</param>
    public (SecretBytes FileKey, string Id)? TryUnwrap(ReadOnlySpan<byte> wrapped, string user)
    {
        foreach (var (id, key, _) in _keys)
        {
            if (TryUnwrap(key, wrapped, user) is { } fileKey)
            {
                return (fileKey, id);
            }
        }
        return null;
    }

    /// <summary>Whether a key of this id is there.</summary>
    public bool Has(string id) => _keys.Exists(k => k.Id == id);

    /// <inheritdoc/>
    public void Dispose() => _keys.ForEach(k => k.Key.Dispose());

    private void Add(SecretBytes key, string file)
    {
        // 64 bits tell keys apart and say nothing of a key of 256 random bits.
        Span<byte> id = stackalloc byte[IdLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Span, id, [], "StingBackup id of a STING master key"u8);
        var text = Convert.ToHexStringLower(id);
        if (Has(text))
        {
            key.Dispose();
            return;
        }
        _keys.Add((text, key, file));
    }

    private static SecretBytes? TryUnwrap(SecretBytes master, ReadOnlySpan<byte> wrapped, string user)
    {
        if (wrapped.Length != WrappedLength)
        {
            return null;
        }
        using var userKey = new SecretBytes(KeyLength);
        Span<byte> salt = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(user), salt);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master.Span, userKey.Writable, salt, Encoding.ASCII.GetBytes(Scheme));
        var fileKey = new SecretBytes(KeyLength);
        using var cipher = new AesGcm(userKey.Span, TagLength);
        try
        {
            cipher.Decrypt(wrapped[..NonceLength], wrapped[NonceLength..^TagLength], wrapped[^TagLength..], fileKey.Writable);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            fileKey.Dispose();
            return null;
        }
    }
}
