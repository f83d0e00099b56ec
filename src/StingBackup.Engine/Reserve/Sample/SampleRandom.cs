using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>
/// A seeded stream of random numbers (xoshiro256**) that stays the same over releases of .NET, which <see cref="Random"/> does not promise.
/// Not for keys. One thread at a time.
/// </summary>
internal sealed class SampleRandom
{
    private ulong _a, _b, _c, _d;

    public SampleRandom(ulong seed)
    {
        _a = Mix(ref seed);
        _b = Mix(ref seed);
        _c = Mix(ref seed);
        _d = Mix(ref seed);
    }

    /// <summary>A stream of its own for a part of the work, so that parts do not shift each other.</summary>
    public static SampleRandom For(long seed, string part, long index = 0)
    {
        var state = unchecked((ulong)seed);
        var mixed = Mix(ref state);
        foreach (var b in Encoding.UTF8.GetBytes(part))
        {
            mixed = (mixed ^ b) * 0x100000001B3;
        }
        state = mixed ^ unchecked((ulong)index * 0x9E3779B97F4A7C15);
        return new SampleRandom(Mix(ref state));
    }

    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A whole number from 0 to <paramref name="bound"/> − 1.</summary>
    public int Next(int bound) => (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + Next(high - low + 1);

    /// <summary>A number from 0 to below 1.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>An index, each with its weight's share.</summary>
    public int PickWeighted(ReadOnlySpan<double> weights)
    {
        var total = 0.0;
        foreach (var weight in weights)
        {
            total += weight;
        }
        var at = NextDouble() * total;
        for (var i = 0; i < weights.Length; i++)
        {
            at -= weights[i];
            if (at < 0)
            {
                return i;
            }
        }
        return weights.Length - 1;
    }

    /// <summary>Puts the items in random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A UUID in the form of version 4.</summary>
    public string NextUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x40);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Fills with bytes that do not compress.</summary>
    public void Fill(Span<byte> buffer)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(buffer);
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = NextUInt64();
        }
        var rest = buffer[(words.Length * 8)..];
        if (rest.Length > 0)
        {
            var last = NextUInt64();
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in last))[..rest.Length].CopyTo(rest);
        }
    }

    // SplitMix64: spreads a small seed over the whole state.
    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
