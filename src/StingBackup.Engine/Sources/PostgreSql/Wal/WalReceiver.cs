using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using Npgsql.Replication;
using NpgsqlTypes;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>
/// Receives the write-ahead log as a synchronous standby does, over the streaming replication protocol. A position is confirmed only after the sink has made the bytes
/// durable; the server then lets the commits go that wait for it. It connects again by itself, whichever side went away, and goes on exactly where the sink ends.
/// </summary>
/// <param name="settings">The cluster; the role needs REPLICATION and a line in pg_hba.conf.</param>
/// <param name="slot">The replication slot; also the application_name, by which synchronous_standby_names knows it.</param>
/// <param name="openSink">Opens the sink of a cluster's log; called again after the sink failed.</param>
/// <param name="clock">The clock.</param>
public sealed class WalReceiver(PostgresSettings settings, string slot, Func<WalIdentity, IWalSink> openSink, TimeProvider clock) : IDisposable
{
    /// <summary>Bytes after which a sync comes although more is waiting: what a commit behind them waits for.</summary>
    private const long MostUnsynced = 4 << 20;
    /// <summary>How often a sink is synced that has nothing to do, so that it notices a file's age, and a run that asks for what it holds.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5);

    private IWalSink? _sink;
    private WalReceiverState _state = new(WalReceiverPhase.Disconnected, clock.GetUtcNow(), null, null, null, null);

    /// <summary>How it stands, now; safe to ask from any thread.</summary>
    public WalReceiverState State => Volatile.Read(ref _state);

    /// <summary>Runs until it is cancelled, or until going on would leave a gap: that needs a person.</summary>
    /// <exception cref="StingException"><c>WalGap</c>, <c>WalSpoolForeign</c>, <c>WalSpoolDamaged</c>, <c>WalSpoolBusy</c></exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        var pause = FirstPause;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                await StreamAsync(() => pause = FirstPause, cancel).ConfigureAwait(false);
                Set(WalReceiverPhase.Disconnected, null);   // an orderly end: the server shut down
            }
            catch (StingException e) when (e.ErrorId is "WalGap" or "WalSpoolForeign" or "WalSpoolDamaged" or "WalSpoolBusy")
            {
                Set(WalReceiverPhase.Disconnected, e);
                throw;
            }
            catch (StingException e) when (e.ErrorId is "WalSpoolFull" or "WalSpoolFailed")
            {
                CloseSink();
                Set(WalReceiverPhase.SpoolFailed, e);
            }
            catch (StingException e)
            {
                Set(WalReceiverPhase.Disconnected, e);
            }
            catch (Exception e) when (PostgresErrors.IsPostgres(e) || e is IOException or SocketException or ObjectDisposedException)
            {
                cancel.ThrowIfCancellationRequested();
                Set(WalReceiverPhase.Disconnected, Name(e));
            }
            await Task.Delay(pause, clock, cancel).ConfigureAwait(false);
            pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CloseSink();

    private async Task StreamAsync(Action streaming, CancellationToken cancel)
    {
        var connection = new PhysicalReplicationConnection(PostgresServer.ConnectionString(settings, settings.MaintenanceDatabase, slot));
        await using (connection.ConfigureAwait(false))
        {
            // Also how soon after connecting the server learns what was durable before: Npgsql sends nothing earlier.
            connection.WalReceiverStatusInterval = TimeSpan.FromSeconds(1);
            await connection.Open(cancel).ConfigureAwait(false);
            var system = await connection.IdentifySystem(cancel).ConfigureAwait(false);
            var segment = SegmentSize(await connection.Show("wal_segment_size", cancel).ConfigureAwait(false));
            _sink ??= openSink(new WalIdentity(ulong.Parse(system.SystemId, CultureInfo.InvariantCulture), system.Timeline, segment));
            var start = _sink.End ?? await FirstAsync(connection, system, segment, cancel).ConfigureAwait(false);
            if ((ulong)system.XLogPos < start.Value)
            {
                // A crash with fsync off, or a restore under the same identity: what the server writes next is another log.
                throw new StingException("WalGap", FailureKind.NotFound, $"The server at {settings.Location} has written up to {new Lsn((ulong)system.XLogPos)} only, but the spool ends at {start}: the server lost log that was confirmed here.",
                    settings.Location, "Take a new base backup and begin a new spool; what the old one holds can be restored up to its end.");
            }
            // What arrived before the last connection broke may not be durable yet, and is about to be confirmed.
            _sink.Sync();
            await ReceiveAsync(connection, _sink, start, system.Timeline, streaming, cancel).ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(PhysicalReplicationConnection connection, IWalSink sink, Lsn start, uint timeline, Action streaming, CancellationToken cancel)
    {
        // What was durable before counts from the beginning: commits may be waiting for it.
        connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(start.Value));
        Confirmed(start);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var messages = connection.StartReplication(new PhysicalReplicationSlot(slot), new NpgsqlLogSequenceNumber(start.Value), stop.Token, timeline).GetAsyncEnumerator(stop.Token);
        var next = Task.FromResult(true);
        try
        {
            var (received, synced) = (start, start);
            next = messages.MoveNextAsync().AsTask();
            Set(WalReceiverPhase.Streaming, null);
            while (true)
            {
                // Nothing more has arrived, so whoever commits may be waiting for us; while more arrives one sync serves them all.
                if (received > synced && (!next.IsCompleted || Lsn.Distance(synced, received) >= MostUnsynced))
                {
                    sink.Sync();
                    synced = received;
                    await ConfirmAsync(connection, synced, cancel).ConfigureAwait(false);
                }
                if (!await NextAsync(next, sink).ConfigureAwait(false))
                {
                    return;
                }
                var message = messages.Current;
                streaming();
                var at = new Lsn((ulong)message.WalStart);
                received = await TakeAsync(sink, at, message, cancel).ConfigureAwait(false);
                Update(s => s with { Received = received, ServerEnd = new Lsn(Math.Max((ulong)message.WalEnd, received.Value)) });
                next = messages.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // Npgsql's iterator may only be disposed when it stands still; disposed while it waits, it brings the process down.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await messages.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> NextAsync(Task<bool> next, IWalSink sink)
    {
        while (!next.IsCompleted)
        {
            try
            {
                await next.WaitAsync(Idle, clock).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                sink.Sync();
            }
        }
        return await next.ConfigureAwait(false);
    }

    private static async ValueTask<Lsn> TakeAsync(IWalSink sink, Lsn at, XLogDataMessage message, CancellationToken cancel)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(WalFormat.MaxRecord);
        try
        {
            for (int read; (read = await message.Data.ReadAtLeastAsync(buffer.AsMemory(0, WalFormat.MaxRecord), WalFormat.MaxRecord, throwOnEndOfStream: false, cancel).ConfigureAwait(false)) > 0;)
            {
                sink.Append(at, new DateTimeOffset(message.ServerClock, TimeSpan.Zero), buffer.AsSpan(0, read));
                at = new Lsn(at.Value + (ulong)read);
            }
            return at;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ConfirmAsync(PhysicalReplicationConnection connection, Lsn end, CancellationToken cancel)
    {
        connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(end.Value));
        await connection.SendStatusUpdate(cancel).ConfigureAwait(false);
        Confirmed(end);
    }

    private void Confirmed(Lsn end) => Update(s => s with { Confirmed = end, Received = s.Received ?? end });

    /// <summary>Where an empty spool begins: at a segment's start, from where the slot keeps the log.</summary>
    private async Task<Lsn> FirstAsync(PhysicalReplicationConnection connection, ReplicationSystemIdentification system, uint segment, CancellationToken cancel)
    {
        if (connection.PostgreSqlVersion.Major < 15)
        {
            return new Lsn((ulong)system.XLogPos).SegmentStart(segment);
        }
        var found = await connection.ReadReplicationSlot(slot, cancel).ConfigureAwait(false) ?? throw WalErrors.SlotMissing(settings, slot);
        return new Lsn((ulong)(found.RestartLsn ?? system.XLogPos)).SegmentStart(segment);
    }

    private StingException Name(Exception e) => e switch
    {
        PostgresException { SqlState: "58P01" } => throw WalErrors.Gap(settings, State.Confirmed?.ToString() ?? "its beginning", e),
        PostgresException { SqlState: "55000" } p when p.MessageText.Contains("restart_lsn", StringComparison.Ordinal) || p.MessageText.Contains("invalidated", StringComparison.Ordinal) =>
            throw WalErrors.Gap(settings, State.Confirmed?.ToString() ?? "its beginning", e),
        PostgresException { SqlState: "42704" } => WalErrors.SlotMissing(settings, slot),
        _ => PostgresErrors.Wrap(e, "receive the write-ahead log", settings, slot),
    };

    private static uint SegmentSize(string text) => text switch
    {
        _ when text.EndsWith("MB", StringComparison.Ordinal) => uint.Parse(text[..^2], CultureInfo.InvariantCulture) << 20,
        _ when text.EndsWith("GB", StringComparison.Ordinal) => uint.Parse(text[..^2], CultureInfo.InvariantCulture) << 30,
        _ => throw new FormatException($"'{text}' is no size of WAL segments."),
    };

    private void CloseSink()
    {
        _sink?.Dispose();
        _sink = null;
    }

    private void Set(WalReceiverPhase phase, StingException? error) =>
        Update(s => s with { Phase = phase, Since = s.Phase == phase ? s.Since : clock.GetUtcNow(), Error = error });

    // Only the receiver's own flow writes; others read.
    private void Update(Func<WalReceiverState, WalReceiverState> change) => Volatile.Write(ref _state, change(_state));
}
