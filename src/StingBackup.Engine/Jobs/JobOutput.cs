using System.Threading.Channels;

namespace StingBackup.Engine.Jobs;

/// <summary>What a job's body writes its events to. Safe to call from any thread; waits when the reader is slow.</summary>
public sealed class JobOutput
{
    private readonly ChannelWriter<JobEvent> _writer;
    private readonly CancellationToken _cancel;
    private long _errors;

    internal JobOutput(ChannelWriter<JobEvent> writer, CancellationToken cancel) => (_writer, _cancel) = (writer, cancel);

    /// <summary>For what is part of a job and tells nobody.</summary>
    internal static JobOutput ToNobody() => new(Channel.CreateBounded<JobEvent>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }).Writer, default);

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
