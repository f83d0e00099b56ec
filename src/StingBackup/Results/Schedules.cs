using System.Globalization;

namespace StingBackup;

/// <summary>What is done on a schedule, in the order in which it goes when several are due at once.</summary>
public enum ScheduledTask
{
    /// <summary>A full run.</summary>
    Full,
    /// <summary>An archive run.</summary>
    Archive,
    /// <summary>An incremental run of what is due.</summary>
    Incremental,
    /// <summary>Further tiers are brought up to date.</summary>
    Sync,
    /// <summary>Restore points whose time is over go, and the room of what nothing reaches is given back.</summary>
    Cleanup,
    /// <summary>Structure, and the packs that were read longest ago.</summary>
    Verify,
    /// <summary>Tests of recovery that are due by the strategy's calendar.</summary>
    Drill,
}

/// <summary>What runs the schedule.</summary>
public enum ScheduleKind
{
    /// <summary>A service and a timer of systemd for each task.</summary>
    Systemd,
    /// <summary>A file of <c>/etc/cron.d</c>.</summary>
    Cron,
    /// <summary>A file for Windows' Task Scheduler for each task.</summary>
    TaskScheduler,
}

/// <summary>One scheduled task.</summary>
public sealed record BackupSchedule
{
    /// <summary>The task.</summary>
    public required ScheduledTask Task { get; init; }
    /// <summary>What runs it.</summary>
    public required ScheduleKind Kind { get; init; }
    /// <summary>When: five fields as cron has them.</summary>
    public required string At { get; init; }
    /// <summary>The zone that these are of.</summary>
    public required string TimeZone { get; init; }
    /// <summary>By how many seconds at most it begins later, by chance.</summary>
    public int JitterSeconds { get; init; }
    /// <summary>Whether it runs.</summary>
    public bool IsEnabled { get; init; } = true;
    /// <summary>The account that it runs as.</summary>
    public required string User { get; init; }
    /// <summary>The program.</summary>
    public required string Program { get; init; }
    /// <summary>The configuration file; null for the usual places.</summary>
    public string? ConfigurationFile { get; init; }
    /// <summary>The file that it stands in; empty before it does.</summary>
    public string Path { get; init; } = "";
    /// <summary>When it runs next; null where it does not.</summary>
    public DateTimeOffset? NextTime { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Task} at {At} {TimeZone}");
}

/// <summary>A file of a schedule.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Text">What it will hold; null when it goes.</param>
public sealed record ScheduleFile(string Path, string? Text);

/// <summary>What registering, changing or removing schedules would do: printed by <c>-WhatIf</c>, executed by the command.</summary>
public sealed record SchedulePlan
{
    /// <summary>What runs them.</summary>
    public required ScheduleKind Kind { get; init; }
    /// <summary>The schedules as they will be; those that go are not among them.</summary>
    public required IReadOnlyList<BackupSchedule> Schedules { get; init => field = Indexable.Of(value); }
    /// <summary>Files that are written or removed.</summary>
    public required IReadOnlyList<ScheduleFile> Files { get; init => field = Indexable.Of(value); }
    /// <summary>Commands that make the system take them, run in this order; none where the files lie in a folder of one's own, or the system looks by itself.</summary>
    public required IReadOnlyList<string> Commands { get; init => field = Indexable.Of(value); }
}
