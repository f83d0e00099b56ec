using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// One share of an escrow's key, 80 bytes: version u8 · number u8 · threshold u8 · shares u8 · escrow id 16 · reserve id 16 · value 32 · check 12, the first bytes of
/// SHA-256("sting1 share" ‖ all before).
/// </summary>
internal sealed class EscrowShare : IDisposable
{
    /// <summary>Its length.</summary>
    public const int Size = ValueAt + SealedEscrow.KeySize + CheckSize;

    private const byte Version = 1;
    private const int EscrowAt = 4;
    private const int ReserveAt = EscrowAt + Id16.Size;
    private const int ValueAt = ReserveAt + Id16.Size;
    private const int CheckSize = 12;

    /// <summary>Takes the value over.</summary>
    public EscrowShare(Id16 reserveId, Id16 escrowId, byte number, byte threshold, byte shares, SecretBytes value)
    {
        ReserveId = reserveId;
        EscrowId = escrowId;
        Number = number;
        Threshold = threshold;
        Shares = shares;
        Value = value;
    }

    /// <summary>The reserve.</summary>
    public Id16 ReserveId { get; }
    /// <summary>The escrow that it belongs to.</summary>
    public Id16 EscrowId { get; }
    /// <summary>Its number, from 1.</summary>
    public byte Number { get; }
    /// <summary>How many are needed.</summary>
    public byte Threshold { get; }
    /// <summary>How many were made.</summary>
    public byte Shares { get; }
    /// <summary>The share itself.</summary>
    public SecretBytes Value { get; }

    /// <summary>Its bytes. The caller disposes them.</summary>
    public SecretBytes ToSecret()
    {
        var secret = new SecretBytes(Size);
        var target = secret.Writable;
        (target[0], target[1], target[2], target[3]) = (Version, Number, Threshold, Shares);
        EscrowId.CopyTo(target[EscrowAt..]);
        ReserveId.CopyTo(target[ReserveAt..]);
        Value.Span.CopyTo(target[ValueAt..]);
        Check(target[..^CheckSize]).CopyTo(target[^CheckSize..]);
        return secret;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="StingException"><c>EscrowShareMistyped</c>, <c>FormatTooNew</c></exception>
    public static EscrowShare Read(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.Length != Size || !CryptographicOperations.FixedTimeEquals(Check(bytes[..^CheckSize]), bytes[^CheckSize..]))
        {
            throw EscrowErrors.Mistyped(path, $"The lines S1 to S4 of a share in '{path}' are each well typed, but do not belong together: one is of another share.", path);
        }
        if (bytes[0] != Version)
        {
            throw new StingException("FormatTooNew", FailureKind.NotSupported, $"A share in '{path}' has version {bytes[0]}; this program reads version {Version}.", path,
                "Use the version of StingBackup that wrote it, or a later one.");
        }
        return bytes[1] > 0 && bytes[1] <= bytes[3] && bytes[2] > 1 && bytes[2] <= bytes[3]
            ? new EscrowShare(new Id16(bytes[ReserveAt..]), new Id16(bytes[EscrowAt..]), bytes[1], bytes[2], bytes[3], SecretBytes.CopyOf(bytes.Slice(ValueAt, SealedEscrow.KeySize)))
            : throw EscrowErrors.Mistyped(path, $"A share in '{path}' has number {bytes[1]} of {bytes[3]}, {bytes[2]} needed, which cannot be.", path);
    }

    /// <inheritdoc/>
    public void Dispose() => Value.Dispose();

    /// <summary>Which share it is, never what it holds.</summary>
    public override string ToString() => $"share {Number} of {Shares} of escrow {EscrowId}";

    private static byte[] Check(ReadOnlySpan<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("sting1 share"u8);
        hash.AppendData(bytes);
        return hash.GetHashAndReset()[..CheckSize];
    }
}
