using System.Security.Cryptography;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Operations.Daemon;

/// <summary>Tasks that go one after the other.</summary>
internal sealed class DaemonLane(IReadOnlyList<TaskClock> tasks, TaskRunner runner, DaemonHost host, JobOutput output, Action<ScheduledTask, DateTimeOffset> note)
{
    /// <summary>Runs until it is cancelled. A failure that is none of a task's ends the other lanes too.</summary>
    public async Task RunAsync(CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                stop.Token.ThrowIfCancellationRequested();
                var next = tasks.OrderBy(t => t.Due <= host.Clock.GetUtcNow() ? DateTimeOffset.MinValue : t.Due).ThenBy(t => t.Task).First();
                if (next.Due > host.Clock.GetUtcNow())
                {
                    await host.UntilAsync(next.Due, stop.Token).ConfigureAwait(false);
                    continue;
                }
                await RunAsync(next, stop.Token).ConfigureAwait(false);
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RunAsync(TaskClock task, CancellationToken cancel)
    {
        var due = task.Due;
        if (host.JitterSeconds > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32(host.JitterSeconds + 1)), host.Clock, cancel).ConfigureAwait(false);
        }
        var started = host.Clock.GetUtcNow();
        try
        {
            var state = await runner.RunAsync(task.Task, cancel).ConfigureAwait(false);
            task.Succeeded(started);
            note(task.Task, started);
            Tell(new DaemonRun(task.Task, due, started, state, ""));
        }
        catch (StingException e) when (e.ErrorId is "BackupRunning" or "SyncRunning")
        {
            // A run of somebody's own, or of the other lane: nothing is wrong, and it is tried again soon.
            task.Failed(host.Clock.GetUtcNow());
            output.Explain($"{task.Task}: {e.Message}");
        }
        catch (StingException e) when (e.ErrorId == "JobStopped")
        {
            // Somebody does not want it now: it comes at its next time, and not a minute later.
            task.Succeeded(host.Clock.GetUtcNow());
            output.Warn($"{task.Task}: {e.Message} It begins again at {Display.Time(task.Due)} UTC.");
            Tell(new DaemonRun(task.Task, due, started, JobState.Cancelled, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // Whatever it is, the daemon goes on: the next run may do well, and nobody else would try.
            task.Failed(host.Clock.GetUtcNow());
            output.Warn($"{task.Task} failed, and is tried again at {Display.Time(task.Due)} UTC: {e.Message}{(e is StingException sting ? $" {sting.Remedy}" : "")}");
            Tell(new DaemonRun(task.Task, due, started, JobState.Failed, e.Message));
        }
    }

    private void Tell(DaemonRun run)
    {
        host.Ran?.Invoke(run);
        output.Emit(run);
    }
}
