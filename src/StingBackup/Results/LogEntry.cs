namespace StingBackup;

/// <summary>How much a log entry weighs.</summary>
public enum LogEntryLevel
{
    /// <summary>Helps to understand a run.</summary>
    Debug,
    /// <summary>A milestone.</summary>
    Information,
    /// <summary>Something was degraded.</summary>
    Warning,
    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>One line of a run's log. Secrets were taken out before it was written.</summary>
public sealed record LogEntry
{
    /// <summary>When it was written, UTC.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>How much it weighs.</summary>
    public required LogEntryLevel Level { get; init; }
    /// <summary>The command that ran, such as <c>incremental</c>.</summary>
    public required string Command { get; init; }
    /// <summary>The run, once it had its id; null before, and for commands that back nothing up.</summary>
    public string? BackupId { get; init; }
    /// <summary>The part of the program.</summary>
    public required string Category { get; init; }
    /// <summary>What happened, for people.</summary>
    public required string Message { get; init; }
    /// <summary>The values in the message, by name, as text.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
    /// <summary>The stable id of the failure (about_StingBackup_Errors), or null.</summary>
    public string? ErrorId { get; init; }
    /// <summary>What it failed on, or null.</summary>
    public string? Target { get; init; }
    /// <summary>What to do next, or null.</summary>
    public string? Remedy { get; init; }
    /// <summary>The exception behind it, with its stack, or null.</summary>
    public string? Detail { get; init; }
    /// <summary>The file that holds the line.</summary>
    public required string File { get; init; }
    /// <summary>The line in that file, from 1.</summary>
    public required int Line { get; init; }
}
