using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Jobs of the host as administrators see and stop them.</summary>
public sealed class JobTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public JobTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Run("Get-Job | Remove-Job -Force").Succeeded();
        _shell.Dispose();
        _sample.Dispose();
    }

    private List<HostJob> Jobs(string arguments = "") => [.. _shell.Run($"Get-StingBackupJob {arguments}").Succeeded().Objects<HostJob>()];

    [CulturedFact]
    public void What_ran_is_shown_by_number_time_and_state()
    {
        var result = _shell.Run("Invoke-StingBackup").Succeeded().Objects<BackupResult>().Single();
        Assert.Empty(Jobs());
        var job = Assert.Single(Jobs("-Last 1"));
        Assert.Equal(("backup-incremental", HostJobState.Completed, Environment.ProcessId, result.BackupId), (job.Kind, job.State, job.ProcessId, job.BackupId));
        Assert.Equal(job, Assert.Single(Jobs(job.Id)));
        Assert.Equal(job, Jobs("-State Completed")[^1]);
        Assert.Contains(job, Jobs($"-Since {job.StartedTime:yyyy-MM-dd}"));
        Assert.Empty(Jobs("-Since 2100-01-01"));
        Assert.Empty(Jobs("-State Failed, Died"));
        _shell.Run("Get-StingBackupJob 20240115T020000-000000").FailedWith("JobNotFound");
        _shell.Run($"Stop-StingBackupJob {job.Id}").FailedWith("JobNotRunning");
    }

    [CulturedFact]
    public void A_job_that_runs_is_completed_planned_and_stopped()
    {
        _shell.Run("$null = Start-StingBackupDaemon -AsJob").Succeeded();
        HostJob? daemon = null;
        for (var i = 0; i < 1000 && daemon is null; i++)
        {
            daemon = Jobs("-State Running").SingleOrDefault(j => j.Kind == "daemon");
            Thread.Sleep(10);
        }
        Assert.NotNull(daemon);
        Assert.Equal((HostJobState.Running, Environment.UserName), (daemon.State, daemon.User));
        Assert.Contains(daemon.Id, _shell.Run("(TabExpansion2 'Stop-StingBackupJob ' 20).CompletionMatches.CompletionText").Succeeded().Output.Select(o => o.ToString()));
        var plan = _shell.Run($"Stop-StingBackupJob {daemon.Id} -WhatIf").Succeeded().Objects<JobStopPlan>().Single();
        Assert.Equal(daemon.Id, plan.Job.Id);
        Assert.True(Jobs(daemon.Id)[0].IsRunning);
        _shell.Run($"Stop-StingBackupJob {daemon.Id} -MaxWait soon").FailedWith("DurationNotUnderstood");

        var ended = _shell.Run($"Get-StingBackupJob {daemon.Id} | Stop-StingBackupJob").Succeeded().Objects<HostJob>().Single();
        Assert.Equal(HostJobState.Stopped, ended.State);
        Assert.StartsWith(Environment.UserName + "@", ended.StoppedBy, StringComparison.Ordinal);
        // An order that was followed is no failure.
        Assert.Equal("Completed", _shell.Run("(Get-Job | Wait-Job).State").Succeeded().Output.Single().ToString());
        Assert.Equal("Stop(daemon)", _shell.Run("Get-StingAuditEvent").Succeeded().Objects<AuditEntry>().Last(e => e.Command == "Stop-StingBackupJob").Outcome);
    }
}
