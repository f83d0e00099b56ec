namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How much is logged, and how long it is kept.</summary>
public static class LogTable
{
    /// <summary>How much is logged.</summary>
    public static readonly Setting<LogDetail> Level = new()
    {
        Key = "log.level",
        Type = SettingTypes.Choice("error, warning, information or debug", ("information", LogDetail.Information), ("error", LogDetail.Error), ("warning", LogDetail.Warning), ("debug", LogDetail.Debug)),
        Default = LogDetail.Information,
        Summary = "The least weight of what is logged.",
    };

    /// <summary>How long logs are kept.</summary>
    public static readonly Setting<int> Days = new()
    {
        Key = "log.keep_days",
        Type = SettingTypes.Integer(1, 36500),
        Default = 90,
        Summary = "Days that the log of a run is kept.",
    };

    /// <summary>How many logs are kept.</summary>
    public static readonly Setting<int> Files = new()
    {
        Key = "log.keep_files",
        Type = SettingTypes.Integer(1, 1_000_000),
        Default = 10_000,
        Summary = "How many log files are kept; the oldest go first. A run every 15 minutes makes about 9,000 in 90 days.",
    };

    /// <summary>How large one may be.</summary>
    public static readonly Setting<long> FileSize = new()
    {
        Key = "log.max_file_size",
        Type = SettingTypes.Size(64_000, 10_000_000_000),
        Default = 20_000_000,
        Summary = "A log that grows past this goes on in a further file.",
    };

    /// <summary>How large all of them may be.</summary>
    public static readonly Setting<long> TotalSize = new()
    {
        Key = "log.max_total_size",
        Type = SettingTypes.Size(1_000_000, 1_000_000_000_000),
        Default = 1_000_000_000,
        Summary = "The room that all logs together may take; the oldest go first.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [Level, Days, Files, FileSize, TotalSize];
}
