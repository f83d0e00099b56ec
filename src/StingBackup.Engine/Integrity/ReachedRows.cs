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

    /// <summary>Whether a row is in it.</summary>
    public bool Contains(int rank) => (Volatile.Read(ref _words[rank >> 5]) & (1 << (rank & 31))) != 0;
}
