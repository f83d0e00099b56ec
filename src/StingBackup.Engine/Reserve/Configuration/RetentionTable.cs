using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Settings of retention besides the days of tiers and data classes, and what they must fit.</summary>
public static class RetentionTable
{
    /// <summary>What stays in any case.</summary>
    public static readonly Setting<int> MinimumCopies = new()
    {
        Key = "retention.minimum_copies",
        Type = SettingTypes.Integer(1, 1000, "the last copy of a data class is never let go"),
        Default = 1,
        Summary = "Restore points of each data class that stay however old they are: the newest ones. Physical captures are excepted, since none of them may outlive the promise of erasure.",
    };

    /// <summary>When thinning begins.</summary>
    public static readonly Setting<int> KeepAllDays = new()
    {
        Key = "retention.keep_all_days",
        Type = SettingTypes.Integer(0, 36500),
        Default = 0,
        Summary = "Days in which every restore point is kept. Older ones are thinned out to what the retention.keep_ settings name, where one of them is above 0; else all are kept for the days of their data class.",
    };

    /// <summary>Hours.</summary>
    public static readonly Setting<int> KeepHourly = Keep("hourly", "hours");
    /// <summary>Days.</summary>
    public static readonly Setting<int> KeepDaily = Keep("daily", "days");
    /// <summary>Weeks.</summary>
    public static readonly Setting<int> KeepWeekly = Keep("weekly", "weeks (from Monday)");
    /// <summary>Months.</summary>
    public static readonly Setting<int> KeepMonthly = Keep("monthly", "months");
    /// <summary>Years.</summary>
    public static readonly Setting<int> KeepYearly = Keep("yearly", "years");

    /// <summary>Regulations.</summary>
    public static readonly Setting<IReadOnlyList<ComplianceProfile>> Profiles = new()
    {
        Key = "retention.profiles",
        Type = new ListType<ComplianceProfile>("a list of HIPAA, SOX, PCI-DSS and GDPR", SettingTypes.Choice("HIPAA, SOX, PCI-DSS or GDPR",
            ("HIPAA", ComplianceProfile.Hipaa), ("SOX", ComplianceProfile.Sox), ("PCI-DSS", ComplianceProfile.PciDss), ("GDPR", ComplianceProfile.Gdpr))),
        Default = [],
        Example = "[SOX, GDPR]",
        Summary = "Regulations that this section must fit; settings that do not are refused, never changed silently. HIPAA: 6 years for all but temporary files and physical captures. SOX: audit logs 3 years. PCI-DSS: audit logs 1 year. "
            + "GDPR: an erasure, its delay and the last physical capture included, ends within 30 days.",
    };

    /// <summary>All, in the order of the file.</summary>
    internal static IReadOnlyList<Setting> All { get; } = [MinimumCopies, KeepAllDays, KeepHourly, KeepDaily, KeepWeekly, KeepMonthly, KeepYearly, Profiles];

    /// <summary>The days of a data class: its own; else those of the last tier, where the class lives as long as that by default.</summary>
    internal static int DaysOf(SettingValues values, DataClass dataClass)
    {
        var own = Settings.ClassDays[dataClass];
        return !values.OriginOf(own).IsFile && own.Default == Settings.ArchiveDays.Default && !values.IsRefused(Settings.ArchiveDays) ? values.Get(Settings.ArchiveDays) : values.Get(own);
    }

    /// <summary>Whether anything is thinned out.</summary>
    internal static ThinningSettings? BindThinning(SettingValues values)
    {
        var thinning = new ThinningSettings(values.Get(KeepAllDays), values.Get(KeepHourly), values.Get(KeepDaily), values.Get(KeepWeekly), values.Get(KeepMonthly), values.Get(KeepYearly));
        return thinning is { Hourly: 0, Daily: 0, Weekly: 0, Monthly: 0, Yearly: 0 } ? null : thinning;
    }

    private static Setting<int> Keep(string name, string what) => new()
    {
        Key = $"retention.keep_{name}",
        Type = SettingTypes.Integer(0, 100_000),
        Default = 0,
        Summary = string.Create(CultureInfo.InvariantCulture, $"Of restore points older than retention.keep_all_days: the newest of each of so many {what} that have one stays. 0: none for that reason."),
    };
}
