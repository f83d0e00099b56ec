namespace StingBackup.Engine.Integrity;

/// <summary>A set of index rows by rank, a bit each. Safe to use from many threads.</summary>
internal sealed class ReachedRows(long rows)
{
    private readonly int[] _words = new int[(rows + 31) / 32];
    private long _count;

    /// <summary>Rows in the set.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Adds a row; true when it was new.</summary>
    public bool Add(int rank)
    {
        var bit = 1 << (rank & 31);
        if ((Interlocked.Or(ref _words[rank >> 5], bit) & bit) != 0)
        {
            return false;
        }
        Interlocked.Increment(ref _count);
        return true;
    }

    /// <summary>Tells rows that were added since the last call with the same copy, which grows with it. Nobody may add meanwhile.</summary>
    public void TakeNew(int[] seen, Action<int> take)
    {
        for (var word = 0; word < _words.Length; word++)
        {
            for (var fresh = (uint)(_words[word] & ~seen[word]); fresh != 0; fresh &= fresh - 1)
            {
                take((word << 5) + System.Numerics.BitOperations.TrailingZeroCount(fresh));
            }
            seen[word] = _words[word];
        }
    }

    /// <summary>An empty copy for <see cref="TakeNew"/>.</summary>
    public int[] NewCopy() => new int[_words.Length];

    /// <summary>Whether a row is in it.</summary>
    public bool Contains(int rank) => (Volatile.Read(ref _words[rank >> 5]) & (1 << (rank & 31))) != 0;
}
