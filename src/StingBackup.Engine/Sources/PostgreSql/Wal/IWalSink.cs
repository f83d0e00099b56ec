namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>Where received log goes. What is synced here is confirmed to the server, which then acknowledges the commits in it: so a sink that says "synced" has promised never to lose it.</summary>
public interface IWalSink : IDisposable
{
    /// <summary>Where the next byte belongs; null in a sink that has none yet.</summary>
    Lsn? End { get; }

    /// <summary>Takes bytes that follow <see cref="End"/> without a gap; they may stay in memory till <see cref="Sync"/>.</summary>
    /// <param name="start">Place of the first byte.</param>
    /// <param name="serverTime">The server's clock when it sent them.</param>
    /// <param name="bytes">The log.</param>
    /// <exception cref="StingException"><c>WalSpoolFull</c>, <c>WalSpoolFailed</c>; nothing appended since the last sync counts then</exception>
    void Append(Lsn start, DateTimeOffset serverTime, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything appended would survive a power cut.</summary>
    /// <exception cref="StingException"><c>WalSpoolFull</c>, <c>WalSpoolFailed</c>; the sink is of no use any more and must be opened anew</exception>
    void Sync();
}

/// <summary>Which cluster's log it is.</summary>
/// <param name="SystemId">The cluster.</param>
/// <param name="Timeline">The timeline.</param>
/// <param name="SegmentSize">Bytes of a WAL segment.</param>
public readonly record struct WalIdentity(ulong SystemId, uint Timeline, uint SegmentSize);
