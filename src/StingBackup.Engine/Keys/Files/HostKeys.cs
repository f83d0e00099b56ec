using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// What the backup role holds on a host, open, so that a backup needs no secret from a person: <c>host/host.key</c>. Whoever takes it can write in this host's
/// name and guess at contents; he can read no backup. suite u16 ‖ reserve id 16 ‖ writer id 16 ‖ created i64 ‖ signing key 32 ‖ encryption key 32 ‖ directory key 32 ‖
/// spare key 32 ‖ key role's public key 65 ‖ host name (UTF-8).
/// </summary>
internal sealed class HostKeys : IDisposable
{
    /// <summary>Its file name.</summary>
    public const string FileName = "host.key";
    /// <summary>The same while the host waits for its enrolment: reserve id, directory key and key role are not known yet, and zero.</summary>
    public const string PendingName = "host.new";

    /// <summary>The same while its signing key is being renewed.</summary>
    public const string NextName = "host.next";

    private const int SecretSize = 32;
    private const int FixedSize = 2 + 16 + 16 + 8 + 32 + 32 + 32 + 32 + 65;

    /// <summary>The reserve.</summary>
    public required Id16 ReserveId { get; init; }
    /// <summary>Who this host is in the repository.</summary>
    public required Id16 WriterId { get; init; }
    /// <summary>When it was enrolled, nanoseconds since 1970 UTC.</summary>
    public required long CreatedNs { get; init; }
    /// <summary>Signs what this host writes.</summary>
    public required EcdsaSigner SigningKey { get; init; }
    /// <summary>Opens writer secrets in claims.</summary>
    public required AgreementKey EncryptionKey { get; init; }
    /// <summary>HMAC key of tags.</summary>
    public required SecretBytes DirectoryKey { get; init; }
    /// <summary>Seals this host's spares.</summary>
    public required SecretBytes SpareKey { get; init; }
    /// <summary>Whom the host was enrolled by, 65 bytes.</summary>
    public required byte[] KeyRolePublicKey { get; init; }
    /// <summary>The host's name, for people.</summary>
    public required string HostName { get; init; }

    /// <summary>The host's key folder.</summary>
    public static string FolderOf(KeyOptions options) => Path.Combine(options.HostStateDirectory, "host");

    /// <summary>Path of the file.</summary>
    public static string PathOf(KeyOptions options) => Path.Combine(FolderOf(options), FileName);

    /// <summary>Path of the file while the host waits for its enrolment.</summary>
    public static string PendingPathOf(KeyOptions options) => Path.Combine(FolderOf(options), PendingName);

    /// <summary>Makes those of a host that will ask to be enrolled.</summary>
    public static HostKeys GeneratePending(KeyEnvironment environment, string hostName) =>
        Generate(environment, default, hostName, new byte[SecretSize], new byte[P256.PublicSize]);

    /// <summary>These keys, enrolled. The caller disposes both.</summary>
    public HostKeys Enrolled(Id16 reserveId, ReadOnlySpan<byte> directoryKey, byte[] keyRolePublicKey) => new()
    {
        ReserveId = reserveId, WriterId = WriterId, CreatedNs = CreatedNs, SigningKey = EcdsaSigner.FromScalar(SigningKey.Scalar),
        EncryptionKey = EncryptionKey.Copy(), DirectoryKey = SecretBytes.CopyOf(directoryKey),
        SpareKey = SecretBytes.CopyOf(SpareKey.Span), KeyRolePublicKey = keyRolePublicKey, HostName = HostName,
    };

    /// <summary>These keys with another signing key. The caller disposes both.</summary>
    public HostKeys WithNewSigningKey(long nowNs) => new()
    {
        ReserveId = ReserveId, WriterId = WriterId, CreatedNs = nowNs, SigningKey = EcdsaSigner.Generate(), EncryptionKey = EncryptionKey.Copy(),
        DirectoryKey = SecretBytes.CopyOf(DirectoryKey.Span), SpareKey = SecretBytes.CopyOf(SpareKey.Span), KeyRolePublicKey = KeyRolePublicKey, HostName = HostName,
    };

    /// <summary>Makes a new host's.</summary>
    public static HostKeys Generate(KeyEnvironment environment, Id16 reserveId, string hostName, ReadOnlySpan<byte> directoryKey, byte[] keyRolePublicKey) => new()
    {
        ReserveId = reserveId, WriterId = environment.NewId(), CreatedNs = environment.NowNs,
        SigningKey = EcdsaSigner.Generate(), EncryptionKey = AgreementKey.Generate(), DirectoryKey = SecretBytes.CopyOf(directoryKey),
        SpareKey = SecretBytes.Random(32, environment.Random), KeyRolePublicKey = keyRolePublicKey, HostName = hostName,
    };

    /// <summary>What the key role signs of it.</summary>
    public EnrolledWriter ToWriter() => new(WriterId, HostName, SigningKey.PublicKey.ToArray(), EncryptionKey.PublicKey.ToArray(), LastGoodSequence: null);

    /// <summary>The file's bytes; the caller zeroes them.</summary>
    public byte[] ToBytes(KeyFileKind kind = KeyFileKind.Host)
    {
        using var payload = new SecretBytes(FixedSize + Encoding.UTF8.GetByteCount(HostName));
        var target = payload.Writable;
        BinaryPrimitives.WriteUInt16LittleEndian(target, Suite.P256);
        ReserveId.CopyTo(target[2..]);
        WriterId.CopyTo(target[18..]);
        BinaryPrimitives.WriteInt64LittleEndian(target[34..], CreatedNs);
        SigningKey.Scalar.CopyTo(target[42..]);
        EncryptionKey.Secret.CopyTo(target[74..]);
        DirectoryKey.Span.CopyTo(target[106..]);
        SpareKey.Span.CopyTo(target[138..]);
        KeyRolePublicKey.CopyTo(target[170..]);
        Encoding.UTF8.GetBytes(HostName, target[FixedSize..]);
        return KeyFrame.Write(kind, payload.Span);
    }

    /// <summary>Reads the file, or null when this host was never enrolled.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>KeyFileUnavailable</c></exception>
    public static HostKeys? Read(IKeyFiles files, string path, KeyFileKind kind = KeyFileKind.Host)
    {
        if (files.Read(path) is not { } bytes)
        {
            return null;
        }
        try
        {
            var payload = KeyFrame.ReadWhole(bytes, kind, path).Span;
            if (payload.Length < FixedSize)
            {
                throw KeyFrame.Damaged(path, "it is too short");
            }
            Suite.Check(BinaryPrimitives.ReadUInt16LittleEndian(payload), path);
            return new HostKeys
            {
                ReserveId = new Id16(payload[2..]), WriterId = new Id16(payload[18..]), CreatedNs = BinaryPrimitives.ReadInt64LittleEndian(payload[34..]),
                SigningKey = EcdsaSigner.FromScalar(payload.Slice(42, 32)), EncryptionKey = AgreementKey.FromScalar(payload.Slice(74, 32)),
                DirectoryKey = SecretBytes.CopyOf(payload.Slice(106, 32)), SpareKey = SecretBytes.CopyOf(payload.Slice(138, 32)),
                KeyRolePublicKey = payload.Slice(170, 65).ToArray(), HostName = Encoding.UTF8.GetString(payload[FixedSize..]),
            };
        }
        catch (CryptographicException wrong)
        {
            throw KeyFrame.Damaged(path, "it holds no valid keys", wrong);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SigningKey.Dispose();
        EncryptionKey.Dispose();
        DirectoryKey.Dispose();
        SpareKey.Dispose();
    }
}
