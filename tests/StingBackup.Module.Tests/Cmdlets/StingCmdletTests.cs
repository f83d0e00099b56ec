using System.Management.Automation;
using System.Management.Automation.Runspaces;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class StingCmdletTests : IDisposable
{
    private const string Run = "param($job) $job | Invoke-StingFake";
    private readonly HostedShell _shell = new(null, typeof(InvokeFakeCommand), typeof(Microsoft.PowerShell.Commands.GetCommandCommand));

    public void Dispose() => _shell.Dispose();

    private static StingException Error(string id = "ItemDamaged", FailureKind kind = FailureKind.Integrity) =>
        new(id, kind, "users/7/a.pdf is damaged.", "users/7/a.pdf", "Restore it from another point.");

    [Fact]
    public void Each_event_reaches_its_own_stream()
    {
        var job = new FakeJob
        {
            Events =
            [
                new InformationEvent("opened"), new VerboseEvent("chose zstd 3"), new WarningEvent("clock is slow"), new ItemFailedEvent(Error()),
                new OutputEvent("on the way"), new CompletedEvent("result"),
            ],
        };
        var result = _shell.Run("param($job) $job | Invoke-StingFake -Verbose", ("job", job));
        Assert.Null(result.Failure);
        Assert.Equal(["opened"], result.Information);
        Assert.Equal(["chose zstd 3"], result.Verbose);
        Assert.Equal(["clock is slow"], result.Warnings);
        Assert.Equal(["result"], result.Objects<string>());
        Assert.True(job.CleanedUp);
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("ItemDamaged,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.Equal("users/7/a.pdf", error.TargetObject);
        Assert.Equal("Restore it from another point.", error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void PassThru_emits_what_is_found_on_the_way()
    {
        var job = new FakeJob { Events = [new OutputEvent("one"), new CompletedEvent("result")] };
        Assert.Equal(["one", "result"], _shell.Run($"{Run} -PassThru", ("job", job)).Succeeded().Objects<string>());
    }

    [Fact]
    public void Progress_tells_bytes_items_and_time_left_and_ends_with_a_completed_record()
    {
        var job = new FakeJob { Events = [new ProgressEvent("Backup", "users/7", 5, 10, 1536, 4096, TimeSpan.FromSeconds(90)), new CompletedEvent(1)] };
        var progress = _shell.Run(Run, ("job", job)).Succeeded().Progress;
        Assert.Equal("5 of 10 items, 1.5 KB of 4.0 KB", progress[0].StatusDescription);
        Assert.Equal("users/7", progress[0].CurrentOperation);
        Assert.Equal(37, progress[0].PercentComplete);
        Assert.Equal(90, progress[0].SecondsRemaining);
        Assert.Equal(ProgressRecordType.Completed, progress[^1].RecordType);
        Assert.All(progress, p => Assert.Equal(progress[0].ActivityId, p.ActivityId));
    }

    [Fact]
    public void Progress_of_unknown_length_has_no_percentage()
    {
        var job = new FakeJob { Events = [new ProgressEvent("Scan", "", 5, null, 0, null, null), new CompletedEvent(1)] };
        var progress = _shell.Run(Run, ("job", job)).Succeeded().Progress;
        Assert.Equal(-1, progress[0].PercentComplete);
        Assert.Equal(-1, progress[0].SecondsRemaining);
    }

    [Fact]
    public void A_failed_job_ends_the_command_with_its_id_and_still_takes_its_progress_away()
    {
        var job = new FakeJob { Events = [new ProgressEvent("Backup", "", 1, null, 0, null, null)], Failure = Error("StoreFull", FailureKind.ResourceExhausted) };
        var result = _shell.Run("param($job) Invoke-StingFake -Job $job", ("job", job));
        Assert.Equal(ErrorCategory.LimitsExceeded, result.FailedWith("StoreFull").CategoryInfo.Category);
        Assert.Equal(ProgressRecordType.Completed, result.Progress[^1].RecordType);
    }

    [Fact]
    public void A_failed_input_of_many_lets_the_next_one_run()
    {
        var jobs = new[] { new FakeJob { Failure = Error() }, new FakeJob { Events = [new CompletedEvent("second")] } };
        var result = _shell.Run("param($jobs) $jobs | Invoke-StingFake", ("jobs", jobs));
        Assert.Null(result.Failure);
        Assert.Single(result.Errors);
        Assert.Equal(["second"], result.Objects<string>());
    }

    [Theory]
    [InlineData(typeof(UnauthorizedAccessException), "AccessDenied", ErrorCategory.PermissionDenied)]
    [InlineData(typeof(IOException), "InputOutputFailure", ErrorCategory.DeviceError)]
    [InlineData(typeof(FormatException), "UnexpectedFailure", ErrorCategory.DeviceError)]
    public void An_exception_of_the_platform_gets_an_id_and_a_category(Type type, string id, ErrorCategory category)
    {
        var job = new FakeJob { Failure = (Exception)Activator.CreateInstance(type, "no")! };
        var error = _shell.Run("param($job) Invoke-StingFake -Job $job", ("job", job)).FailedWith(id);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.IsType(type, error.Exception.InnerException);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_failure_has_a_true_category(FailureKind kind) =>
        Assert.NotEqual(ErrorCategory.NotSpecified, StingBackup.Cmdlets.Errors.ToRecord(Error(kind: kind)).CategoryInfo.Category);

    public static TheoryData<FailureKind> Kinds => [.. Enum.GetValues<FailureKind>()];

    [Fact]
    public void Stopping_ends_an_endless_job_and_waits_for_its_workers()
    {
        var job = new FakeJob { Endless = true };
        var result = _shell.RunAndStop(Run, job.Started, ("job", job));
        Assert.Equal(PSInvocationState.Stopped, result.State);
        Assert.True(job.CleanedUp);
    }

    [Fact]
    public void A_downstream_command_that_has_enough_stops_the_job_cleanly()
    {
        // Select-Object is not a Core command; break stops the upstream commands in the same way.
        var job = new FakeJob { Endless = true };
        var result = _shell.Run("param($job) foreach ($i in 1) { $job | Invoke-StingFake -PassThru | ForEach-Object { $_; break } }", ("job", job));
        Assert.Equal([0], result.Succeeded().Objects<int>());
        Assert.True(job.CleanedUp);
    }

    [Fact]
    public void A_downstream_command_that_blocks_holds_the_job_back_without_deadlock()
    {
        var job = new FakeJob { Events = [.. Enumerable.Range(0, 20).Select(i => new OutputEvent(i)), new CompletedEvent("done")] };
        var result = _shell.Run("param($job) $job | Invoke-StingFake -PassThru | ForEach-Object { [System.Threading.Thread]::Sleep(2); $_ }", ("job", job));
        Assert.Equal(21, result.Succeeded().Output.Count);
    }

    [Fact]
    public void A_background_job_carries_output_errors_and_progress()
    {
        var job = new FakeJob { Events = [new ProgressEvent("Backup", "", 1, null, 0, null, null), new ItemFailedEvent(Error()), new WarningEvent("slow"), new CompletedEvent("result")] };
        var result = _shell.Run("param($job) $background = Invoke-StingFake -Job $job -AsJob; $null = Wait-Job $background; $background.State.ToString(); Receive-Job $background", ("job", job));
        Assert.Equal(["Completed", "result"], result.Objects<string>());
        Assert.Equal(["slow"], result.Warnings);
        Assert.StartsWith("ItemDamaged", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void A_background_job_that_fails_says_so()
    {
        var job = new FakeJob { Failure = Error("StoreFull", FailureKind.ResourceExhausted) };
        var result = _shell.Run("param($job) $background = Invoke-StingFake -Job $job -AsJob; $null = Wait-Job $background; $background.State.ToString(); $background.StatusMessage; Receive-Job $background", ("job", job));
        Assert.Equal(["Failed", "users/7/a.pdf is damaged."], result.Objects<string>());
        Assert.StartsWith("StoreFull", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void A_background_job_is_received_and_removed_in_one_command()
    {
        var job = new FakeJob { Events = [new CompletedEvent("result")] };
        var result = _shell.Run("param($job) Invoke-StingFake -Job $job -AsJob | Receive-Job -Wait -AutoRemoveJob; @(Get-Job).Count.ToString()", ("job", job));
        Assert.Equal(["result", "0"], result.Succeeded().Objects<string>());
    }

    [Fact]
    public void Stop_Job_waits_for_the_workers()
    {
        var job = new FakeJob { Endless = true };
        var result = _shell.Run("param($job) $background = Invoke-StingFake -Job $job -AsJob; Stop-Job $background; $background.State.ToString()", ("job", job));
        Assert.Equal(["Stopped"], result.Succeeded().Objects<string>());
        Assert.True(job.CleanedUp);
    }
}
