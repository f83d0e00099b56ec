using Npgsql;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Capture;

/// <summary>The capture as a job: what it tells the server and takes back, what it tells people, and what it does when something fails.</summary>
public sealed class MetadataCaptureTests
{
    [PostgresFact]
    public async Task A_plan_changes_nothing_and_a_stop_takes_everything_back()
    {
        await using var server = await CapturedServer.StartAsync();
        Assert.Equal(CaptureState.Off, (await server.StatusAsync()).State);
        var plan = await MetadataCapture.PlanAsync(server.Configuration, default);
        Assert.Equal(["Make the role that receives", "Keep log for the receiver", "Let commits wait for the receiver"], plan.Steps.Select(s => s.What));
        Assert.Equal("0", await server.Cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'sting_capture'"));
        Assert.False(Directory.Exists(server.Spool));

        await using var running = await server.CaptureAsync();
        await server.InsertAsync(1);
        var status = await server.StatusAsync();
        Assert.Equal((CaptureState.Streaming, true, "\"sting_capture\"", Environment.ProcessId), (status.State, status.CommitsWait, status.SynchronousStandbyNames, status.ProcessId));
        Assert.NotNull(status.OldestUnsealed);
        Assert.Empty((await MetadataCapture.PlanAsync(server.Configuration, default)).Steps);
        var second = await Assert.ThrowsAsync<StingException>(async () =>
        {
            await foreach (var _ in MetadataCapture.RunAsync(server.Configuration, await MetadataCapture.PlanAsync(server.Configuration, default), TimeProvider.System, default))
            {
            }
        });
        Assert.Equal("CaptureRunning", second.ErrorId);

        var stop = MetadataCapture.PlanStop(server.Configuration, TimeProvider.System);
        Assert.True(stop.IsRunning);
        Assert.Contains(stop.Statements, s => s.Contains("pg_drop_replication_slot", StringComparison.Ordinal));
        var stopped = await MetadataCapture.StopAsync(server.Configuration, TimeProvider.System, default);
        Assert.Equal((CaptureState.Off, "", false), (stopped.State, stopped.SynchronousStandbyNames, stopped.CommitsWait));
        Assert.Equal((CaptureState.Off, CaptureAlarm.None), (await running.EndedAsync()) is { } end ? (end.State, end.Alarm) : default);
        Assert.Equal("0", await server.Cluster.ValueAsync("postgres", "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_roles WHERE rolname = 'sting_capture')"));
        await server.InsertAsync(2);
        Assert.NotEmpty(WalSpool.Files(server.Spool));
    }

    [PostgresFact]
    public async Task It_goes_on_after_a_restart_of_either_side()
    {
        await using var server = await CapturedServer.StartAsync();
        await using (await server.CaptureAsync())
        {
            await server.InsertAsync(1);
            await server.Cluster.KillAsync();
            await server.Cluster.RestartAsync();
            await server.InsertAsync(2);
        }
        // Nobody receives: commits wait, and the status says what to do.
        await Assert.ThrowsAsync<NpgsqlException>(() => server.InsertAsync(3, timeout: 1));
        var status = await server.StatusAsync();
        Assert.Equal((CaptureState.NotRunning, CaptureAlarm.Stalled, true), (status.State, status.Alarm, status.CommitsWait));
        Assert.Contains("capture-stop", status.Message, StringComparison.Ordinal);
        await using (await server.CaptureAsync())
        {
            await server.InsertAsync(4);
            await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { LagBytes: 0, Alarm: CaptureAlarm.None });
            Assert.Equal("4", await server.Cluster.ValueAsync("postgres", "SELECT count(*) FROM notes"));   // 3 was committed, and is acknowledged to whoever still waits
        }
    }

    [PostgresFact]
    public async Task Degrade_lets_commits_go_when_it_ends_and_they_wait_again_when_it_is_back()
    {
        await using var server = await CapturedServer.StartAsync("when_stalled: degrade\nstall_seconds: 1");
        await using (await server.CaptureAsync())
        {
            await server.InsertAsync(1);
        }
        await server.InsertAsync(2, timeout: 5);
        var status = await server.StatusAsync();
        Assert.Equal((CaptureState.NotRunning, CaptureAlarm.Degraded, false), (status.State, status.Alarm, status.CommitsWait));
        Assert.True(status.LagBytes > 0);
        await using var again = await server.CaptureAsync();
        await server.InsertAsync(3);
    }

    [PostgresFact]
    public async Task A_server_that_is_down_and_a_capture_that_nobody_configured_are_named()
    {
        await using var server = await CapturedServer.StartAsync();
        await server.Cluster.StopAsync();
        var error = await Assert.ThrowsAsync<StingException>(() => MetadataCapture.PlanAsync(server.Configuration, default).AsTask());
        Assert.Equal("PostgresUnreachable", error.ErrorId);
        var status = await server.StatusAsync();
        Assert.Equal((CaptureState.Off, CaptureAlarm.Behind, null), (status.State, status.Alarm, status.CommitsWait));
        Assert.Equal("CaptureNotConfigured", (await Assert.ThrowsAsync<StingException>(() => MetadataCapture.PlanAsync(server.Configuration with { Capture = null }, default).AsTask())).ErrorId);
    }

    [PostgresFact]
    public async Task A_wrong_password_is_told_and_no_commit_waits_for_a_capture_that_cannot_begin()
    {
        await using var server = await CapturedServer.StartAsync();
        var passwords = Path.Combine(server.Test.Root, "pgpass");
        await File.WriteAllTextAsync(passwords, "*:*:*:sting_password:wrong\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(passwords, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        await server.Cluster.ExecuteAsync("postgres", "CREATE ROLE sting_password LOGIN REPLICATION PASSWORD 'right'");
        // By TCP the test's server asks this role for its password, and trusts the administrator.
        server.Configure("user: sting_password\nstall_seconds: 1", $"pass_file: {passwords}");
        var file = Path.Combine(server.Test.Root, "sting-backup.yaml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace($"host: {server.Cluster.Root}", "host: 127.0.0.1", StringComparison.Ordinal));
        server.Test.Configuration = new Engine.Reserve.Configuration.ConfigurationLoader(new Engine.Reserve.HostView()).Load(file);
        await using var running = new RunningCapture(server.Configuration, await MetadataCapture.PlanAsync(server.Configuration, default));
        await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.Disconnected } status && status.Message.Contains("password authentication failed", StringComparison.Ordinal));
        await CapturedServer.UntilAsync(() => Task.FromResult(running.Warnings.Any(w => w.Contains("password authentication failed", StringComparison.Ordinal))));
        Assert.DoesNotContain(running.Warnings, w => w.Contains("wrong", StringComparison.Ordinal));
        await server.InsertAsync(1, timeout: 5);
        Assert.Equal("", await server.Cluster.ValueAsync("postgres", "SHOW synchronous_standby_names"));
        // The password is put right: it begins by itself.
        await File.WriteAllTextAsync(passwords, "*:*:*:sting_password:right\n");
        await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.Streaming, CommitsWait: true });
    }

    [PostgresFact]
    public async Task A_slot_that_somebody_dropped_is_told_by_name()
    {
        await using var server = await CapturedServer.StartAsync();
        await using (await server.CaptureAsync())
        {
            await server.InsertAsync(1);
        }
        await server.Cluster.ExecuteAsync("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
        await server.Cluster.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        await server.Cluster.ExecuteAsync("postgres", "SELECT pg_drop_replication_slot('sting_capture')");
        var plan = await MetadataCapture.PlanAsync(server.Configuration, default);
        Assert.Contains(plan.Steps, s => s.What == "Keep log for the receiver");
        // While it runs it is told; started again it makes the slot anew, and goes on where the log has no gap.
        await using var running = await server.CaptureAsync();
        await server.Cluster.ExecuteAsync("postgres", "SELECT pg_terminate_backend(active_pid), pg_sleep(0.2) FROM pg_replication_slots");
        await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.Streaming });
        await server.InsertAsync(2);
    }

    [PostgresFact]
    public async Task What_is_not_applied_is_a_step_by_hand_or_waits_for_a_restart()
    {
        await using var server = await CapturedServer.StartAsync();
        await server.Cluster.ExecuteAsync("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'other'");
        await server.Cluster.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        var plan = await MetadataCapture.PlanAsync(server.Configuration, default);
        var step = Assert.Single(plan.Steps, s => s.ByHand);
        Assert.Contains("other", step.What, StringComparison.Ordinal);
        Assert.Contains(plan.Notices, n => n.Contains("zero loss is not promised", StringComparison.Ordinal));
        await using var running = new RunningCapture(server.Configuration, plan);
        await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.Streaming, Alarm: CaptureAlarm.Degraded, CommitsWait: false });
        Assert.Contains(running.Warnings, w => w.Contains("zero loss is not promised", StringComparison.Ordinal));
        await MetadataCapture.StopAsync(server.Configuration, TimeProvider.System, default);
        Assert.Equal("other", await server.Cluster.ValueAsync("postgres", "SHOW synchronous_standby_names"));
    }

    [PostgresAsRootFact]   // mounting needs root; a sink whose disk is full is tested without (WalReceiverTests)
    public async Task A_spool_whose_disk_is_full_is_told_and_confirms_nothing_till_there_is_room()
    {
        await using var server = await CapturedServer.StartAsync("stall_seconds: 1");
        Directory.CreateDirectory(server.Spool);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", server.Spool);
        try
        {
            await using var running = await server.CaptureAsync();
            await server.InsertAsync(1);
            await Assert.ThrowsAsync<NpgsqlException>(() => FillAsync(server));
            await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.SpoolFailed, Alarm: CaptureAlarm.Stalled });
            Assert.Contains("Free room", (await server.StatusAsync()).Message, StringComparison.Ordinal);
            await RunAsync("mount", "-o", "remount,size=64m", server.Spool);
            await CapturedServer.UntilAsync(async () => await server.StatusAsync() is { State: CaptureState.Streaming, LagBytes: 0 });
            await server.InsertAsync(2);
        }
        finally
        {
            await RunAsync("umount", server.Spool);
        }
    }

    private static async Task FillAsync(CapturedServer server)
    {
        await using var connection = await server.Cluster.ConnectAsync("postgres");
        await using var command = new NpgsqlCommand("INSERT INTO notes SELECT g, repeat('z', 900) FROM generate_series(1000, 6000) g", connection) { CommandTimeout = 3 };
        await command.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = System.Diagnostics.Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
