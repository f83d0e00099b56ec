using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository.Parity;

/// <summary>
/// Sums of multiples over whole stretches of bytes, in the field of <see cref="Gf256"/>: by the processor's own instruction where it has one (GFNI), else by two tables of 16 for each factor, else byte by byte. All
/// three give the same bytes. Nothing here is secret, so tables do no harm.
/// </summary>
internal static class GaloisRows
{
    private static readonly byte[] s_products = MakeProducts();
    private static readonly byte[] s_inverses = [.. Enumerable.Range(0, 256).Select(i => Gf256.Inverse((byte)i))];

    /// <summary>The inverse; of zero, which has none, zero.</summary>
    public static byte InverseOf(byte a) => s_inverses[a];

    /// <summary>Adds a multiple of one stretch to another: target ^= factor · source.</summary>
    public static void AddMultiple(byte factor, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var done = Gfni.V512.IsSupported && Vector512.IsHardwareAccelerated ? ByInstruction(factor, source, target) : Vector128.IsHardwareAccelerated ? ByTables(factor, source, target) : 0;
        ByBytes(factor, source[done..], target[done..]);
    }

    /// <summary>The twin of the others that needs no vectors.</summary>
    internal static void ByBytes(byte factor, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var row = RowOf(factor);
        for (var i = 0; i < source.Length; i++)
        {
            target[i] ^= row[source[i]];
        }
    }

    /// <summary>Whole vectors of 16; returns how many bytes these were.</summary>
    internal static int ByTables(byte factor, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var row = RowOf(factor);
        Span<byte> highNibbles = stackalloc byte[16];
        for (var i = 0; i < 16; i++)
        {
            highNibbles[i] = row[i << 4];
        }
        var (low, high, nibble) = (Vector128.Create(row[..16]), Vector128.Create<byte>(highNibbles), Vector128.Create((byte)0x0f));
        var from = MemoryMarshal.Cast<byte, Vector128<byte>>(source);
        var to = MemoryMarshal.Cast<byte, Vector128<byte>>(target[..source.Length]);
        for (var i = 0; i < from.Length; i++)
        {
            to[i] ^= Vector128.ShuffleNative(low, from[i] & nibble) ^ Vector128.ShuffleNative(high, from[i] >>> 4);
        }
        return from.Length * Vector128<byte>.Count;
    }

    /// <summary>Whole vectors of 64; returns how many bytes these were. Only where the processor has GFNI.</summary>
    internal static int ByInstruction(byte factor, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var by = Vector512.Create(factor);
        var from = MemoryMarshal.Cast<byte, Vector512<byte>>(source);
        var to = MemoryMarshal.Cast<byte, Vector512<byte>>(target[..source.Length]);
        for (var i = 0; i < from.Length; i++)
        {
            to[i] ^= Gfni.V512.GaloisFieldMultiply(from[i], by);
        }
        return from.Length * Vector512<byte>.Count;
    }

    private static ReadOnlySpan<byte> RowOf(byte factor) => s_products.AsSpan(factor << 8, 256);

    private static byte[] MakeProducts()
    {
        var products = new byte[256 * 256];
        for (var i = 0; i < products.Length; i++)
        {
            products[i] = Gf256.Multiply((byte)(i >> 8), (byte)i);
        }
        return products;
    }
}
