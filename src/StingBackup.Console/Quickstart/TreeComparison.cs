using StingBackup.Engine.Sources;

namespace StingBackup.Console.Quickstart;

/// <summary>Compares what was restored with what it came from, byte for byte.</summary>
/// <param name="Files">Files compared.</param>
/// <param name="Length">Bytes compared, holes left out.</param>
/// <param name="Different">Files that differ or are missing on the other side.</param>
internal sealed record TreeComparison(long Files, long Length, IReadOnlyList<string> Different)
{
    private const int BlockSize = 1 << 16;

    /// <summary>Compares every regular file below <paramref name="restored"/> with its twin below <paramref name="original"/>. Names are raw bytes: .NET's own files would miss some.</summary>
    public static TreeComparison Of(string restored, string original)
    {
        long files = 0, length = 0;
        var different = new List<string>();
        using ISourceTree left = DirectorySource.Open(restored), right = DirectorySource.Open(original);
        foreach (var entry in left.Scan(static (_, _) => ScanChoice.Include, error => different.Add(error.Message), CancellationToken.None).Where(e => e.Kind == ItemKind.File))
        {
            files++;
            if (Compare(left, right, entry) is { } bytes)
            {
                length += bytes;
            }
            else
            {
                different.Add(entry.Path.ToString());
            }
        }
        return new TreeComparison(files, length, different);
    }

    /// <summary>Bytes of data compared, or null when the files differ.</summary>
    private static long? Compare(ISourceTree left, ISourceTree right, SourceEntry entry)
    {
        try
        {
            using ISourceFile one = left.Open(entry), other = right.Open(entry);
            if (one.Stamp().Length != other.Stamp().Length)
            {
                return null;
            }
            byte[] first = new byte[BlockSize], second = new byte[BlockSize];
            // What is a hole on both sides need not be read; where one has data, both are.
            foreach (var range in one.DataRanges().Concat(other.DataRanges()))
            {
                for (var at = range.Offset; at < range.Offset + range.Length; at += BlockSize)
                {
                    var wanted = (int)Math.Min(BlockSize, range.Offset + range.Length - at);
                    if (one.Read(at, first.AsSpan(0, wanted)) != wanted || other.Read(at, second.AsSpan(0, wanted)) != wanted
                        || !first.AsSpan(0, wanted).SequenceEqual(second.AsSpan(0, wanted)))
                    {
                        return null;
                    }
                }
            }
            return one.DataRanges().Sum(r => r.Length);
        }
        catch (StingException)
        {
            return null;
        }
    }
}
