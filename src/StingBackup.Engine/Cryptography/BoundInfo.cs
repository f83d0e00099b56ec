using System.Buffers.Binary;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// What binds a key, record or signature to its place: label ‖ reserve id (16) ‖ pseudonym (16) ‖ generation (u32, little endian).
/// Labels differ, so no message of one kind passes for another.
/// </summary>
internal static class BoundInfo
{
    /// <summary>Bytes that follow the label.</summary>
    public const int BindingSize = (2 * Id16.Size) + sizeof(uint);
    /// <summary>Room for any label and binding.</summary>
    public const int MaxSize = 16 + BindingSize;

    /// <summary>HPKE info of a data key, sealed to a subject's public key.</summary>
    public static ReadOnlySpan<byte> DataKey => "sting1 dk"u8;
    /// <summary>HKDF info of a segment key.</summary>
    public static ReadOnlySpan<byte> Segment => "sting1 seg"u8;
    /// <summary>HPKE info of a key record's inner layer, sealed to the KEK.</summary>
    public static ReadOnlySpan<byte> KeyRecord => "sting1 kek"u8;
    /// <summary>What the key role signs of a subject's public key.</summary>
    public static ReadOnlySpan<byte> PublicKey => "sting1 pub"u8;
    /// <summary>HPKE info of a writer secret in a claim, sealed to a host's encryption key.</summary>
    public static ReadOnlySpan<byte> WriterSecret => "sting1 ws"u8;

    /// <summary>HPKE info of a host's package, sealed to its encryption key; its writer id stands where else a pseudonym does.</summary>
    public static ReadOnlySpan<byte> HostPackage => "sting1 host"u8;

    /// <summary>Writes label ‖ reserve id ‖ pseudonym ‖ generation; returns the length.</summary>
    public static int Write(Span<byte> target, ReadOnlySpan<byte> label, Id16 reserveId, Id16 pseudonym, uint generation)
    {
        var length = Write(target, label, reserveId, pseudonym);
        BinaryPrimitives.WriteUInt32LittleEndian(target[length..], generation);
        return length + sizeof(uint);
    }

    /// <summary>Writes label ‖ reserve id ‖ pseudonym; returns the length.</summary>
    public static int Write(Span<byte> target, ReadOnlySpan<byte> label, Id16 reserveId, Id16 pseudonym)
    {
        label.CopyTo(target);
        reserveId.CopyTo(target[label.Length..]);
        pseudonym.CopyTo(target[(label.Length + Id16.Size)..]);
        return label.Length + (2 * Id16.Size);
    }
}
