using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Jobs.Logging;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Engine;

/// <summary>
/// Runs a job's body beside its reader: events flow through a bounded channel; when the reader leaves, for whatever reason, the
/// body is cancelled and awaited.
/// </summary>
public static class JobStream
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs a body and logs what it tells; the last event is its result. After a backup, a sync, a verification or a repair metrics and alerts are brought up to date.</summary>
    /// <param name="installation">Whose clock counts, and whose configuration says where logs go.</param>
    /// <param name="command">Names the log: letters, digits and <c>-</c>.</param>
    /// <param name="body">The work.</param>
    /// <param name="cancel">Cancels.</param>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, string command, Func<JobOutput, CancellationToken, Task<object>> body, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(body);
        if (RunWatch.Follows(command))
        {
            var work = body;
            body = (output, token) => RunWatch.AroundAsync(installation, output, () => work(output, token), token);
        }
        var job = body;
        return JobLog.FollowAsync(installation.Configuration?.Log, installation.Clock, command, RunAsync(installation.Clock,
            (output, token) => JobRegister.AroundAsync(installation.JobPlace, command, output, stop => ConfiguredLimits.AroundAsync(installation, command, output, () => job(output, stop), stop), token), cancel), cancel);
    }

    /// <summary>Runs a body; the last event is its result.</summary>
    public static async IAsyncEnumerable<JobEvent> RunAsync(
        TimeProvider clock, Func<JobOutput, CancellationToken, Task<object>> body, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(body);
        var channel = Channel.CreateBounded<JobEvent>(new BoundedChannelOptions(256) { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var output = new JobOutput(channel.Writer, stop.Token);
        var work = Task.Run(async () =>
        {
            try
            {
                var result = await body(output, stop.Token).ConfigureAwait(false);
                await channel.Writer.WriteAsync(new CompletedEvent(result), stop.Token).ConfigureAwait(false);
                channel.Writer.Complete();
            }
            catch (Exception e)
            {
                channel.Writer.Complete(e);
                throw;
            }
        }, CancellationToken.None);
        try
        {
            var started = clock.GetTimestamp();
            var lastProgress = started;
            while (true)
            {
                using (var tick = CancellationTokenSource.CreateLinkedTokenSource(stop.Token))
                {
                    tick.CancelAfter(ProgressEvery);
                    try
                    {
                        if (!await channel.Reader.WaitToReadAsync(tick.Token).ConfigureAwait(false))
                        {
                            break;
                        }
                    }
                    catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                    {
                        // Nothing happened for a while: time for progress.
                    }
                }
                stop.Token.ThrowIfCancellationRequested();
                var completed = false;
                while (channel.Reader.TryRead(out var next))
                {
                    completed |= next is CompletedEvent;
                    yield return next;
                }
                if (!completed && output.Progress.Activity.Length > 0 && clock.GetElapsedTime(lastProgress) >= ProgressEvery)
                {
                    lastProgress = clock.GetTimestamp();
                    yield return output.Progress.Snapshot(clock.GetElapsedTime(started));
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            try
            {
                await work.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The reader left or cancelled: that the body stopped is what was asked for.
            }
        }
    }
}
