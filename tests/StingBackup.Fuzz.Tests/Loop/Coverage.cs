using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>
/// SharpFuzz's map of edges, read in this process: what AFL would read through shared memory. An engine that is not instrumented leaves it empty, and the loop is then blind.
/// </summary>
internal static unsafe class Coverage
{
    private const int Size = 1 << 16;
    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(Size);
    private static readonly byte[] Seen = new byte[Size];

    /// <summary>Before the first line of the engine runs.</summary>
    public static void Attach() => Trace.SharedMem = Map;

    /// <summary>Edges that any input took.</summary>
    public static int Edges => Size - Seen.AsSpan().Count((byte)0);

    /// <summary>Forgets what other targets took.</summary>
    public static void Reset() => Seen.AsSpan().Clear();

    /// <summary>Before an input.</summary>
    public static void Begin()
    {
        new Span<byte>(Map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>After an input: whether it took an edge that none took before, or took one more often by a power of two.</summary>
    public static bool End()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(Map, Size / 8);
        for (var w = 0; w < words.Length; w++)
        {
            if (words[w] == 0)
            {
                continue;
            }
            for (var i = w * 8; i < w * 8 + 8; i++)
            {
                var bit = Bucket(Map[i]);
                if ((Seen[i] & bit) != bit)
                {
                    Seen[i] |= bit;
                    isNew = true;
                }
            }
        }
        return isNew;
    }

    /// <summary>Edges of the last input.</summary>
    public static HashSet<int> Last()
    {
        var taken = new HashSet<int>();
        for (var i = 0; i < Size; i++)
        {
            if (Map[i] != 0)
            {
                taken.Add(i << 8 | Bucket(Map[i]));
            }
        }
        return taken;
    }

    private static byte Bucket(byte count) => count switch { 0 => 0, 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 };
}
