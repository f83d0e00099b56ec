namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>What a receiver is doing.</summary>
public enum WalReceiverPhase
{
    /// <summary>Not connected: see the error.</summary>
    Disconnected,
    /// <summary>Receives.</summary>
    Streaming,
    /// <summary>The spool refuses what arrives: see the error.</summary>
    SpoolFailed,
}

/// <summary>How a receiver stands, at one moment.</summary>
/// <param name="Phase">What it does.</param>
/// <param name="Since">Since when.</param>
/// <param name="Received">End of what arrived; null before anything did.</param>
/// <param name="Confirmed">End of what is durable and was confirmed.</param>
/// <param name="ServerEnd">End of the server's log, as it last said.</param>
/// <param name="Error">Why it does not stream, or null.</param>
public sealed record WalReceiverState(WalReceiverPhase Phase, DateTimeOffset Since, Lsn? Received, Lsn? Confirmed, Lsn? ServerEnd, StingException? Error)
{
    /// <summary>Bytes of log that the server is known to have and that are not confirmed.</summary>
    public ulong LagBytes => Confirmed is { } confirmed && ServerEnd is { } end ? Lsn.Distance(confirmed, end) : 0;
}
