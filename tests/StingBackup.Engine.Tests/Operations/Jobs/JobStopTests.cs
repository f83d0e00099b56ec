using StingBackup.Engine.Backup;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Operations.Daemon;

namespace StingBackup.Engine.Tests.Operations.Jobs;

/// <summary>Whoever may begin a job may stop it; what was asked stands in the audit log.</summary>
public sealed class JobStopTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 5, 4, 19, 0, 0, TimeSpan.Zero);
    private static readonly Guid Me = Guid.Parse("6f0c1f0e-4a53-4d05-a6a8-0d6a2a2f6d10");
    private readonly DaemonSite _site = new(Start, "UTC");

    public void Dispose() => _site.Dispose();

    private JobPlace Place => JobPlace.Of(_site.Configuration, _site.Clock);

    private async Task<Installation> OpenAsync(AccessRole? role = null)
    {
        var access = role is { } given ? new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>> { [given] = [new AccessIdentity(IdentityKind.Kratos, Me.ToString())] }, []) : AccessPolicy.None;
        return await Installation.OpenAsync(_site.Configuration with { Access = access }, new InstallationOptions { Clock = _site.Clock, Caller = role is null ? null : Caller.OfProcess with { Portal = new AccessIdentity(IdentityKind.Kratos, Me.ToString()) } }, default);
    }

    /// <summary>A job that waits until it is stopped.</summary>
    private async Task<Exception?> WaitAsync(string kind, TaskCompletionSource began)
    {
        try
        {
            await foreach (var _ in JobStream.RunAsync(_site.Clock, (output, token) => JobRegister.AroundAsync(Place with { Every = TimeSpan.FromMilliseconds(10) }, kind, output, async stop =>
            {
                began.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return "";
            }, token), default))
            {
                // Waits.
            }
            return null;
        }
        catch (StingException e)
        {
            return e;
        }
    }

    [Fact]
    public async Task A_job_is_planned_stopped_and_recorded()
    {
        await using var installation = await OpenAsync();
        var began = new TaskCompletionSource();
        var job = WaitAsync("backup-full", began);
        await began.Task;
        var running = Assert.Single(JobReader.List(_site.Configuration, new JobQuery(), _site.Clock));
        var plan = JobStop.Plan(installation, running.Id);
        Assert.Equal((running.Id, "backup-full"), (plan.Job.Id, plan.Job.Kind));
        Assert.Contains("No restore point", plan.Effect, StringComparison.Ordinal);
        Assert.False(File.Exists(Place.StopOf(running.Id)));   // a plan changes nothing
        Assert.False(job.IsCompleted);

        var ended = await JobStop.RunAsync(installation, plan, TimeSpan.FromSeconds(30), default);
        Assert.Equal((HostJobState.Stopped, installation.Caller.Actor), (ended.State, ended.StoppedBy));
        Assert.Equal("JobStopped", Assert.IsType<StingException>(await job).ErrorId);
        var record = (await AuditReader.ReadAsync(installation, default))[^1];
        Assert.Equal((AuditEvent.Noted, "Stop-StingBackupJob", "Stop(backup-full)"), (record.Event, record.Command, record.Outcome));
        // It can be stopped once.
        Assert.Equal("JobNotRunning", Assert.Throws<StingException>(() => JobStop.Plan(installation, running.Id)).ErrorId);
        Assert.Equal("JobNotFound", Assert.Throws<StingException>(() => JobStop.Plan(installation, "nothing")).ErrorId);
    }

    [Theory]
    [InlineData("backup-full", AccessRole.BackupOperator, true)]
    [InlineData("backup-full", AccessRole.SecurityTeam, false)]
    [InlineData("restore", AccessRole.BackupOperator, false)]
    [InlineData("restore", AccessRole.SystemAdmin, true)]
    [InlineData("drill", AccessRole.BackupOperator, true)]
    [InlineData("drill", AccessRole.SecurityTeam, false)]
    [InlineData("prune", AccessRole.SystemAdmin, false)]
    [InlineData("prune", AccessRole.ComplianceOfficer, true)]
    public async Task Whoever_may_begin_a_job_may_stop_it(string kind, AccessRole role, bool may)
    {
        await using var installation = await OpenAsync(role);
        var began = new TaskCompletionSource();
        var job = WaitAsync(kind, began);
        await began.Task;
        var id = JobReader.List(Place, new JobQuery(), TimeZoneInfo.Utc)[0].Id;
        if (may)
        {
            await JobStop.RunAsync(installation, JobStop.Plan(installation, id), TimeSpan.FromSeconds(30), default);
        }
        else
        {
            Assert.Equal("AccessDenied", Assert.Throws<StingException>(() => JobStop.Plan(installation, id)).ErrorId);
            // A plan that was made by somebody else helps nobody.
            var plan = new JobStopPlan { Job = JobReader.List(Place, new JobQuery(), TimeZoneInfo.Utc)[0], Effect = "" };
            Assert.Equal("AccessDenied", (await Assert.ThrowsAsync<StingException>(async () => await JobStop.RunAsync(installation, plan, TimeSpan.FromSeconds(30), default))).ErrorId);
            Assert.False(job.IsCompleted);
            await using var root = await OpenAsync();
            await JobStop.RunAsync(root, JobStop.Plan(root, id), TimeSpan.FromSeconds(30), default);
        }
        Assert.Equal("JobStopped", Assert.IsType<StingException>(await job).ErrorId);
    }

    [Fact]
    public async Task A_job_that_does_not_end_is_told_with_its_process()
    {
        await using var installation = await OpenAsync();
        var (began, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var deaf = Task.Run(async () =>
        {
            await foreach (var _ in JobStream.RunAsync(_site.Clock, (output, token) => JobRegister.AroundAsync(Place, "verify", output, async _ =>
            {
                began.SetResult();
                await go.Task;
                return "";
            }, token), default))
            {
                // Waits.
            }
        });
        await began.Task;
        var plan = JobStop.Plan(installation, JobReader.List(Place, new JobQuery(), TimeZoneInfo.Utc)[0].Id);
        var error = await Assert.ThrowsAsync<StingException>(async () => await JobStop.RunAsync(installation, plan, TimeSpan.FromMilliseconds(200), default));
        Assert.Equal(("JobNotStopped", FailureKind.Busy), (error.ErrorId, error.Kind));
        Assert.Contains($"process {Environment.ProcessId}", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(HostJobState.Stopping, JobReader.List(Place, new JobQuery(), TimeZoneInfo.Utc)[0].State);
        go.SetResult();
        await deaf;
    }

    [Fact]
    public async Task Jobs_of_the_engine_are_noted_with_their_runs()
    {
        await using var installation = await OpenAsync();
        var plan = await BackupJob.PlanAsync(installation, BackupType.Full, null, due: false, default);
        var result = await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
        var job = Assert.Single(JobReader.List(_site.Configuration, new JobQuery { Last = 10 }, _site.Clock));
        Assert.Equal(("backup-full", HostJobState.Completed, result.BackupId), (job.Kind, job.State, job.BackupId));
        Assert.True(job.Items > 0);
    }
}
