using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// <c>reserve.key</c>: the private half, sealed with AES-256-GCM under Argon2id of a passphrase, sealed under a file key that a key vault wraps, or open. All that stands
/// beside the sealed keys (suite, reserve id, parameters, salt, nonce, the vault's key) is authenticated with them; the wrapped file key is not, so that it can be rewrapped.
/// </summary>
internal static partial class PrivateHalfFile
{
    /// <summary>Its file name.</summary>
    public const string FileName = "reserve.key";

    private const int OpenProtection = 0;
    private const int PassphraseProtection = 1;
    private const int VaultProtection = 2;
    private const int SaltSize = 16;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int LastField = 9;

    private static readonly Argon2Parameters NoWork = new(0, 0, 0);

    /// <summary>The file's bytes; open when there is no passphrase.</summary>
    public static byte[] Write(PrivateHalf half, Id16 reserveId, SecretBytes? passphrase, Argon2Parameters work, RandomNumberGenerator random)
    {
        using var secret = half.ToSecret();
        return passphrase is null ? Frame(KeyFileKind.PrivateHalf, reserveId, OpenProtection, [], NoWork, [], secret.Span)
            : Seal(KeyFileKind.PrivateHalf, secret, reserveId, passphrase, work, random);
    }

    /// <summary>A file of this layout that holds another secret.</summary>
    public static byte[] Seal(KeyFileKind kind, SecretBytes secret, Id16 reserveId, SecretBytes passphrase, Argon2Parameters work, RandomNumberGenerator random)
    {
        var salt = new byte[SaltSize];
        var nonce = new byte[NonceSize];
        random.GetBytes(salt);
        random.GetBytes(nonce);
        using var key = work.DeriveKey(passphrase, salt);
        using var cipher = new AesGcm(key.Span, TagSize);
        var body = new byte[secret.Length + TagSize];
        cipher.Encrypt(nonce, secret.Span, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length),
            Fields(reserveId, PassphraseProtection, salt, work, nonce, body: null));
        return Frame(kind, reserveId, PassphraseProtection, salt, work, nonce, body);
    }

    /// <summary>Whether it takes a passphrase, or a key vault, to open it.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static bool IsSealed(byte[] bytes, string path) => ReadFields(KeyFileKind.PrivateHalf, bytes, path).Number(3) != OpenProtection;

    /// <summary>How it is protected.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static KeyFileProtection ProtectionOf(byte[] bytes, string path) => ReadFields(KeyFileKind.PrivateHalf, bytes, path).Number(3) switch
    {
        OpenProtection => KeyFileProtection.Open,
        PassphraseProtection => KeyFileProtection.Passphrase,
        VaultProtection => KeyFileProtection.KeyVault,
        var other => throw UnknownProtection(path, other),
    };

    /// <summary>The reserve that it says it is of.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static Id16 ReserveOf(byte[] bytes, string path) => new(ReadFields(KeyFileKind.PrivateHalf, bytes, path).Bytes(2, Id16.Size));

    /// <summary>Opens it. A secret that an open file does not need is not looked at.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="reserveId">The reserve.</param>
    /// <param name="passphrase">The passphrase, or the file key as the key vault unwrapped it.</param>
    /// <exception cref="StingException"><c>PassphraseNeeded</c>, <c>KeyVaultNeeded</c>, <c>WrongPassphrase</c>, <c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static PrivateHalf Open(byte[] bytes, string path, Id16 reserveId, SecretBytes? passphrase)
    {
        using var secret = Unseal(KeyFileKind.PrivateHalf, bytes, path, reserveId, passphrase);
        return PrivateHalf.FromSecret(secret, path);
    }

    /// <summary>Opens a file of this layout that holds another secret. The caller disposes it.</summary>
    /// <exception cref="StingException">As <see cref="Open"/></exception>
    public static SecretBytes Unseal(KeyFileKind kind, byte[] bytes, string path, Id16 reserveId, SecretBytes? passphrase)
    {
        var fields = ReadFields(kind, bytes, path);
        if (new Id16(fields.Bytes(2, Id16.Size)) != reserveId)
        {
            throw KeyFrame.Damaged(path, $"it is not of reserve {reserveId}");
        }
        var protection = fields.Number(3);
        var body = fields.Bytes(9);
        try
        {
            if (protection == OpenProtection)
            {
                return SecretBytes.CopyOf(body);
            }
            if (protection == VaultProtection)
            {
                return UnsealWithFileKey(fields, body, path, passphrase);
            }
            if (protection != PassphraseProtection)
            {
                throw UnknownProtection(path, protection);
            }
            return Unseal(fields, body, path, reserveId, passphrase);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(body);
        }
    }

    private static SecretBytes Unseal(CborFields fields, byte[] body, string path, Id16 reserveId, SecretBytes? passphrase)
    {
        if (passphrase is null)
        {
            throw new StingException("PassphraseNeeded", FailureKind.Authentication, $"Key file '{path}' is sealed: its passphrase is needed.", path,
                "Give -Passphrase (--passphrase-file, STING_BACKUP_PASSPHRASE), or type it where somebody can be asked.");
        }
        var salt = fields.Bytes(4, SaltSize);
        var work = new Argon2Parameters(Bounded(fields.Number(5)), Bounded(fields.Number(6)), Bounded(fields.Number(7)));
        var nonce = fields.Bytes(8, NonceSize);
        if (!work.IsWithinBounds || body.Length < TagSize)
        {
            throw KeyFrame.Damaged(path, "its parameters are out of bounds");
        }
        using var key = work.DeriveKey(passphrase, salt);
        using var cipher = new AesGcm(key.Span, TagSize);
        var secret = new SecretBytes(body.Length - TagSize);
        try
        {
            cipher.Decrypt(nonce, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), secret.Writable,
                Fields(reserveId, PassphraseProtection, salt, work, nonce, body: null));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            secret.Dispose();
            throw new StingException("WrongPassphrase", FailureKind.Authentication, $"The passphrase does not open key file '{path}'.", path,
                "Try again; upper and lower case, spaces and the keyboard's layout matter. Without the passphrase it is of no use.");
        }
    }

    private static CborFields ReadFields(KeyFileKind kind, byte[] bytes, string path)
    {
        var fields = new CborFields(KeyFrame.ReadWhole(bytes, kind, path), path, (why, inner) => KeyFrame.Damaged(path, why, inner));
        Suite.Check(fields.Number(1), path);
        fields.CheckOthers(fields.Number(3) == VaultProtection ? LastVaultField : LastField);
        return fields;
    }

    private static StingException UnknownProtection(string path, uint protection) => new("FormatTooNew", FailureKind.NotSupported,
        $"Key file '{path}' is protected in a way ({protection}) that this program does not know.", path, "Use the version of StingBackup that wrote it, or a later one.");

    private static byte[] Frame(KeyFileKind kind, Id16 reserveId, int protection, byte[] salt, Argon2Parameters work, byte[] nonce, ReadOnlySpan<byte> body)
    {
        var copy = body.ToArray();
        var fields = Fields(reserveId, protection, salt, work, nonce, copy);
        var bytes = KeyFrame.Write(kind, fields);
        CryptographicOperations.ZeroMemory(copy);
        CryptographicOperations.ZeroMemory(fields);
        return bytes;
    }

    /// <summary>The map; without the body it is the associated data of the sealed keys.</summary>
    private static byte[] Fields(Id16 reserveId, int protection, byte[] salt, Argon2Parameters work, byte[] nonce, byte[]? body)
    {
        var cbor = CborFields.StartMap(body is null ? LastField - 1 : LastField);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, reserveId.ToArray());
        CborFields.Write(cbor, 3, protection);
        CborFields.Write(cbor, 4, salt);
        CborFields.Write(cbor, 5, work.MemoryKiB);
        CborFields.Write(cbor, 6, work.Iterations);
        CborFields.Write(cbor, 7, work.Lanes);
        CborFields.Write(cbor, 8, nonce);
        if (body is not null)
        {
            CborFields.Write(cbor, 9, body);
        }
        return CborFields.End(cbor);
    }

    private static int Bounded(uint value) => (int)Math.Min(value, int.MaxValue);
}
