using System.Buffers.Binary;
using System.Text;

namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>Makes damage: of one input, or of two. The same seed makes the same.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<string> words)
{
    private static readonly long[] Telling =
    [
        0, 1, -1, 2, 7, 8, 12, 16, 20, 32, 48, 64, 100, 127, 128, 255, 256, 1000, 4096, 32767, 32768, 65535, 65536, 1 << 20, 8 << 20, (8 << 20) + 1, 1 << 24, int.MaxValue, int.MinValue,
        uint.MaxValue, long.MaxValue, long.MinValue, -12, -48, 0x2AAAAAAA, -0x02AAAAAA,
    ];
    private static readonly string[] Texts = ["0", "-1", "2147483647", "9223372036854775808", "1e309", "null", "true", "\"", "\\", "\n", "{", "}", "[", "]", "\0", "..", "/", "%", "\\u0000", "\\ud800", "\u202e", "'", "<", "&", ":", "- ", "\t"];

    private readonly byte[][] _words = [.. words.Concat(Texts).Select(Encoding.UTF8.GetBytes)];

    /// <summary>A damaged copy.</summary>
    public byte[] Mutate(byte[] input, byte[] other, int maxLength)
    {
        var bytes = new List<byte>(input);
        if (random.Next(12) == 0)
        {
            Splice(bytes, other);
        }
        for (var steps = 1 << random.Next(5); steps > 0; steps--)
        {
            Step(bytes, other);
        }
        if (bytes.Count > maxLength)
        {
            bytes.RemoveRange(maxLength, bytes.Count - maxLength);
        }
        return [.. bytes];
    }

    private void Step(List<byte> bytes, byte[] other)
    {
        switch (random.Next(13))
        {
            case 0 when bytes.Count > 0: bytes[At(bytes)] ^= (byte)(1 << random.Next(8)); break;
            case 1 when bytes.Count > 0: bytes[At(bytes)] = (byte)random.Next(256); break;
            case 2 when bytes.Count > 0: bytes[At(bytes)] += (byte)(random.Next(2) == 0 ? random.Next(1, 17) : 256 - random.Next(1, 17)); break;
            case 3 or 4: Number(bytes); break;
            case 5 when bytes.Count > 1: bytes.RemoveRange(Range(bytes, out var length), length); break;
            case 6 when bytes.Count > 0: Copy(bytes, bytes.GetRange(Range(bytes, out var copied), copied)); break;
            case 7 when other.Length > 0: Copy(bytes, other.AsSpan(Start(other.Length, out var taken), taken).ToArray()); break;
            case 8 or 9: Copy(bytes, _words[random.Next(_words.Length)]); break;
            case 10 when bytes.Count > 0: bytes.RemoveAt(At(bytes)); break;
            case 11 when bytes.Count > 0: Cut(bytes); break;
            default: bytes.Insert(random.Next(bytes.Count + 1), (byte)random.Next(256)); break;
        }
    }

    /// <summary>A number in the place of one, of any width and either order: lengths and counts.</summary>
    private void Number(List<byte> bytes)
    {
        var width = 1 << random.Next(4);
        if (bytes.Count < width)
        {
            return;
        }
        var at = random.Next(bytes.Count - width + 1);
        Span<byte> number = stackalloc byte[8];
        var value = random.Next(4) == 0 ? bytes.Count - random.Next(0, Math.Min(64, bytes.Count + 1)) : Telling[random.Next(Telling.Length)];
        if (random.Next(4) == 0)
        {
            value += random.Next(-2, 3);
        }
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        number = number[..width];
        if (random.Next(3) == 0)
        {
            number.Reverse();
        }
        for (var i = 0; i < width; i++)
        {
            bytes[at + i] = number[i];
        }
    }

    /// <summary>Over what stands there, or between it.</summary>
    private void Copy(List<byte> bytes, IReadOnlyList<byte> piece)
    {
        var at = random.Next(bytes.Count + 1);
        if (random.Next(2) == 0)
        {
            bytes.InsertRange(at, piece);
            return;
        }
        for (var i = 0; i < piece.Count && at + i < bytes.Count; i++)
        {
            bytes[at + i] = piece[i];
        }
    }

    private void Splice(List<byte> bytes, byte[] other)
    {
        var kept = random.Next(bytes.Count + 1);
        bytes.RemoveRange(kept, bytes.Count - kept);
        bytes.AddRange(other.AsSpan(random.Next(other.Length + 1)));
    }

    private void Cut(List<byte> bytes)
    {
        if (random.Next(4) == 0)
        {
            var at = random.Next(bytes.Count);
            bytes.RemoveRange(at, bytes.Count - at);
        }
    }

    private int At(List<byte> bytes) => random.Next(bytes.Count);

    private int Range(List<byte> bytes, out int length) => Start(bytes.Count, out length);

    private int Start(int count, out int length)
    {
        length = Math.Min(count, 1 + (random.Next(3) == 0 ? random.Next(count) : random.Next(Math.Min(count, 32))));
        return random.Next(count - length + 1);
    }
}
