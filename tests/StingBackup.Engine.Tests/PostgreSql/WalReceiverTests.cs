using System.Diagnostics;
using System.Globalization;
using Npgsql;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>A receiver as a synchronous standby, base backups, and restores to any moment.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class WalReceiverTests : IDisposable
{
    private const string Slot = "sting_capture";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task Commits_wait_for_the_receiver_and_any_moment_comes_back()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        var setup = await ApplyAsync(cluster, new WalServerOptions { Slot = Slot, Role = "postgres" }, WalStepTime.First);
        await cluster.ExecuteAsync("postgres", "CREATE TABLE notes(id int PRIMARY KEY, text text)");
        await using (var receiving = await ReceivingAsync(cluster))
        {
            await setup.ApplyAsync(await setup.PlanAsync(default), WalStepTime.WhenStreaming, default);
            Assert.Empty((await setup.PlanAsync(default)).Steps);
            Assert.Equal("sync", await cluster.ValueAsync("postgres", "SELECT sync_state FROM pg_stat_replication"));

            using var backup = await BaseBackupCapture.TakeAsync(cluster.Settings, _folder.Path, default);
            using var again = await BaseBackupCapture.TakeAsync(cluster.Settings, _folder.Path, default);
            var stamps = Stamps(backup).Intersect(Stamps(again)).Count();
            Assert.True(stamps > 0.95 * Stamps(backup).Count, $"{stamps} of {Stamps(backup).Count} files are known again");
            await PostgresCluster.MaterialiseAsync(backup, Path.Combine(cluster.Root, "by-place"));
            await PostgresCluster.MaterialiseAsync(backup, Path.Combine(cluster.Root, "by-time"));
        }

        // Without its standby a commit waits; with it, it goes on, and what waited is there.
        await Assert.ThrowsAsync<NpgsqlException>(() => InsertAsync(cluster, 1, timeout: 1));
        string place, time;
        await using (var receiving = await ReceivingAsync(cluster))
        {
            await InsertAsync(cluster, 2, timeout: 20);
            place = await cluster.ValueAsync("postgres", "SELECT pg_current_wal_lsn()::text");
            time = await cluster.ValueAsync("postgres", "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')");
            await InsertAsync(cluster, 3, timeout: 20);
            var state = receiving.Receiver.State;
            Assert.Equal(WalReceiverPhase.Streaming, state.Phase);
            Assert.True(state.Confirmed >= Lsn.Parse(place));
        }
        await setup.TakeBackAsync(default);
        Assert.Equal("0", await cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_replication_slots"));
        Assert.Equal("", await cluster.ValueAsync("postgres", "SHOW synchronous_standby_names"));
        await InsertAsync(cluster, 4, timeout: 20);   // waits for nobody any more

        foreach (var (data, target) in new[] { ("by-place", new RecoveryTarget(Lsn.Parse(place), null)), ("by-time", new RecoveryTarget(null, DateTimeOffset.Parse(time + "Z", CultureInfo.InvariantCulture))) })
        {
            var folder = Path.Combine(cluster.Root, data);
            var segments = Path.Combine(cluster.Root, $"wal of '{data}'");
            PointInTimeRestore.Prepare(folder, WalSpool.Read(_folder["spool"], null), WalSpool.Files(_folder["spool"])[0].Identity, segments, target);
            await PostgresCluster.OwnAsync(segments);
            await using var restored = await PostgresCluster.StartOverAsync(folder, "fsync=off");
            Assert.Equal(["1", "2"], await restored.RowsAsync("postgres", "SELECT id::text FROM notes"));
        }
        var gap = Assert.Throws<StingException>(() => PointInTimeRestore.Prepare(Path.Combine(cluster.Root, "by-place"), [], WalSpool.Files(_folder["spool"])[0].Identity, _folder["none"], RecoveryTarget.Latest));
        Assert.NotNull(gap);
    }

    [PostgresFact]
    public async Task A_stalled_receiver_is_told_and_under_degrade_commits_go_on_till_it_is_back()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        // A role of its own, with a password that the server gets as a verifier only.
        var options = new WalServerOptions { Slot = Slot, Role = "sting_password", RolePassword = "p4ss'word", ReceiverAddress = "127.0.0.1/32" };
        var setup = new WalServerSetup(cluster.Settings, options, _folder["applied.json"]);
        var plan = await setup.PlanAsync(default);
        Assert.Contains(plan.Steps, s => s.Shown == "CREATE ROLE \"sting_password\" LOGIN REPLICATION PASSWORD '***';");
        Assert.DoesNotContain("p4ss", string.Join(plan.ToString(), plan.Steps), StringComparison.Ordinal);
        Assert.Equal("0", await cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_replication_slots"));   // a plan changes nothing
        await cluster.ExecuteAsync("postgres", "CREATE TABLE notes(id int PRIMARY KEY, text text)");
        await setup.ApplyAsync(plan, WalStepTime.First, default);
        await setup.ApplyAsync(plan, WalStepTime.WhenStreaming, default);   // too early on purpose: nobody streams

        var settings = cluster.Tcp with { User = "sting_password", Password = "wrong" };
        using (var refused = new WalReceiver(settings, Slot, Sink, TimeProvider.System))
        {
            using var stop = new CancellationTokenSource();
            var run = refused.RunAsync(stop.Token);
            await UntilAsync(() => refused.State.Error is not null);
            Assert.Equal("PostgresDenied", refused.State.Error!.ErrorId);
            var told = new List<WalHealth>();
            var guard = new WalGuard(refused, cluster.Settings, setup, Slot, _folder.Path, StallPolicy.Block, new WalThresholds { StallTime = TimeSpan.Zero, SpoolRoom = 0 }, TimeProvider.System, told.Add);
            await guard.CheckAsync(default);
            Assert.Equal(WalAlarm.Stalled, Assert.Single(told).Alarm);
            Assert.StartsWith("The receiver does not stream; commits wait for it. Could not receive", told[0].Says, StringComparison.Ordinal);
            Assert.Contains("password authentication failed", told[0].Says, StringComparison.Ordinal);
            await Assert.ThrowsAsync<NpgsqlException>(() => InsertAsync(cluster, 1, timeout: 1));
            await stop.CancelAsync();
            await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        using var receiver = new WalReceiver(settings with { Password = "p4ss'word" }, Slot, Sink, TimeProvider.System);
        var changes = new List<WalAlarm>();
        var degrading = new WalGuard(receiver, cluster.Settings, setup, Slot, _folder.Path, StallPolicy.Degrade, new WalThresholds { StallTime = TimeSpan.FromMilliseconds(1), SpoolRoom = 0 }, TimeProvider.System, h => changes.Add(h.Alarm));
        await Task.Delay(20);
        await degrading.CheckAsync(default);
        await InsertAsync(cluster, 2, timeout: 20);   // waits for nobody
        using var end = new CancellationTokenSource();
        var running = receiver.RunAsync(end.Token);
        await UntilAsync(() => receiver.State is { Phase: WalReceiverPhase.Streaming, LagBytes: 0, ServerEnd: not null });
        await degrading.CheckAsync(default);
        await InsertAsync(cluster, 3, timeout: 20);
        Assert.Equal("\"sting_capture\"", await cluster.ValueAsync("postgres", "SHOW synchronous_standby_names"));
        await degrading.CheckAsync(default);
        Assert.Equal([WalAlarm.Degraded, WalAlarm.None], changes);
        await end.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        receiver.Dispose();

        // The slot is dropped and made anew while the server threw log away: a gap, told and not papered over.
        await setup.TakeBackAsync(default);
        Assert.Equal("0", await cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'sting_password'"));
        await cluster.ExecuteAsync("postgres", "INSERT INTO notes SELECT g, repeat('x', 500) FROM generate_series(100, 9000) g");
        for (var i = 0; i < 3; i++)
        {
            await cluster.ExecuteAsync("postgres", "SELECT pg_switch_wal(); CHECKPOINT");
        }
        await ApplyAsync(cluster, new WalServerOptions { Slot = Slot, Role = "postgres" }, WalStepTime.First);
        using var late = new WalReceiver(cluster.Settings, Slot, Sink, TimeProvider.System);
        var gap = await Assert.ThrowsAsync<StingException>(() => late.RunAsync(default).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("WalGap", gap.ErrorId);
    }

    [PostgresFact]
    public async Task What_the_spool_cannot_take_is_never_confirmed_and_goes_on_once_it_can()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        var setup = await ApplyAsync(cluster, new WalServerOptions { Slot = Slot, Role = "postgres" }, WalStepTime.First);
        await cluster.ExecuteAsync("postgres", "CREATE TABLE notes(id int PRIMARY KEY, text text)");
        var disk = new Disk();
        using var receiver = new WalReceiver(cluster.Settings, Slot, identity => new DiskSink(Sink(identity), disk), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var run = receiver.RunAsync(stop.Token);
        await UntilAsync(() => receiver.State is { Phase: WalReceiverPhase.Streaming, LagBytes: 0, ServerEnd: not null });
        await setup.ApplyAsync(await setup.PlanAsync(default), WalStepTime.WhenStreaming, default);
        await InsertAsync(cluster, 1, timeout: 20);

        disk.IsFull = true;
        await Assert.ThrowsAsync<NpgsqlException>(() => InsertAsync(cluster, 2, timeout: 1));
        await UntilAsync(() => receiver.State.Phase == WalReceiverPhase.SpoolFailed);
        Assert.Equal("WalSpoolFull", receiver.State.Error!.ErrorId);
        Assert.True(receiver.State.Confirmed!.Value <= disk.Synced);
        disk.IsFull = false;
        await InsertAsync(cluster, 3, timeout: 20);
        Assert.Equal("3", await cluster.ValueAsync("postgres", "SELECT count(*) FROM notes"));
        Assert.True(Lsn.Parse(await cluster.ValueAsync("postgres", "SELECT flush_lsn::text FROM pg_stat_replication")) <= disk.Synced);
        await stop.CancelAsync();
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        receiver.Dispose();
        Assert.Equal(disk.Synced, WalSpool.Read(_folder["spool"], null).Last().End);
    }

    private FileWalSink Sink(WalIdentity identity) => FileWalSink.Open(new WalSpoolOptions { Folder = _folder["spool"] }, identity, TimeProvider.System, _ => { });

    private async Task<WalServerSetup> ApplyAsync(PostgresCluster cluster, WalServerOptions options, WalStepTime time)
    {
        var setup = new WalServerSetup(cluster.Settings, options, _folder["applied.json"]);
        await setup.ApplyAsync(await setup.PlanAsync(default), time, default);
        return setup;
    }

    private async Task<Receiving> ReceivingAsync(PostgresCluster cluster)
    {
        var receiver = new WalReceiver(cluster.Settings, Slot, Sink, TimeProvider.System);
        var stop = new CancellationTokenSource();
        var receiving = new Receiving(receiver, receiver.RunAsync(stop.Token), stop);
        await UntilAsync(() => receiver.State.Phase == WalReceiverPhase.Streaming);
        var wait = Stopwatch.StartNew();
        while (await cluster.ValueAsync("postgres", "SELECT state FROM pg_stat_replication") != "streaming")
        {
            Assert.True(wait.Elapsed < TimeSpan.FromSeconds(20));
            await Task.Delay(20);
        }
        return receiving;
    }

    // A client that asks the server to cancel a commit that waits is told that it was committed, with a warning only: these hang up instead.
    private static async Task InsertAsync(PostgresCluster cluster, int id, int timeout)
    {
        await using var connection = await cluster.ConnectAsync("postgres");
        await using var command = new NpgsqlCommand($"INSERT INTO notes VALUES ({id}, 'x')", connection) { CommandTimeout = timeout };
        await command.ExecuteNonQueryAsync();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var wait = Stopwatch.StartNew(); !condition(); await Task.Delay(10))
        {
            Assert.True(wait.Elapsed < TimeSpan.FromSeconds(20), "It does not happen.");
        }
    }

    private static List<(string, FileStamp)> Stamps(BaseBackupCapture backup) =>
        [.. backup.Scan((_, _) => ScanChoice.Include, e => throw e, default).Where(e => e.Kind == ItemKind.File).Select(e => (e.Path.ToString(), e.Stamp))];

    private sealed class Disk
    {
        public volatile bool IsFull;
        private long _synced;

        public Lsn Synced
        {
            get => new((ulong)Interlocked.Read(ref _synced));
            set => Interlocked.Exchange(ref _synced, (long)value.Value);
        }
    }

    /// <summary>A spool whose disk can be full.</summary>
    private sealed class DiskSink(IWalSink inner, Disk disk) : IWalSink
    {
        public Lsn? End => inner.End;
        public void Append(Lsn start, DateTimeOffset serverTime, ReadOnlySpan<byte> bytes) => inner.Append(start, serverTime, bytes);

        public void Sync()
        {
            if (disk.IsFull)
            {
                throw new StingException("WalSpoolFull", FailureKind.ResourceExhausted, "The disk is full.", "spool", "Free room.");
            }
            inner.Sync();
            disk.Synced = inner.End ?? default;
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed record Receiving(WalReceiver Receiver, Task Run, CancellationTokenSource Stop) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Stop.CancelAsync();
            await Run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Receiver.Dispose();
            Stop.Dispose();
        }
    }
}
