using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>What stands beside a chunk in the clear, all of it authenticated.</summary>
/// <param name="Type">What the chunk holds.</param>
/// <param name="Codec">How it is compressed.</param>
/// <param name="Ordinal">Its number within the segment; the nonce.</param>
/// <param name="RawLength">Length before compression, in bytes.</param>
/// <param name="Id">HMAC of the raw bytes.</param>
public readonly record struct ChunkHead(byte Type, byte Codec, uint Ordinal, uint RawLength, Id32 Id);

/// <summary>
/// Seals and opens the chunks of one segment, AES-256-GCM under the segment's key: nonce = ordinal u64 ‖ 4 zero bytes; associated data =
/// type u8 ‖ codec u8 ‖ ordinal u32 ‖ raw length u32 ‖ id 32 ‖ (trees) table; all little endian; the 16-byte tag follows the ciphertext.
/// Allocates nothing a call once its largest table was seen. Not safe to use from two threads at once.
/// </summary>
public sealed class ChunkCipher : IDisposable
{
    /// <summary>By how much a sealed chunk is longer than what was sealed.</summary>
    public const int TagSize = 16;

    private const int NonceSize = 12;
    private const int HeadSize = 1 + 1 + 4 + 4 + Id32.Size;

    private readonly AesGcm _cipher;
    private byte[] _associated = new byte[HeadSize];
    private long _lastSealed = -1;

    /// <summary>Takes the segment's key, 32 bytes; the caller still owns, and zeroes, what it passed.</summary>
    public ChunkCipher(ReadOnlySpan<byte> segmentKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(segmentKey.Length, SegmentKey.Size);
        _cipher = new AesGcm(segmentKey, TagSize);
    }

    /// <summary>
    /// Seals content (compressed or not) into <paramref name="target"/>; returns the bytes written: content and tag.
    /// </summary>
    /// <param name="head">What stands beside it.</param>
    /// <param name="table">A tree page's table; empty for chunks.</param>
    /// <param name="content">What to seal.</param>
    /// <param name="target">Room for content and tag; may not overlap the content.</param>
    /// <exception cref="InvalidOperationException">The ordinal is not higher than every one that this instance sealed: a nonce may never repeat.</exception>
    public int Seal(in ChunkHead head, ReadOnlySpan<byte> table, ReadOnlySpan<byte> content, Span<byte> target)
    {
        if (head.Ordinal <= _lastSealed)
        {
            throw new InvalidOperationException($"Ordinal {head.Ordinal} follows {_lastSealed}: a nonce would repeat.");
        }
        _lastSealed = head.Ordinal;
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, head.Ordinal);
        _cipher.Encrypt(nonce, content, target[..content.Length], target.Slice(content.Length, TagSize), Associate(head, table));
        return content.Length + TagSize;
    }

    /// <summary>
    /// Opens a sealed chunk into <paramref name="target"/>, which must have room for it without its tag. False when the head, the table,
    /// the key or any byte differs; <paramref name="target"/> is then zero.
    /// </summary>
    public bool TryOpen(in ChunkHead head, ReadOnlySpan<byte> table, ReadOnlySpan<byte> sealedContent, Span<byte> target)
    {
        if (sealedContent.Length < TagSize)
        {
            return false;
        }
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, head.Ordinal);
        try
        {
            _cipher.Decrypt(nonce, sealedContent[..^TagSize], sealedContent[^TagSize..], target[..(sealedContent.Length - TagSize)], Associate(head, table));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _cipher.Dispose();

    private static void WriteNonce(Span<byte> nonce, uint ordinal)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, ordinal);
        nonce[8..].Clear();
    }

    private ReadOnlySpan<byte> Associate(in ChunkHead head, ReadOnlySpan<byte> table)
    {
        var length = HeadSize + table.Length;
        if (_associated.Length < length)
        {
            _associated = new byte[length];
        }
        var data = _associated.AsSpan(0, length);
        data[0] = head.Type;
        data[1] = head.Codec;
        BinaryPrimitives.WriteUInt32LittleEndian(data[2..], head.Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(data[6..], head.RawLength);
        head.Id.CopyTo(data[10..]);
        table.CopyTo(data[HeadSize..]);
        return data;
    }
}
