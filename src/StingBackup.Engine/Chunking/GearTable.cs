using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StingBackup.Engine.Chunking;

/// <summary>
/// 256 random numbers, one a byte value, that the chunker adds up. Each subject has its own, from its cut key, so that
/// chunk boundaries tell a stranger nothing of known content and two subjects with the same file are cut differently.
/// </summary>
public sealed class GearTable
{
    /// <summary>Makes the table of a cut key (32 bytes): HKDF-Expand(cut key, "sting1 gear", 2048), as little-endian u64.</summary>
    public GearTable(ReadOnlySpan<byte> cutKey)
    {
        var bytes = new byte[256 * sizeof(ulong)];
        HKDF.Expand(HashAlgorithmName.SHA256, cutKey, bytes, "sting1 gear"u8);
        Values = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
    }

    internal ulong[] Values { get; }

    /// <summary>A seed for decisions that only need to be stable and unpredictable, such as where a tree page ends.</summary>
    public ulong Seed => Values[0] ^ Values[255];
}
