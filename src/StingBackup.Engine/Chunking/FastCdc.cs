using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StingBackup.Engine.Chunking;

/// <summary>Sizes of chunks in bytes.</summary>
/// <param name="Minimum">No chunk but the last of a range is smaller.</param>
/// <param name="Average">What normalised chunking aims at; a power of two.</param>
/// <param name="Maximum">No chunk is larger.</param>
public readonly record struct ChunkSizes(int Minimum, int Average, int Maximum)
{
    /// <summary>Fails unless the sizes ascend, and the average is a power of two that leaves both masks bits to ask for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not.</exception>
    public void Require()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Minimum, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Average, Math.Max(Minimum, SmallestAverage));
        ArgumentOutOfRangeException.ThrowIfLessThan(Maximum, Average);
        if (!System.Numerics.BitOperations.IsPow2(Average))
        {
            throw new ArgumentOutOfRangeException(nameof(Average), Average, "It is no power of two.");
        }
    }

    private const int SmallestAverage = 64;

    /// <summary>For documents: 64 KiB, 256 KiB, 1 MiB.</summary>
    public static ChunkSizes Documents => new(64 << 10, 256 << 10, 1 << 20);
}

/// <summary>
/// Content-defined cutting: FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking of level 2.
/// A cut depends on the 64 bytes before it, the distance to the last cut and the subject's gear table alone.
/// </summary>
public sealed class FastCdc
{
    private const int Window = 64;

    private readonly ulong[] _gear;
    private readonly ulong _hardMask, _easyMask;

    /// <summary>Makes a chunker; safe to use from many threads.</summary>
    public FastCdc(GearTable gear, ChunkSizes sizes)
    {
        ArgumentNullException.ThrowIfNull(gear);
        sizes.Require();
        _gear = gear.Values;
        Sizes = sizes;
        var bits = System.Numerics.BitOperations.Log2((uint)sizes.Average);
        // A byte reaches the high bits last, so these depend on the whole window: the masks take those.
        _hardMask = ulong.MaxValue << (64 - (bits + 2));
        _easyMask = ulong.MaxValue << (64 - (bits - 2));
    }

    /// <summary>The sizes in force.</summary>
    public ChunkSizes Sizes { get; }

    /// <summary>
    /// The length of the chunk that starts a span. With fewer than <see cref="ChunkSizes.Maximum"/> bytes the whole rest
    /// of the range must be given, or the cut would depend on how it was read.
    /// </summary>
    public int Cut(ReadOnlySpan<byte> data)
    {
        if (data.Length <= Sizes.Minimum)
        {
            return data.Length;
        }
        var end = Math.Min(data.Length, Sizes.Maximum);
        var normal = Math.Min(end, Sizes.Average);
        ref var bytes = ref MemoryMarshal.GetReference(data);
        ref var gear = ref MemoryMarshal.GetArrayDataReference(_gear);
        var hash = 0UL;
        for (var i = Math.Max(0, Sizes.Minimum - Window); i < Sizes.Minimum; i++)
        {
            hash = (hash << 1) + Gear(ref gear, ref bytes, i);
        }
        var cut = Search(ref bytes, ref gear, ref hash, Sizes.Minimum, normal, _hardMask);
        if (cut < 0)
        {
            cut = Search(ref bytes, ref gear, ref hash, normal, end, _easyMask);
        }
        return cut < 0 ? end : cut;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Gear(ref ulong gear, ref byte bytes, int i) => Unsafe.Add(ref gear, (nuint)Unsafe.Add(ref bytes, i));

    /// <summary>First cut behind a byte in [from, to), or -1. Two bytes a turn halve the dependency chain.</summary>
    private static int Search(ref byte bytes, ref ulong gear, ref ulong hash, int from, int to, ulong mask)
    {
        var h = hash;
        var i = from;
        for (; i + 1 < to; i += 2)
        {
            var first = Gear(ref gear, ref bytes, i);
            var one = (h << 1) + first;
            h = (h << 2) + ((first << 1) + Gear(ref gear, ref bytes, i + 1));
            if ((one & mask) == 0)
            {
                return i + 1;
            }
            if ((h & mask) == 0)
            {
                return i + 2;
            }
        }
        if (i < to)
        {
            h = (h << 1) + Gear(ref gear, ref bytes, i);
            if ((h & mask) == 0)
            {
                return i + 1;
            }
        }
        hash = h;
        return -1;
    }
}
