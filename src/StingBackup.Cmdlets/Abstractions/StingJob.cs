using System.Management.Automation;
using PSJobState = System.Management.Automation.JobState;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A running engine job as PowerShell knows jobs: Wait-, Receive- and Stop-Job carry output, errors and progress.</summary>
/// <remarks>Not a Job2: Receive-Job -AutoRemoveJob looks for one of those in job source adapters alone, and fails where it is in none.</remarks>
internal sealed class StingJob : Job
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _command;
    private readonly IAsyncEnumerable<JobEvent> _events;
    private readonly bool _passThru;
    private Task _work = Task.CompletedTask;
    private string _failure = "";
    private int _started;

    /// <summary>Makes a job that has not started.</summary>
    /// <param name="command">The command line that asked for it.</param>
    /// <param name="name">The cmdlet's name.</param>
    /// <param name="events">What it runs; enumerated once.</param>
    /// <param name="passThru">As in <see cref="EventWriter"/>.</param>
    public StingJob(string command, string name, IAsyncEnumerable<JobEvent> events, bool passThru) : base(command)
    {
        _command = name;
        _events = events;
        _passThru = passThru;
        PSJobTypeName = nameof(StingJob);
    }

    /// <inheritdoc/>
    public override string StatusMessage => _failure;

    /// <inheritdoc/>
    public override bool HasMoreData => Output.Count > 0 || Error.Count > 0 || Warning.Count > 0 || Verbose.Count > 0 || Information.Count > 0 || Progress.Count > 0;

    /// <inheritdoc/>
    public override string Location => Environment.MachineName;

    /// <summary>Begins it; once.</summary>
    public void StartJob()
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidJobStateException(JobStateInfo.State, "A job of StingBackup runs once.");
        }
        SetJobState(PSJobState.Running);
        _work = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        var writer = new EventWriter(new JobSink(this), _command, _passThru);
        var state = PSJobState.Completed;
        try
        {
            await foreach (var happened in _events.WithCancellation(_stop.Token).ConfigureAwait(false))
            {
                writer.Write(happened);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            state = PSJobState.Stopped;
        }
        // Nobody stands above this task: whatever goes wrong must reach whoever receives the job.
        catch (Exception e)
        {
            var failure = Errors.Normalize(e, _command);
            Error.Add(Errors.ToRecord(failure));
            _failure = failure.Message;
            state = PSJobState.Failed;
        }
        writer.Close();
        SetJobState(state);
    }

    /// <inheritdoc/>
    public override void StopJob()
    {
        if (JobStateInfo.State == PSJobState.Running)
        {
            SetJobState(PSJobState.Stopping);
        }
        // Whoever hears of the end may dispose the job while the work's thread still tells others of it: waiting for that would be waiting for oneself.
        if (JobStateInfo.State is PSJobState.Completed or PSJobState.Failed or PSJobState.Stopped)
        {
            return;
        }
        _stop.Cancel();
        _work.Wait();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            StopJob();
            _stop.Dispose();
        }
        base.Dispose(disposing);
    }

    private sealed class JobSink(StingJob job) : IEventSink
    {
        public void Output(object value) => job.Output.Add(PSObject.AsPSObject(value));
        public void Error(ErrorRecord error) => job.Error.Add(error);
        public void Warning(string message) => job.Warning.Add(new WarningRecord(message));
        public void Verbose(string message) => job.Verbose.Add(new VerboseRecord(message));
        public void Information(string message) => job.Information.Add(new InformationRecord(message, "StingBackup"));
        public void Progress(ProgressRecord progress) => job.Progress.Add(progress);
    }
}
