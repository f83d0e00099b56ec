using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Computes ids of chunks and tree pages under one subject's id key: HMAC-SHA256(id key, type u8 ‖ raw bytes; for trees type u8 ‖ table ‖ body).
/// Allocates nothing a call. Not safe to use from two threads at once: one instance a worker and subject.
/// </summary>
public sealed class ChunkIds : IDisposable
{
    private readonly IncrementalHash _hmac;

    /// <summary>Takes the subject's id key, 32 bytes.</summary>
    public ChunkIds(ReadOnlySpan<byte> idKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(idKey.Length, WriterSecret.Size);
        _hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, idKey);
    }

    /// <summary>The id of a chunk.</summary>
    public Id32 Compute(byte type, ReadOnlySpan<byte> raw) => Compute(type, raw, []);

    /// <summary>The id of a tree page: its table in the clear, then its body before compression.</summary>
    public Id32 Compute(byte type, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body)
    {
        Span<byte> id = stackalloc byte[Id32.Size];
        _hmac.AppendData([type]);
        _hmac.AppendData(table);
        if (body.Length > 0)
        {
            _hmac.AppendData(body);
        }
        _hmac.GetHashAndReset(id);
        return new Id32(id);
    }

    /// <summary>The id of a single chunk, for callers that meet each subject once; makes and drops an instance.</summary>
    public static Id32 Compute(ReadOnlySpan<byte> idKey, byte type, ReadOnlySpan<byte> raw)
    {
        using var ids = new ChunkIds(idKey);
        return ids.Compute(type, raw);
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _hmac.Dispose();
}
