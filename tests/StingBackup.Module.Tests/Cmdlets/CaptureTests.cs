using System.Globalization;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>The cmdlets of the capture against a private server.</summary>
public sealed class CaptureTests : IDisposable
{
    private const string Begin = """
        $script:job = Start-StingMetadataCapture -AsJob
        $deadline = [datetime]::UtcNow.AddSeconds(30)
        # Whether commits wait the server tells at once; how the capture stands it writes each second.
        while ($true) {
            $now = Get-StingMetadataCapture
            if ($now.CommitsWait -and $now.State -eq 'Streaming') { break }
            if ($job.State -ne 'Running' -or [datetime]::UtcNow -gt $deadline) { throw "It does not begin: $($job | Receive-Job)" }
            [System.Threading.Thread]::Sleep(100)
        }
        """;

    private readonly CapturedSample? _captured = PostgresBinaries.Missing is null ? CapturedSample.Create() : null;
    private readonly HostedShell? _shell;

    public CaptureTests() => _shell = _captured?.Sample.OpenShell();

    private CapturedSample Captured => _captured!;
    private HostedShell Shell => _shell!;

    public void Dispose()
    {
        _shell?.Dispose();
        _captured?.Dispose();
    }

    [PostgresFact]
    public void WhatIf_outputs_what_the_server_would_be_told_and_tells_it_nothing()
    {
        var plan = Shell.Run("Start-StingMetadataCapture -WhatIf").Succeeded().Objects<CapturePlan>().Single();
        Assert.Contains(plan.Steps, s => s.Statement.Contains("synchronous_standby_names", StringComparison.Ordinal));
        Assert.Equal("block", plan.WhenStalled);
        Assert.Equal("0", Captured.Value("SELECT count(*) FROM pg_replication_slots"));
        Assert.Equal(CaptureState.Off, Shell.Run("Get-StingMetadataCapture").Succeeded().Objects<CaptureStatus>().Single().State);
    }

    [PostgresFact]
    public void A_job_captures_until_it_is_stopped_and_everything_is_taken_back()
    {
        Shell.Run(Begin).Succeeded();
        Captured.Execute("INSERT INTO notes VALUES (2)");
        var status = Shell.Run("Get-StingMetadataCapture").Succeeded().Objects<CaptureStatus>().Single();
        Assert.Equal((CaptureState.Streaming, CaptureAlarm.None, "\"sting_capture\""), (status.State, status.Alarm, status.SynchronousStandbyNames));
        Assert.NotNull(status.OldestUnsealed);
        var plan = Shell.Run("Stop-StingMetadataCapture -WhatIf").Succeeded().Objects<CaptureStopPlan>().Single();
        Assert.True(plan.IsRunning);
        Assert.NotEmpty(plan.Statements);
        Assert.Equal(CaptureState.Streaming, Shell.Run("Get-StingMetadataCapture").Succeeded().Objects<CaptureStatus>().Single().State);
        var stopped = Shell.Run("Stop-StingMetadataCapture; $job | Wait-Job | Receive-Job").Succeeded().Objects<CaptureStatus>();
        Assert.All(stopped, s => Assert.Equal("sting_capture", s.Slot));
        Assert.Equal((CaptureState.Off, ""), (stopped[0].State, stopped[0].SynchronousStandbyNames));
        Assert.Equal("Completed", Shell.Run("$job.State.ToString()").Succeeded().Output.Single().ToString());
    }

    [PostgresFact]
    public void A_server_comes_back_as_of_a_moment_and_as_of_its_last_commit()
    {
        Shell.Run(Begin).Succeeded();
        Captured.Execute("INSERT INTO notes VALUES (2)");
        var moment = Captured.Value("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"Z\"')");
        Captured.Execute("INSERT INTO notes VALUES (3)");
        var latest = Shell.Run("param($to) Restore-StingDatabase $to", ("to", Path.Combine(Captured.Cluster.Root, "latest"))).Succeeded().Objects<DatabaseRestoreResult>().Single();
        Assert.Equal(["1", "2", "3"], CapturedSample.NotesOf(latest.DataDirectory));
        var earlier = Shell.Run("param($to, $date) Restore-StingDatabase $to -Date $date", ("to", Path.Combine(Captured.Cluster.Root, "earlier")), ("date", moment)).Succeeded().Objects<DatabaseRestoreResult>().Single();
        Assert.Equal(["1", "2"], CapturedSample.NotesOf(earlier.DataDirectory));
        Assert.Equal(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture), earlier.Target);
        Assert.Contains(earlier.HowToStart, l => l.Contains("pg_ctl", StringComparison.Ordinal));
        Shell.Run("$job | Stop-Job").Succeeded();
    }

    [PostgresFact]
    public void WhatIf_of_a_restore_outputs_its_plan_and_writes_nothing()
    {
        var to = Captured.Sample["recovered"];
        var plan = Shell.Run("param($to) Restore-StingDatabase $to -WhatIf", ("to", to)).Succeeded().Objects<DatabaseRestorePlan>().Single();
        Assert.Null(plan.Target);
        Assert.True(plan.Files > 100);
        Assert.False(Directory.Exists(to));
        Assert.Equal(System.Management.Automation.ErrorCategory.ObjectNotFound, Shell.Run("param($to) Restore-StingDatabase $to -Date 2024-01-15", ("to", to)).FailedWith("DatabaseBackupMissing").CategoryInfo.Category);
    }

    [Fact]
    public void Without_a_configured_capture_each_says_what_is_missing()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        foreach (var command in (string[])["Start-StingMetadataCapture", "Stop-StingMetadataCapture", "Get-StingMetadataCapture"])
        {
            Assert.Contains("capture.enabled", shell.Run(command).FailedWith("CaptureNotConfigured").ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        }
        shell.Run("Restore-StingDatabase ./recovered").FailedWith("DatabaseBackupMissing");
    }
}
