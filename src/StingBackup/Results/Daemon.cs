namespace StingBackup;

/// <summary>What a daemon would do: printed by <c>-WhatIf</c>, executed by the daemon.</summary>
public sealed record DaemonPlan
{
    /// <summary>The configuration file.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>What it does when; the next time of each.</summary>
    public required IReadOnlyList<DaemonTimer> Timers { get; init => field = Indexable.Of(value); }
    /// <summary>Where it gives metrics by HTTP; null for nowhere.</summary>
    public required string? MetricsAddress { get; init; }
}

/// <summary>A task of a daemon.</summary>
/// <param name="Task">The task.</param>
/// <param name="At">When: five fields as cron has them.</param>
/// <param name="TimeZone">The zone that these are of.</param>
/// <param name="NextTime">When it runs next; a moment that has passed where it was missed.</param>
public sealed record DaemonTimer(ScheduledTask Task, string At, string TimeZone, DateTimeOffset? NextTime);

/// <summary>How a task of a daemon went.</summary>
/// <param name="Task">The task.</param>
/// <param name="DueTime">When it was due.</param>
/// <param name="StartedTime">When it began.</param>
/// <param name="State">How it ended.</param>
/// <param name="Message">Why it failed; empty when it did not.</param>
public sealed record DaemonRun(ScheduledTask Task, DateTimeOffset DueTime, DateTimeOffset StartedTime, JobState State, string Message);
