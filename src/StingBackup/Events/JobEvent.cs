namespace StingBackup;

/// <summary>What a running job tells. Engines return a stream of these; a cmdlet writes each to its own PowerShell stream.</summary>
public abstract record JobEvent;

/// <summary>How far a job is. At most five a second.</summary>
/// <param name="Activity">What is being done, for people.</param>
/// <param name="Status">The item at hand, or counts, for people.</param>
/// <param name="DoneItems">Items finished.</param>
/// <param name="TotalItems">Items in all, or null while it is unknown.</param>
/// <param name="DoneBytes">Bytes finished.</param>
/// <param name="TotalBytes">Bytes in all, or null while it is unknown.</param>
/// <param name="Remaining">Estimated time left, or null.</param>
public sealed record ProgressEvent(
    string Activity, string Status, long DoneItems, long? TotalItems, long DoneBytes, long? TotalBytes, TimeSpan? Remaining) : JobEvent;

/// <summary>A milestone worth telling.</summary>
/// <param name="Message">For people.</param>
public sealed record InformationEvent(string Message) : JobEvent;

/// <summary>A decision that was taken.</summary>
/// <param name="Message">For people.</param>
public sealed record VerboseEvent(string Message) : JobEvent;

/// <summary>Something was degraded, but done.</summary>
/// <param name="Message">For people.</param>
public sealed record WarningEvent(string Message) : JobEvent;

/// <summary>One item failed; the job goes on.</summary>
/// <param name="Error">What failed, on what, why, and what to do.</param>
public sealed record ItemFailedEvent(StingException Error) : JobEvent;

/// <summary>An object of the result, emitted as it is found (a fault, a restored file).</summary>
/// <param name="Value">A public record.</param>
public sealed record OutputEvent(object Value) : JobEvent;

/// <summary>The last event of every job.</summary>
/// <param name="Result">The job's result record.</param>
public sealed record CompletedEvent(object Result) : JobEvent;
