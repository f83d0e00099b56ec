using Npgsql;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>How bad it is, worst last.</summary>
public enum WalAlarm
{
    /// <summary>All is well.</summary>
    None,
    /// <summary>The receiver lags more than it should.</summary>
    Behind,
    /// <summary>The spool's disk will be full soon, or the server keeps so much log for the receiver that its own disk will be.</summary>
    RoomLow,
    /// <summary>The receiver does not stream: under Block commits wait already, or will with the next one.</summary>
    Stalled,
    /// <summary>Commits no longer wait: zero loss is suspended.</summary>
    Degraded,
    /// <summary>The server threw away log that was not received; a new base backup is needed.</summary>
    Lost,
}

/// <summary>What the server says of the receiver.</summary>
/// <param name="Written">End of its log.</param>
/// <param name="Retained">Bytes that it keeps for the slot; null when there is no slot.</param>
/// <param name="SlotLost">Whether the slot's log is gone.</param>
/// <param name="Waits">Whether commits wait for the receiver.</param>
public sealed record WalServerView(Lsn Written, ulong? Retained, bool SlotLost, bool Waits)
{
    /// <summary>The server's synchronous_standby_names.</summary>
    public string Standbys { get; init; } = "";

    /// <summary>Asks; reading waits for no standby, so this works while commits hang.</summary>
    public static async Task<WalServerView> ReadAsync(PostgresSettings settings, string slot, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            var lost = server.Major >= 13 ? "(s.wal_status = 'lost')" : "false";
            await using var command = new NpgsqlCommand($"""
                SELECT pg_catalog.pg_current_wal_flush_lsn()::text, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), s.restart_lsn)::bigint, coalesce({lost}, false),
                    pg_catalog.strpos(pg_catalog.current_setting('synchronous_standby_names'), {SqlText.Literal(slot)}) > 0,
                    pg_catalog.current_setting('synchronous_standby_names')
                FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = {SqlText.Literal(slot)}
                """, connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            await reader.ReadAsync(cancel).ConfigureAwait(false);
            return new WalServerView(Lsn.Parse(reader.GetString(0)), await reader.IsDBNullAsync(1, cancel).ConfigureAwait(false) ? null : (ulong)Math.Max(0, reader.GetInt64(1)), reader.GetBoolean(2), reader.GetBoolean(3))
            {
                Standbys = reader.GetString(4),
            };
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "ask how replication stands", settings, slot);
        }
    }
}

/// <summary>How the capture stands, judged.</summary>
/// <param name="Alarm">How bad it is.</param>
/// <param name="Says">Why, and what to do; empty when all is well.</param>
/// <param name="LagBytes">Bytes that are not confirmed.</param>
/// <param name="LagTime">How long they wait.</param>
public sealed record WalHealth(WalAlarm Alarm, string Says, ulong LagBytes, TimeSpan LagTime)
{
    /// <summary>Judges.</summary>
    /// <param name="state">The receiver.</param>
    /// <param name="view">The server; null when it does not answer.</param>
    /// <param name="unseen">Why it does not, or null.</param>
    /// <param name="spoolRoom">Free bytes on the spool's disk.</param>
    /// <param name="waiting">How long the oldest byte that is not confirmed has been waiting.</param>
    /// <param name="thresholds">From when on.</param>
    /// <param name="now">Now.</param>
    public static WalHealth Judge(WalReceiverState state, WalServerView? view, StingException? unseen, long spoolRoom, TimeSpan waiting, WalThresholds thresholds, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(thresholds);
        var bytes = view is not null && state.Confirmed is { } confirmed ? Lsn.Distance(confirmed, view.Written) : state.LagBytes;
        var why = state.Error is { } error ? $" {error.Message} {error.Remedy}" : "";
        var (alarm, says) = view switch
        {
            { SlotLost: true } => (WalAlarm.Lost, "The server threw away log that was not received. Take a new base backup now."),
            // Streaming and close: a commit of this very moment is no lag.
            _ when state.Phase != WalReceiverPhase.Streaming && now - state.Since >= thresholds.StallTime => view is { Waits: false }
                ? (WalAlarm.Degraded, $"The receiver does not stream, and commits do not wait for it: what is committed now is not protected.{why}")
                : (WalAlarm.Stalled, $"The receiver does not stream; commits wait for it.{why}"),
            { Waits: false } => (WalAlarm.Degraded, "Commits do not wait for the receiver: zero loss is suspended."),
            _ when spoolRoom < thresholds.SpoolRoom => (WalAlarm.RoomLow, FormattableString.Invariant($"The spool's disk has {spoolRoom >> 20} MiB left; when it is full, commits wait. Free room, or let full files be stored sooner.")),
            { Retained: { } kept } when kept > thresholds.Retained => (WalAlarm.RoomLow, FormattableString.Invariant($"The server keeps {kept >> 20} MiB of log for the receiver; when its disk is full, the database stops.")),
            null when unseen is not null => (WalAlarm.Behind, $"Nobody knows how far the receiver is behind: {unseen.Message} {unseen.Remedy}"),
            _ when bytes > thresholds.LagBytes || (bytes > 0 && waiting > thresholds.LagTime) => (WalAlarm.Behind, FormattableString.Invariant($"The receiver is {bytes >> 10} KiB and {waiting.TotalSeconds:f0} s behind.")),
            _ => (WalAlarm.None, ""),
        };
        return new WalHealth(alarm, says, bytes, waiting);
    }
}
