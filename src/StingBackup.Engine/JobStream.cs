using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.Operations.Logging;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Engine;

/// <summary>What a job has done so far. Workers add to it; the stream turns it into progress events.</summary>
public sealed class JobProgress
{
    private long _items, _bytes;

    /// <summary>What is being done, for people.</summary>
    public string Activity { get; set; } = "";
    /// <summary>The item at hand, for people.</summary>
    public string Status { get; set; } = "";
    /// <summary>Items in all, or null while unknown.</summary>
    public long? TotalItems { get; set; }
    /// <summary>Bytes in all, or null while unknown.</summary>
    public long? TotalBytes { get; set; }
    /// <summary>What is at work within the activity, for those that look on from elsewhere. Never a name or a path.</summary>
    public string Stage { get; set; } = "";
    /// <summary>Where a job is limited: called whenever a piece of work is finished, and rests as long as it must.</summary>
    internal Action? Rest { get; set; }
    /// <summary>Items finished.</summary>
    public long Items => Interlocked.Read(ref _items);
    /// <summary>Bytes finished.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Counts finished work.</summary>
    public void Add(long items, long bytes)
    {
        Interlocked.Add(ref _items, items);
        Interlocked.Add(ref _bytes, bytes);
        Rest?.Invoke();
    }

    internal ProgressEvent Snapshot(TimeSpan elapsed)
    {
        var (items, bytes) = (Items, Bytes);
        TimeSpan? remaining = TotalBytes is > 0 && bytes > 0 && elapsed > TimeSpan.FromSeconds(1)
            ? elapsed * Math.Max(0, (double)TotalBytes.Value / bytes - 1) : null;
        return new ProgressEvent(Activity, Status, items, TotalItems, bytes, TotalBytes, remaining);
    }
}

/// <summary>What a job's body writes its events to. Safe to call from any thread; waits when the reader is slow.</summary>
public sealed class JobOutput
{
    private readonly ChannelWriter<JobEvent> _writer;
    private readonly CancellationToken _cancel;
    private long _errors;

    internal JobOutput(ChannelWriter<JobEvent> writer, CancellationToken cancel) => (_writer, _cancel) = (writer, cancel);

    /// <summary>Counters behind the progress events.</summary>
    public JobProgress Progress { get; } = new();

    /// <summary>Items that failed so far.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Whether what fails is a warning: the job has done what it was for, and only something behind it fails.</summary>
    internal bool TellsFailures { get; set; }

    /// <summary>One item failed; the job goes on. <paramref name="count"/> when the one failure stands for many items.</summary>
    public void Failed(StingException error, long count = 1)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (TellsFailures)
        {
            Warn($"{error.Message} {error.Remedy}");
            return;
        }
        Interlocked.Add(ref _errors, count);
        Write(new ItemFailedEvent(error));
    }

    /// <summary>Something was degraded, but done.</summary>
    public void Warn(string message) => Write(new WarningEvent(message));

    /// <summary>The same at the end of a job, whose reader may have left.</summary>
    internal void TryWarn(string message) => _writer.TryWrite(new WarningEvent(message));

    /// <summary>A decision of somebody who must not wait for the reader.</summary>
    internal void TryExplain(string message) => _writer.TryWrite(new VerboseEvent(message));

    /// <summary>A milestone.</summary>
    public void Tell(string message) => Write(new InformationEvent(message));

    /// <summary>A decision.</summary>
    public void Explain(string message) => Write(new VerboseEvent(message));

    /// <summary>An object of the result.</summary>
    public void Emit(object value) => Write(new OutputEvent(value));

    private void Write(JobEvent jobEvent)
    {
        if (!_writer.TryWrite(jobEvent))
        {
            _writer.WriteAsync(jobEvent, _cancel).AsTask().GetAwaiter().GetResult();
        }
    }
}

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
        return JobLog.FollowAsync(installation, command, RunAsync(installation.Clock,
            (output, token) => JobRegister.AroundAsync(JobPlace.Of(installation), command, output, stop => ConfiguredLimits.AroundAsync(installation, command, output, () => job(output, stop), stop), token), cancel), cancel);
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
