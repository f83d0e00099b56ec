using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>Protection 2: the keys are sealed under a random file key, which a key vault wraps. Fields 10 to 12: mount, key, wrapped file key.</summary>
internal static partial class PrivateHalfFile
{
    private const int LastVaultField = 12;

    /// <summary>Length of a file key.</summary>
    public const int FileKeySize = 32;

    /// <summary>What a file key is bound to in the vault: <c>sting1 kf</c> ‖ reserve id.</summary>
    public static byte[] BindingOf(Id16 reserveId) => [.. "sting1 kf"u8, .. reserveId.ToArray()];

    /// <summary>The file's bytes.</summary>
    /// <param name="half">The keys.</param>
    /// <param name="reserveId">The reserve.</param>
    /// <param name="fileKey">The file key.</param>
    /// <param name="vault">What it is wrapped with, and the wrapped file key.</param>
    /// <param name="random">Randomness.</param>
    public static byte[] WriteWrapped(PrivateHalf half, Id16 reserveId, SecretBytes fileKey, WrappedFileKey vault, RandomNumberGenerator random)
    {
        using var secret = half.ToSecret();
        var nonce = new byte[NonceSize];
        random.GetBytes(nonce);
        using var cipher = new AesGcm(fileKey.Span, TagSize);
        var body = new byte[secret.Length + TagSize];
        cipher.Encrypt(nonce, secret.Span, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), VaultFields(reserveId, nonce, vault, body: null));
        return KeyFrame.Write(KeyFileKind.PrivateHalf, VaultFields(reserveId, nonce, vault, body));
    }

    /// <summary>The wrapped file key of a file of protection 2.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static WrappedFileKey WrappedKeyOf(byte[] bytes, string path)
    {
        var fields = ReadFields(KeyFileKind.PrivateHalf, bytes, path);
        return fields.Number(3) == VaultProtection ? ReadVault(fields) : throw new InvalidOperationException($"'{path}' is not wrapped.");
    }

    /// <summary>The same file with its file key wrapped anew; the sealed keys stay byte for byte.</summary>
    public static byte[] WithWrapped(byte[] bytes, string path, string wrapped)
    {
        var fields = ReadFields(KeyFileKind.PrivateHalf, bytes, path);
        return KeyFrame.Write(KeyFileKind.PrivateHalf,
            VaultFields(new Id16(fields.Bytes(2, Id16.Size)), fields.Bytes(8, NonceSize), ReadVault(fields) with { Wrapped = wrapped }, fields.Bytes(9)));
    }

    /// <summary>Other keys in the place of those that a file holds, protected as it is, by the secret that opened it.</summary>
    /// <param name="bytes">The file as it is.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="half">What it is to hold.</param>
    /// <param name="secret">The passphrase, or the file key; null for an open file.</param>
    /// <param name="random">Randomness.</param>
    public static byte[] Reseal(byte[] bytes, string path, PrivateHalf half, SecretBytes? secret, RandomNumberGenerator random)
    {
        var fields = ReadFields(KeyFileKind.PrivateHalf, bytes, path);
        var reserveId = new Id16(fields.Bytes(2, Id16.Size));
        if (ProtectionOf(bytes, path) == KeyFileProtection.Open)
        {
            return Write(half, reserveId, null, NoWork, random);
        }
        using (Open(bytes, path, reserveId, secret))   // a wrong secret must not lock the keys away
        {
        }
        return fields.Number(3) == VaultProtection ? WriteWrapped(half, reserveId, secret!, ReadVault(fields), random)
            : Write(half, reserveId, secret, new Argon2Parameters(Bounded(fields.Number(5)), Bounded(fields.Number(6)), Bounded(fields.Number(7))), random);
    }

    private static SecretBytes UnsealWithFileKey(CborFields fields, byte[] body, string path, SecretBytes? fileKey)
    {
        var vault = ReadVault(fields);
        if (fields.Bytes(4).Length + fields.Number(5) + fields.Number(6) + fields.Number(7) > 0)
        {
            throw KeyFrame.Damaged(path, "it has the parameters of a passphrase");
        }
        if (fileKey is null)
        {
            throw new StingException("KeyVaultNeeded", FailureKind.Authentication, $"Key file '{path}' is sealed by transit key '{vault.Name}' of a Vault, which was not asked.", path,
                "Set key_vault.address and how to log in, on the host that restores; the policy it takes is in docs/operations.md.");
        }
        if (fileKey.Length != FileKeySize || body.Length < TagSize)
        {
            throw KeyFrame.Damaged(path, "its file key has a wrong length");
        }
        var nonce = fields.Bytes(8, NonceSize);
        using var cipher = new AesGcm(fileKey.Span, TagSize);
        var secret = new SecretBytes(body.Length - TagSize);
        try
        {
            cipher.Decrypt(nonce, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), secret.Writable, VaultFields(new Id16(fields.Bytes(2, Id16.Size)), nonce, vault, body: null));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            secret.Dispose();
            throw KeyFrame.Damaged(path, "its keys do not open with the file key that the vault unwrapped");
        }
    }

    private static WrappedFileKey ReadVault(CborFields fields) => new(new KeyWrapperName(fields.Text(10), fields.Text(11)), fields.Text(12));

    /// <summary>The map; without the body and the wrapped file key it is the associated data of the sealed keys.</summary>
    private static byte[] VaultFields(Id16 reserveId, byte[] nonce, WrappedFileKey vault, byte[]? body)
    {
        var cbor = CborFields.StartMap(body is null ? LastVaultField - 2 : LastVaultField);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, reserveId.ToArray());
        CborFields.Write(cbor, 3, VaultProtection);
        CborFields.Write(cbor, 4, []);
        CborFields.Write(cbor, 5, 0);
        CborFields.Write(cbor, 6, 0);
        CborFields.Write(cbor, 7, 0);
        CborFields.Write(cbor, 8, nonce);
        if (body is not null)
        {
            CborFields.Write(cbor, 9, body);
        }
        Text(10, vault.Name.Mount);
        Text(11, vault.Name.Key);
        if (body is not null)
        {
            Text(12, vault.Wrapped);
        }
        return CborFields.End(cbor);

        void Text(int key, string value)
        {
            cbor.WriteInt32(key);
            cbor.WriteTextString(value);
        }
    }
}

/// <summary>A file key as a key file holds it.</summary>
/// <param name="Name">The key that wraps it.</param>
/// <param name="Wrapped">The wrapped file key, <c>vault:v1:…</c>.</param>
internal sealed record WrappedFileKey(KeyWrapperName Name, string Wrapped);
