using System.Management.Automation;
using System.Management.Automation.Host;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What every cmdlet of the module shares: stopping, and the way from a failure to an error record.</summary>
public abstract class StingCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    private protected StingCmdlet()
    {
    }

    /// <summary>Cancelled by Ctrl+C and by Stop-Job.</summary>
    private protected CancellationToken Cancel => _stop.Token;

    /// <summary>The work for one input.</summary>
    private protected abstract void Execute();

    /// <summary>Before the first input. Nothing can go on when it fails.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>Writes what was told meanwhile on threads that PowerShell takes nothing from.</summary>
    private protected virtual void TellWarnings()
    {
    }

    /// <summary>After the last input.</summary>
    private protected virtual void End()
    {
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Guard(Begin, goesOn: false);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Guard(Execute, goesOn: MyInvocation.ExpectingInput);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Guard(End, goesOn: false);

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Waits on the pipeline's thread.</summary>
    private protected static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait{T}"/>
    private protected static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    /// <summary>Writes each object of a stream as it comes.</summary>
    private protected void Emit<T>(IAsyncEnumerable<T> objects)
    {
        foreach (var item in objects.ToBlockingEnumerable(Cancel))
        {
            WriteObject(item);
        }
    }

    /// <summary>Runs a job of the engine: here to its end, or in the background, where its <see cref="Job"/> is the output.</summary>
    /// <param name="events">The job; enumerated once.</param>
    /// <param name="asJob">Whether it runs in the background.</param>
    /// <param name="passThru">Whether objects that it tells of on its way are output too.</param>
    private protected void RunJob(IAsyncEnumerable<JobEvent> events, bool asJob, bool passThru)
    {
        var command = MyInvocation.MyCommand.Name;
        if (asJob)
        {
            var job = new StingJob(MyInvocation.Line.Trim(), command, events, passThru);
            JobRepository.Add(job);
            job.StartJob();
            WriteObject(job);
            return;
        }
        var writer = new EventWriter(new CmdletSink(this), command, passThru);
        try
        {
            foreach (var happened in events.ToBlockingEnumerable(Cancel))
            {
                writer.Write(happened);
            }
        }
        finally
        {
            // A stopped pipeline takes no more records; its host clears the bar by itself.
            if (!Cancel.IsCancellationRequested)
            {
                writer.Close();
            }
        }
    }

    /// <summary>
    /// Plan, ask, execute: under -WhatIf the plan itself is the output; where something would be lost a person is asked even though the
    /// command as a whole is harmless; -Force and -Confirm:$false are consent.
    /// </summary>
    /// <returns>True when the plan may be carried out.</returns>
    /// <exception cref="StingException"><c>ConsentNeeded</c></exception>
    private protected bool Ask(Question question, bool force)
    {
        try
        {
            return AskPerson(question, force);
        }
        // A session without a person (-NonInteractive, a remote one) says so in words of its own that help nobody.
        catch (Exception e) when (e is HostException or PSInvalidOperationException or NotImplementedException)
        {
            throw Errors.ConsentNeeded(question, e);
        }
    }

    private bool AskPerson(Question question, bool force)
    {
        if (force && !IsWhatIf && !IsBound("Confirm"))
        {
            return true;
        }
        var proceed = ShouldProcess(question.Statement, question.Text, question.Caption, out var reason);
        if (reason == ShouldProcessReason.WhatIf)
        {
            WriteObject(question.Plan);
        }
        // At the preference High (the default) ShouldProcess lets a command of medium impact pass unasked. A lower one has asked already.
        var unasked = !IsBound("Confirm") && LanguagePrimitives.ConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference", ConfirmImpact.High)) == ConfirmImpact.High;
        return proceed && (!question.Destroys || !unasked || ShouldContinue(question.Text, question.Caption));
    }

    /// <summary>A path as the session understands it: <c>~</c>, drives and relative parts resolved; it need not exist.</summary>
    /// <exception cref="StingException"><c>PathNotInFileSystem</c></exception>
    private protected string Resolve(string path)
    {
        var resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        // "Env:HOME" or "Variable:x" resolve to a name that would be taken for a file in the current folder.
        return provider.Name == "FileSystem" ? resolved : throw Errors.PathNotInFileSystem(path, provider.Name);
    }

    /// <summary>Whether a parameter was given.</summary>
    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether only the plan is wanted: by the switch, or by the session's preference.</summary>
    private protected bool IsWhatIf => LanguagePrimitives.IsTrue(
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var bound) ? bound : GetVariableValue("WhatIfPreference", defaultValue: false));

    /// <summary>Runs a step. What fails is one input of many where there are many, and the command itself where there is one.</summary>
    private void Guard(Action step, bool goesOn)
    {
        try
        {
            try
            {
                step();
            }
            finally
            {
                TellWarnings();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        // What PowerShell throws through us (a stop, a downstream command that has enough) is its own affair.
        catch (Exception e) when (e.GetType().Assembly != typeof(PSCmdlet).Assembly)
        {
            var failure = Errors.Normalize(e, MyInvocation.MyCommand.Name);
            if (!ReferenceEquals(failure, e))
            {
                WriteVerbose(e.ToString());
            }
            var record = Errors.ToRecord(failure);
            if (!goesOn)
            {
                ThrowTerminatingError(record);
            }
            WriteError(record);
        }
    }

    /// <summary>Called by PowerShell when the pipeline has ended, however it ended.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }
}
