using System.Globalization;
using System.Management.Automation;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>Writes each event of a job to the stream it belongs to, and closes its progress bar at the end.</summary>
internal sealed class EventWriter
{
    private readonly IEventSink _sink;
    private readonly int _activityId;
    private readonly bool _passThru;
    private string? _activity;

    /// <summary>Makes one for one job.</summary>
    /// <param name="sink">Where events go.</param>
    /// <param name="command">The cmdlet's name, from which the progress bar's number comes: the same in every session.</param>
    /// <param name="passThru">Whether the objects that a job tells of on its way are output, or its result alone.</param>
    public EventWriter(IEventSink sink, string command, bool passThru)
    {
        _sink = sink;
        _passThru = passThru;
        // FNV-1a: string.GetHashCode differs from process to process.
        _activityId = command.Aggregate(unchecked((int)2166136261), (hash, c) => unchecked((hash ^ char.ToLowerInvariant(c)) * 16777619)) & int.MaxValue;
    }

    /// <summary>Writes one event.</summary>
    public void Write(JobEvent happened)
    {
        switch (happened)
        {
            case ProgressEvent progress:
                _activity = progress.Activity;
                _sink.Progress(ToRecord(progress));
                break;
            case InformationEvent information:
                _sink.Information(information.Message);
                break;
            case VerboseEvent verbose:
                _sink.Verbose(verbose.Message);
                break;
            case WarningEvent warning:
                _sink.Warning(warning.Message);
                break;
            case ItemFailedEvent failed:
                _sink.Error(Errors.ToRecord(failed.Error));
                break;
            case OutputEvent output:
                if (_passThru)
                {
                    _sink.Output(output.Value);
                }
                break;
            case CompletedEvent completed:
                Close();
                _sink.Output(completed.Result);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "No stream is known for this event.");
        }
    }

    /// <summary>Takes the progress bar away, once.</summary>
    public void Close()
    {
        if (_activity is { } activity)
        {
            _activity = null;
            _sink.Progress(new ProgressRecord(_activityId, activity, " ") { RecordType = ProgressRecordType.Completed });
        }
    }

    private ProgressRecord ToRecord(ProgressEvent progress)
    {
        var items = progress.TotalItems is { } totalItems
            ? string.Create(CultureInfo.InvariantCulture, $"{progress.DoneItems:N0} of {totalItems:N0} items")
            : string.Create(CultureInfo.InvariantCulture, $"{progress.DoneItems:N0} items");
        var bytes = progress.TotalBytes is { } totalBytes
            ? $"{Display.Length(progress.DoneBytes)} of {Display.Length(totalBytes)}"
            : Display.Length(progress.DoneBytes);
        return new ProgressRecord(_activityId, progress.Activity, $"{items}, {bytes}")
        {
            CurrentOperation = progress.Status,
            PercentComplete = Percent(progress.DoneBytes, progress.TotalBytes) ?? Percent(progress.DoneItems, progress.TotalItems) ?? -1,
            SecondsRemaining = progress.Remaining is { } remaining ? (int)Math.Clamp(remaining.TotalSeconds, 0, int.MaxValue) : -1,
        };
    }

    private static int? Percent(long done, long? total) => total is > 0 ? (int)Math.Clamp(100.0 * done / total.Value, 0, 100) : null;
}
