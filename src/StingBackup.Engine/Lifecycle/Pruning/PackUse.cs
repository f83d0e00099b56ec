using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>What of a pack is in use.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="LiveRows">Rows of the index that some point reaches; none of one that the index does not name.</param>
/// <param name="LiveLength">Their stored bytes.</param>
/// <param name="RowsLength">Stored bytes of all its rows.</param>
/// <param name="IsOwn">Whether this host wrote all of it: only then may it copy from it, since it vouches for what it copies.</param>
/// <param name="HasEnded">Whether the session that wrote it is over.</param>
internal sealed record PackUse(PackInfo Pack, int LiveRows, long LiveLength, long RowsLength, bool IsOwn, bool HasEnded)
{
    /// <summary>Share of its chunks' bytes that nobody needs, 0 to 1; not of the pack's, since a small one is half tables however little is wasted.</summary>
    public double Waste => 1 - (double)LiveLength / Math.Max(1, RowsLength);
}
