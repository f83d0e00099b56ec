namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Whether runs go by a journal of changes.</summary>
public static class JournalSettings
{
    /// <summary>Whether they do.</summary>
    public static readonly Setting<bool> Enabled = new()
    {
        Key = "journal.enabled",
        Type = SettingTypes.Boolean,
        Default = false,
        Summary = "Whether the daemon watches the reserve's folders (fanotify where it may, else inotify; on Linux alone) and incremental runs scan only folders that changed. Where the watcher may have missed something, and in full runs, everything is scanned.",
    };

    /// <summary>The proof.</summary>
    public static readonly Setting<TimeSpan> FullScan = new()
    {
        Key = "journal.full_scan",
        Type = SettingTypes.Interval,
        Default = TimeSpan.FromDays(1),
        Summary = "How long incremental runs may go by the journal of changes until one of them scans everything, as each full run does: what the journal missed is found then, and ends the trust in it. always: each run scans everything, and proves the journal.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [Enabled, FullScan];
}
