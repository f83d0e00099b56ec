using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>What a key file is. Stored in its header: never renumber.</summary>
internal enum KeyFileKind : ushort
{
    /// <summary><c>reserve.pub</c>, signed by the key role</summary>
    PublicHalf = 1,
    /// <summary><c>reserve.key</c></summary>
    PrivateHalf = 2,
    /// <summary><c>host.key</c></summary>
    Host = 3,
    /// <summary><c>spares</c></summary>
    Spares = 4,
    /// <summary>Head of an epoch's record file</summary>
    Records = 5,
    /// <summary><c>epoch-*.secret</c></summary>
    EpochSecret = 6,
    /// <summary><c>turn/*</c>, signed by the key role</summary>
    Turn = 7,
    /// <summary><c>reserve.init</c></summary>
    Unfinished = 8,
    /// <summary>An escrow: the private half under a key that was split, signed by the key role</summary>
    Escrow = 9,
    /// <summary><c>claims.cache</c></summary>
    ClaimCache = 10,
    /// <summary>An approver's key, sealed by his passphrase</summary>
    Approver = 11,
    /// <summary>An approver's public half, signed by his own key</summary>
    ApproverPublic = 12,
    /// <summary><c>erasures/*</c>, signed by the key role</summary>
    Erasure = 13,
    /// <summary><c>holds/*</c>, signed by the key role</summary>
    LegalHold = 14,
    /// <summary><c>claims.renewal</c></summary>
    ClaimRenewal = 15,
    /// <summary>A host that asks to be enrolled, signed by its own key</summary>
    HostRequest = 20,
    /// <summary><c>host.new</c></summary>
    HostPending = 21,
    /// <summary>What the key role gives a host, signed by the key role</summary>
    HostPackage = 22,
    /// <summary>What a host remembers of the key role's keys: <c>host/key-role</c>.</summary>
    KeyRoleChain = 23,
}

/// <summary>
/// The frame of every key file: "STINGKEY" · kind u16 · version u16 · payload length u32 · payload · seal. The seal is the SHA-256 of all before it,
/// or for signed kinds the key role's signature (64 bytes) over all before it. Little endian.
/// </summary>
internal static class KeyFrame
{
    public const int HeaderSize = 16;
    public const int ChecksumSize = 32;
    private const ushort Version = 1;

    private static ReadOnlySpan<byte> Magic => "STINGKEY"u8;

    /// <summary>Frames a payload with its checksum.</summary>
    public static byte[] Write(KeyFileKind kind, ReadOnlySpan<byte> payload)
    {
        var bytes = new byte[HeaderSize + payload.Length + ChecksumSize];
        WriteStart(bytes, kind, payload);
        SHA256.HashData(bytes.AsSpan(0, HeaderSize + payload.Length), bytes.AsSpan(HeaderSize + payload.Length));
        return bytes;
    }

    /// <summary>Frames a payload and signs it.</summary>
    public static byte[] Sign(KeyFileKind kind, ReadOnlySpan<byte> payload, ISigner signer)
    {
        var bytes = new byte[HeaderSize + payload.Length + P256.SignatureSize];
        WriteStart(bytes, kind, payload);
        signer.Sign(bytes.AsSpan(0, HeaderSize + payload.Length)).CopyTo(bytes, HeaderSize + payload.Length);
        return bytes;
    }

    /// <summary>Checks a frame that ends in a checksum and gives its payload; what follows the frame is not looked at.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> bytes, KeyFileKind kind, string path)
    {
        var end = PayloadEnd(bytes.Span, kind, path, ChecksumSize);
        if (!SHA256.HashData(bytes.Span[..end]).AsSpan().SequenceEqual(bytes.Span.Slice(end, ChecksumSize)))
        {
            throw Damaged(path, "its checksum does not match");
        }
        CheckVersion(bytes.Span, path);
        return bytes[HeaderSize..end];
    }

    /// <summary>Like <see cref="Read"/>, and the file must end with the frame.</summary>
    public static ReadOnlyMemory<byte> ReadWhole(ReadOnlyMemory<byte> bytes, KeyFileKind kind, string path)
    {
        var payload = Read(bytes, kind, path);
        return HeaderSize + payload.Length + ChecksumSize == bytes.Length ? payload : throw Damaged(path, "something follows its end");
    }

    /// <summary>Checks a signed frame and gives its payload. The signer may be named within: <paramref name="verify"/> is given the payload, what was signed, and the signature.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c></exception>
    public static ReadOnlyMemory<byte> ReadSigned(ReadOnlyMemory<byte> bytes, KeyFileKind kind, string path, SignatureCheck verify)
    {
        var end = PayloadEnd(bytes.Span, kind, path, P256.SignatureSize);
        var payload = bytes[HeaderSize..end];
        if (end + P256.SignatureSize != bytes.Length)
        {
            throw Damaged(path, "something follows its end");
        }
        if (!verify(payload, bytes.Span[..end], bytes.Span[end..]))
        {
            throw Damaged(path, "its signature does not fit");
        }
        CheckVersion(bytes.Span, path);
        return payload;
    }

    /// <summary>The error for a key file whose bytes are wrong.</summary>
    public static StingException Damaged(string path, string why, Exception? inner = null) =>
        new("KeyFileDamaged", FailureKind.Integrity, $"Key file '{path}' is damaged: {why}.", path,
            "Put back a copy of this file; where it has replicas, Repair-StingRepository does it.", inner);

    private static void WriteStart(Span<byte> bytes, KeyFileKind kind, ReadOnlySpan<byte> payload)
    {
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], (uint)payload.Length);
        payload.CopyTo(bytes[HeaderSize..]);
    }

    private static int PayloadEnd(ReadOnlySpan<byte> bytes, KeyFileKind kind, string path, int sealSize)
    {
        if (bytes.Length < HeaderSize + sealSize || !bytes[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != (ushort)kind)
        {
            throw Damaged(path, $"it does not start as a file of kind {kind}");
        }
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        return length <= bytes.Length - HeaderSize - sealSize ? HeaderSize + (int)length : throw Damaged(path, "it is too short");
    }

    /// <summary>After the seal, so that a damaged version is told as damage.</summary>
    private static void CheckVersion(ReadOnlySpan<byte> bytes, string path)
    {
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        if (version != Version)
        {
            throw new StingException("FormatTooNew", FailureKind.NotSupported,
                $"Key file '{path}' has version {version}; this program reads version {Version}.", path,
                "Use the version of StingBackup that wrote it, or a later one.");
        }
    }
}

/// <summary>Whether a signature over what was signed is that of whom the payload, or the reader, names.</summary>
internal delegate bool SignatureCheck(ReadOnlyMemory<byte> payload, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature);
