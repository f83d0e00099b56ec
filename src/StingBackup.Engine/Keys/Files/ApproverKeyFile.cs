using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Keys;

/// <summary>
/// An approver's own two files: the key, sealed by his own passphrase as <c>reserve.key</c> is, and the public half that he hands to the key role. Neither is of one reserve: where his
/// approvals count, the key role of that reserve says.
/// </summary>
internal static class ApproverKeyFile
{
    /// <summary>What the public half's name ends in.</summary>
    public const string PublicSuffix = ".pub";

    /// <summary>Longest name, in characters.</summary>
    public const int MaxNameLength = 100;

    private const int LastKey = 4;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Shared = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Makes both files; neither may stand there.</summary>
    /// <exception cref="StingException"><c>ApproverKeyExists</c>, <c>ApproverKeyUnavailable</c></exception>
    public static EnrolledApprover Create(string path, string name, SecretBytes passphrase, Argon2Parameters work, TimeProvider clock)
    {
        using var key = EcdsaSigner.Generate();
        using var random = RandomNumberGenerator.Create();
        using var secret = SecretBytes.CopyOf(key.Scalar);
        var approver = new EnrolledApprover(EnrolledApprover.IdOf(key.PublicKey.Span), name, key.PublicKey.ToArray(), NanosecondTime.ToNs(clock.GetUtcNow()), null);
        Write(path, PrivateHalfFile.Seal(KeyFileKind.Approver, secret, default, passphrase, work, random), Private);
        Write(path + PublicSuffix, ToPublicBytes(approver, key), Shared);
        return approver;
    }

    /// <summary>Opens the key.</summary>
    /// <exception cref="StingException"><c>PassphraseNeeded</c>, <c>WrongPassphrase</c>, <c>KeyFileDamaged</c>, <c>ApproverKeyUnavailable</c></exception>
    public static EcdsaSigner Open(string path, SecretBytes? passphrase)
    {
        using var secret = PrivateHalfFile.Unseal(KeyFileKind.Approver, Read(path), path, default, passphrase);
        try
        {
            return EcdsaSigner.FromScalar(secret.Span);
        }
        catch (CryptographicException wrong)
        {
            throw KeyFrame.Damaged(path, "it holds no valid key", wrong);
        }
    }

    /// <summary>Reads a public half, which its own key has signed: whoever made it has the key.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>ApproverKeyUnavailable</c></exception>
    public static EnrolledApprover ReadPublic(string path)
    {
        var payload = KeyFrame.ReadSigned(Read(path), KeyFileKind.ApproverPublic, path,
            (content, signed, signature) => SignatureVerifier.Verify(Fields(content, path).Bytes(2, P256.PublicSize), signed, signature));
        var fields = Fields(payload, path);
        Suite.Check(fields.Number(1), path);
        var key = fields.Bytes(2, P256.PublicSize);
        fields.CheckOthers(LastKey);
        var name = fields.Text(3);
        return name.Length is > 0 and <= MaxNameLength ? new EnrolledApprover(EnrolledApprover.IdOf(key), name, key, fields.Long(4), null)
            : throw KeyFrame.Damaged(path, "its name is empty or too long");
    }

    private static byte[] ToPublicBytes(EnrolledApprover approver, ISigner key)
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, approver.PublicKey);
        cbor.WriteInt32(3);
        cbor.WriteTextString(approver.Name);
        CborFields.Write(cbor, 4, approver.CreatedNs);
        return KeyFrame.Sign(KeyFileKind.ApproverPublic, CborFields.End(cbor), key);
    }

    private static CborFields Fields(ReadOnlyMemory<byte> payload, string path) => new(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(path, "read", e);
        }
    }

    private static void Write(string path, byte[] content, UnixFileMode mode)
    {
        try
        {
            if (!Durable.WriteFile(path, content, replace: false, mode))
            {
                throw new StingException("ApproverKeyExists", FailureKind.AlreadyExists, $"'{path}' stands there already.", path, "Name another file. A key that was lost is replaced by a new approver.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(path, "written", e);
        }
    }

    private static StingException Unavailable(string path, string verb, Exception cause) => new(
        "ApproverKeyUnavailable", cause is UnauthorizedAccessException ? FailureKind.PermissionDenied : cause is FileNotFoundException or DirectoryNotFoundException ? FailureKind.NotFound : FailureKind.Io,
        $"The approver's file '{path}' could not be {verb}: {cause.Message}", path, "Check the path; the file must belong to whoever runs this.", cause);
}
