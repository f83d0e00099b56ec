using System.Globalization;

namespace StingBackup;

/// <summary>How a job of this host stands.</summary>
public enum HostJobState
{
    /// <summary>Its process lives and works on it.</summary>
    Running,
    /// <summary>It was asked to stop, and cleans up.</summary>
    Stopping,
    /// <summary>It did all that it was for.</summary>
    Completed,
    /// <summary>It is done, but single items failed.</summary>
    CompletedWithErrors,
    /// <summary>It failed.</summary>
    Failed,
    /// <summary>A person stopped it.</summary>
    Stopped,
    /// <summary>Its process ended in the middle of it: it was killed, or the host went down.</summary>
    Died,
}

/// <summary>A job of this host: one that runs, in whatever process, or one of the past.</summary>
public sealed record HostJob
{
    /// <summary>Its id on this host: when it began, UTC, and six digits by chance.</summary>
    public required string Id { get; init; }
    /// <summary>What it does, as its log is called: <c>backup-incremental</c>, <c>sync-remote</c>, <c>restore</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>How it stands.</summary>
    public required HostJobState State { get; init; }
    /// <summary>Its process.</summary>
    public required int ProcessId { get; init; }
    /// <summary>The account that it runs under.</summary>
    public required string User { get; init; }
    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedTime { get; init; }
    /// <summary>When it ended, or was seen to have died; null while it runs.</summary>
    public DateTimeOffset? CompletedTime { get; init; }
    /// <summary>What it is at; empty when it has ended.</summary>
    public string Stage { get; init; } = "";
    /// <summary>Items done.</summary>
    public long Items { get; init; }
    /// <summary>Items in all; null while unknown.</summary>
    public long? TotalItems { get; init; }
    /// <summary>Bytes done.</summary>
    public long Bytes { get; init; }
    /// <summary>Bytes in all; null while unknown.</summary>
    public long? TotalBytes { get; init; }
    /// <summary>When its process last told how it stands.</summary>
    public required DateTimeOffset UpdatedTime { get; init; }
    /// <summary>The run that it made; null where it made none.</summary>
    public string? BackupId { get; init; }
    /// <summary>Why it failed: an id of about_StingBackup_Errors; empty where it did not.</summary>
    public string ErrorId { get; init; } = "";
    /// <summary>Who stopped it; empty where nobody did.</summary>
    public string StoppedBy { get; init; } = "";

    /// <summary>Whether its process works on it.</summary>
    public bool IsRunning => State is HostJobState.Running or HostJobState.Stopping;
    /// <summary>How long it took; null while it runs.</summary>
    public TimeSpan? Duration => CompletedTime - StartedTime;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} {Id} ({State}, process {ProcessId})");
}

/// <summary>What stopping a job would do.</summary>
public sealed record JobStopPlan
{
    /// <summary>The job.</summary>
    public required HostJob Job { get; init; }
    /// <summary>What becomes of what it has done.</summary>
    public required string Effect { get; init; }
}
