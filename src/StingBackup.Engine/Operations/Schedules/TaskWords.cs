namespace StingBackup.Engine.Operations.Schedules;

/// <summary>What is typed for each task.</summary>
internal static class TaskWords
{
    /// <summary>The commands of a task, one after the other; a further one only where the one before did well.</summary>
    public static IReadOnlyList<string> Of(ScheduledTask task) => task switch
    {
        // Where a run goes on already, what is due waits for the next tick; a full run waits for the one before it.
        ScheduledTask.Incremental => ["incremental --due"],
        ScheduledTask.Full => ["full --max-wait=12h"],
        ScheduledTask.Archive => ["archive --max-wait=12h"],
        ScheduledTask.Sync => ["sync"],
        ScheduledTask.Cleanup => ["retention --confirm", "prune --max-wait=12h"],
        ScheduledTask.Verify => ["verify", "verify --level=packs --older-than=30d --max-duration=10m"],
        ScheduledTask.Drill => ["test-restore --due"],
        _ => throw new ArgumentOutOfRangeException(nameof(task)),
    };

    /// <summary>What a task is, for people.</summary>
    public static string Describe(ScheduledTask task) => task switch
    {
        ScheduledTask.Incremental => "back up what is due",
        ScheduledTask.Full => "back up everything, read anew",
        ScheduledTask.Archive => "back up everything, to keep long",
        ScheduledTask.Sync => "bring further tiers up to date",
        ScheduledTask.Cleanup => "let restore points go whose time is over, and give their room back",
        ScheduledTask.Verify => "look for damage",
        ScheduledTask.Drill => "test recovery",
        _ => throw new ArgumentOutOfRangeException(nameof(task)),
    };

    /// <summary>The whole lines: the program, its words, its configuration.</summary>
    public static IReadOnlyList<string> Lines(BackupSchedule schedule) =>
        [.. Of(schedule.Task).Select(words => $"{schedule.Program} {words} --quiet{(schedule.ConfigurationFile is { } file ? $" --config={file}" : "")}")];

    public static string Name(ScheduledTask task) => $"sting-backup-{task.ToString().ToLowerInvariant()}";
}
