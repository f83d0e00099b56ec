using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Jobs;

/// <summary>Each job is seen while it runs, from any process, and remembered when it has ended; one that died is never told as running.</summary>
public sealed class JobRegisterTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 5, 4, 2, 0, 0, TimeSpan.Zero);
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Start);

    private JobPlace Place => new(Path.Combine(_folder.Path, "jobs"), _clock) { Every = TimeSpan.FromMilliseconds(10) };

    public void Dispose() => _folder.Dispose();

    private async Task<List<JobEvent>> RunAsync(string kind, Func<JobOutput, CancellationToken, Task<object>> work, CancellationToken cancel = default)
    {
        var told = new List<JobEvent>();
        await foreach (var happened in JobStream.RunAsync(_clock, (output, token) => JobRegister.AroundAsync(Place, kind, output, stop => work(output, stop), token), cancel))
        {
            told.Add(happened);
        }
        return told;
    }

    private IReadOnlyList<HostJob> List(JobQuery? query = null) => JobReader.List(Place, query ?? new JobQuery(), TimeZoneInfo.Utc);

    private IReadOnlyList<HostJob> Past() => List(new JobQuery { Last = 1000 });

    private static async Task<T> UntilAsync<T>(Func<T?> look) where T : class
    {
        for (var i = 0; i < 1000; i++)
        {
            if (look() is { } found)
            {
                return found;
            }
            await Task.Delay(10);
        }
        throw new TimeoutException();
    }

    [Fact]
    public async Task A_job_is_seen_while_it_runs_and_remembered_when_it_has_ended()
    {
        await RunAsync("backup-full", async (output, _) =>
        {
            output.Progress.Stage = "databases";
            output.Progress.Status = "users/7/secret diary.txt";
            output.Progress.TotalItems = 10;
            output.Progress.Add(4, 400);
            var seen = await UntilAsync(() => List().SingleOrDefault(job => job is { Stage: "databases", TotalItems: 10, Items: 4, Bytes: 400 }));
            Assert.Equal(("backup-full", HostJobState.Running, Environment.ProcessId, Environment.UserName, 4L, 400L, 10L), (seen.Kind, seen.State, seen.ProcessId, seen.User, seen.Items, seen.Bytes, seen.TotalItems));
            Assert.Matches("^20260504T020000-[0-9a-f]{6}$", seen.Id);
            Assert.Equal((Start, null, true), (seen.StartedTime, seen.CompletedTime, seen.IsRunning));
            _clock.Advance(TimeSpan.FromMinutes(5));
            output.Progress.Add(1, 100);
            return new BackupResult
            {
                BackupId = "backup_20260504_020000", Type = BackupType.Full, State = JobState.CompletedWithErrors, StartedTime = Start, Duration = TimeSpan.Zero, Items = 0, ItemsRead = 0, Errors = 1, Length = 0, BytesRead = 0,
                BytesNew = 0, BytesStored = 0, Subjects = 0, Classes = [],
            };
        });
        Assert.Empty(List());
        var ended = Assert.Single(Past());
        Assert.Equal((HostJobState.CompletedWithErrors, 5L, 500L, "backup_20260504_020000", "", TimeSpan.FromMinutes(5), false), (ended.State, ended.Items, ended.Bytes, ended.BackupId, ended.Stage, ended.Duration, ended.IsRunning));
        Assert.Equal(ended, Assert.Single(List(new JobQuery { Id = ended.Id })));
        Assert.Equal(["history.jsonl", "history.lock"], Directory.GetFiles(Place.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        // Names of what people keep stand nowhere.
        Assert.All(Directory.GetFiles(Place.Folder), path => Assert.DoesNotContain("diary", File.ReadAllText(path), StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Place.History));
        }
    }

    [Fact]
    public async Task How_it_ended_is_told()
    {
        await RunAsync("verify", (output, _) => Task.FromResult<object>("done"));
        await Assert.ThrowsAsync<StingException>(() => RunAsync("prune", (_, _) => throw new StingException("StoreFull", FailureKind.ResourceExhausted, "users/7/diary.txt does not fit", null, "")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("repair", (_, _) => throw new InvalidOperationException("users/7")));
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync("restore", async (_, token) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return "";
        }, cancel.Token));
        Assert.Equal([("prune", HostJobState.Failed, "StoreFull"), ("repair", HostJobState.Failed, "UnexpectedFailure"), ("restore", HostJobState.Stopped, ""), ("verify", HostJobState.Completed, "")],
            Past().OrderBy(j => j.Kind, StringComparer.Ordinal).Select(j => (j.Kind, j.State, j.ErrorId)));
        Assert.DoesNotContain("diary", await File.ReadAllTextAsync(Place.History), StringComparison.Ordinal);
        Assert.Equal(["prune", "repair"], List(new JobQuery { States = [HostJobState.Failed] }).Select(j => j.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_past_is_asked_for_by_number_time_and_state()
    {
        for (var i = 0; i < 5; i++)
        {
            await RunAsync($"sync-{i}", (_, _) => Task.FromResult<object>(""));
            _clock.Advance(TimeSpan.FromHours(1));
        }
        Assert.Equal(["sync-3", "sync-4"], List(new JobQuery { Last = 2 }).Select(j => j.Kind));
        Assert.Equal(["sync-3", "sync-4"], List(new JobQuery { Since = Start.AddHours(3) }).Select(j => j.Kind));
        Assert.Equal(["sync-4"], List(new JobQuery { Since = Start.AddHours(3), Last = 1, States = [HostJobState.Completed] }).Select(j => j.Kind));
        Assert.Empty(List(new JobQuery { States = [HostJobState.Died] }));
        Assert.Equal("JobNotFound", Assert.Throws<StingException>(() => List(new JobQuery { Id = "20260101T000000-1" })).ErrorId);
        // A line that a power cut tore takes no other one with it.
        await File.AppendAllTextAsync(Place.History, "{\"Id\":\"2026");
        await RunAsync("sync-5", (_, _) => Task.FromResult<object>(""));
        Assert.Equal(["sync-4", "sync-5"], List(new JobQuery { Last = 2 }).Select(j => j.Kind));
    }

    [Fact]
    public async Task A_long_history_loses_its_older_half()
    {
        Directory.CreateDirectory(Place.Folder);
        var note = new JobNote { Id = "x", Kind = "sync-remote", Process = 1, User = "u", Started = Start, Updated = Start };
        await File.WriteAllLinesAsync(Place.History, Enumerable.Range(0, 20_000).Select(i => JsonSerializer.Serialize(note with { Id = $"job-{i:00000}" })));
        var before = new FileInfo(Place.History).Length;
        Assert.True(before > 4 << 20, "this test needs a longer history");
        await RunAsync("verify", (_, _) => Task.FromResult<object>(""));
        var past = JobHistory.Read(Place);
        Assert.Equal(("job-10000", "verify", 10_001), (past[0].Id, past[^1].Kind, past.Count));
    }

    [UnixFact]
    public async Task A_job_in_another_process_is_seen_stopped_and_when_it_was_killed_told_as_dead()
    {
        Directory.CreateDirectory(Place.Folder);
        using (var child = ChildProgram.Start([], "job", Place.Folder))
        {
            Assert.Equal("began", await child.StandardOutput.ReadLineAsync());
            var seen = await UntilAsync(() => List().SingleOrDefault(j => j.Items == 3));
            Assert.Equal((child.Id, HostJobState.Running, "files and secrets", 4096L), (seen.ProcessId, seen.State, seen.Stage, seen.Bytes));
            // In one step, as the command does: the job looks all the time.
            await File.WriteAllTextAsync(Place.StopOf(seen.Id) + ".new", "ada@host");
            File.Move(Place.StopOf(seen.Id) + ".new", Place.StopOf(seen.Id));
            Assert.Equal("The job was stopped by ada@host.", await child.StandardOutput.ReadLineAsync());
            await child.WaitForExitAsync();
            Assert.Equal(0, child.ExitCode);
            var ended = List(new JobQuery { Id = seen.Id })[0];
            Assert.Equal((HostJobState.Stopped, "ada@host", "JobStopped"), (ended.State, ended.StoppedBy, ended.ErrorId));
        }
        using (var child = ChildProgram.Start([], "job", Place.Folder))
        {
            Assert.Equal("began", await child.StandardOutput.ReadLineAsync());
            var seen = await UntilAsync(() => List().SingleOrDefault(j => j.Items == 3));
            child.Kill();
            await child.WaitForExitAsync();
            var dead = Assert.Single(List());
            Assert.Equal((seen.Id, HostJobState.Died, dead.UpdatedTime), (dead.Id, dead.State, dead.CompletedTime));
            Assert.True(dead.UpdatedTime >= seen.UpdatedTime);
            // The next job puts it among those of the past.
            await RunAsync("verify", (_, _) => Task.FromResult<object>(List().Count));
            Assert.Empty(List());
            Assert.Equal(dead, List(new JobQuery { Id = seen.Id })[0]);
            Assert.Equal(["history.jsonl", "history.lock"], Directory.GetFiles(Place.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
    }

    [UnixFact]
    public async Task That_nothing_can_be_noted_keeps_no_job_from_its_work()
    {
        await File.WriteAllTextAsync(Place.Folder, "a file where the folder should be");
        var told = await RunAsync("verify", (_, _) => Task.FromResult<object>("done"));
        Assert.Equal("done", told.OfType<CompletedEvent>().Single().Result);
        Assert.Contains(told, e => e is VerboseEvent verbose && verbose.Message.Contains("could not be noted", StringComparison.Ordinal));
    }
}
