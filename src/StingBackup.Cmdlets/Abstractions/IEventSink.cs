using System.Management.Automation;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>Where a job's events go: the streams of a running cmdlet, or those of a background job.</summary>
internal interface IEventSink
{
    /// <summary>The output stream.</summary>
    void Output(object value);
    /// <summary>The error stream; the job goes on.</summary>
    void Error(ErrorRecord error);
    /// <summary>The warning stream.</summary>
    void Warning(string message);
    /// <summary>The verbose stream.</summary>
    void Verbose(string message);
    /// <summary>The information stream.</summary>
    void Information(string message);
    /// <summary>The progress stream.</summary>
    void Progress(ProgressRecord progress);
}

/// <summary>The streams of a running cmdlet. Its thread only.</summary>
internal sealed class CmdletSink(Cmdlet cmdlet) : IEventSink
{
    private static readonly string[] Tags = ["StingBackup"];

    /// <inheritdoc/>
    public void Output(object value) => cmdlet.WriteObject(value);
    /// <inheritdoc/>
    public void Error(ErrorRecord error) => cmdlet.WriteError(error);
    /// <inheritdoc/>
    public void Warning(string message) => cmdlet.WriteWarning(message);
    /// <inheritdoc/>
    public void Verbose(string message) => cmdlet.WriteVerbose(message);
    /// <inheritdoc/>
    public void Information(string message) => cmdlet.WriteInformation(message, Tags);
    /// <inheritdoc/>
    public void Progress(ProgressRecord progress) => cmdlet.WriteProgress(progress);
}
