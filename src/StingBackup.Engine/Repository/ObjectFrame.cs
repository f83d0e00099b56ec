using System.Buffers.Binary;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>What an object of the repository is. Stored in its header: never renumber.</summary>
public enum ObjectKind : ushort
{
    /// <summary><c>format/&lt;n&gt;</c></summary>
    Format = 1,
    /// <summary><c>writers/&lt;id&gt;</c></summary>
    Writer = 2,
    /// <summary><c>subjects/&lt;tag&gt;</c></summary>
    Claim = 3,
    /// <summary><c>points/&lt;writer&gt;/&lt;seq&gt;</c></summary>
    Point = 4,
    /// <summary><c>drops/&lt;sha256&gt;</c></summary>
    Drop = 5,
    /// <summary><c>index/&lt;level&gt;/&lt;id&gt;</c></summary>
    Index = 6,
    /// <summary><c>meta/xx/&lt;sha256&gt;</c></summary>
    MetaPack = 7,
    /// <summary><c>data/xx/&lt;sha256&gt;</c></summary>
    DataPack = 8,
    /// <summary><c>sessions/&lt;writer&gt;/&lt;seq&gt;</c></summary>
    Session = 9,
    /// <summary><c>gc/&lt;mark&gt;/&lt;step&gt;</c></summary>
    Mark = 10,
    /// <summary><c>ledger/*</c></summary>
    Ledger = 11,
    /// <summary><c>audit/&lt;writer&gt;/&lt;seq&gt;</c></summary>
    Audit = 12,
    /// <summary><c>approvers/&lt;id&gt;</c></summary>
    Approver = 13,
    /// <summary><c>drills/&lt;sha256&gt;</c></summary>
    Drill = 14,
    /// <summary><c>config/&lt;writer&gt;/&lt;revision&gt;</c></summary>
    Configuration = 15,
    /// <summary><c>parity/xx/&lt;pack's id&gt;</c></summary>
    Parity = 16,
}

/// <summary>
/// The frame around every object: magic 8 · kind u16 · version u16, then the payload, then (for signed kinds)
/// a 64-byte ECDSA P-256/SHA-256 signature r‖s over all bytes before it.
/// </summary>
public static class ObjectFrame
{
    /// <summary>Length of the header in bytes.</summary>
    public const int HeaderSize = 12;
    /// <summary>Length of the signature in bytes.</summary>
    public const int SignatureSize = 64;
    /// <summary>The version that this program writes.</summary>
    public const ushort Version = 1;

    /// <summary>The first eight bytes of every object.</summary>
    public static ReadOnlySpan<byte> Magic => "STINGBK\0"u8;

    /// <summary>Writes the 12-byte header.</summary>
    public static void WriteHeader(Span<byte> target, ObjectKind kind)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(target[10..], Version);
    }

    /// <summary>Checks the header.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c> when it is not such an object; <c>FormatTooNew</c> when its version is unknown.</exception>
    public static void CheckHeader(ReadOnlySpan<byte> bytes, ObjectKind kind, string name)
    {
        if (bytes.Length < HeaderSize || !bytes[..8].SequenceEqual(Magic)
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != (ushort)kind)
        {
            throw Failures.Damaged(name, $"it does not start as a {kind} object");
        }
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        if (version != Version)
        {
            throw new StingException("FormatTooNew", FailureKind.NotSupported,
                $"Object '{name}' has version {version}; this program reads version {Version}.", name,
                "Use the version of StingBackup that wrote it, or a later one.");
        }
    }

    /// <summary>Frames and signs a payload.</summary>
    public static byte[] Sign(ObjectKind kind, ReadOnlySpan<byte> payload, Func<ReadOnlySpan<byte>, byte[]> sign)
    {
        var bytes = new byte[HeaderSize + payload.Length + SignatureSize];
        WriteHeader(bytes, kind);
        payload.CopyTo(bytes.AsSpan(HeaderSize));
        sign(bytes.AsSpan(0, bytes.Length - SignatureSize)).CopyTo(bytes.AsSpan(bytes.Length - SignatureSize));
        return bytes;
    }

    /// <summary>Checks the header of a signed object and splits it. The caller checks the signature.</summary>
    public static SignedParts Split(ReadOnlyMemory<byte> bytes, ObjectKind kind, string name)
    {
        CheckHeader(bytes.Span, kind, name);
        if (bytes.Length < HeaderSize + SignatureSize)
        {
            throw Failures.Damaged(name, "it is too short");
        }
        return new SignedParts(bytes[..^SignatureSize], bytes[HeaderSize..^SignatureSize], bytes[^SignatureSize..]);
    }
}

/// <summary>The parts of a signed object.</summary>
/// <param name="Signed">The bytes that the signature covers.</param>
/// <param name="Payload">The bytes between header and signature.</param>
/// <param name="Signature">64 bytes r‖s.</param>
public readonly record struct SignedParts(ReadOnlyMemory<byte> Signed, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Signature);
