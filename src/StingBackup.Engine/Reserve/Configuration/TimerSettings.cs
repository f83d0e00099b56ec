using Cronos;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>When each task runs: what the daemon goes by, and what schedules are registered from.</summary>
public static class TimerSettings
{
    /// <summary>When each task runs.</summary>
    public static readonly IReadOnlyDictionary<ScheduledTask, Setting<string>> At = new Dictionary<ScheduledTask, Setting<string>>
    {
        [ScheduledTask.Incremental] = Timer("incremental", "*/15 * * * *", "a run takes what is due by schedule.*"),
        [ScheduledTask.Full] = Timer("full", "0 2 * * *", "everything is read anew"),
        [ScheduledTask.Archive] = Timer("archive", "0 3 * * 0", "an archive run is made"),
        [ScheduledTask.Cleanup] = Timer("cleanup", "0 4 * * *", "restore points whose time is over go, and room is given back"),
        [ScheduledTask.Sync] = Timer("sync", "30 * * * *", "further tiers are brought up to date, where there are any"),
        [ScheduledTask.Verify] = Timer("verify", "30 4 * * *", "the structure is verified, and for ten minutes the packs that were read longest ago"),
        [ScheduledTask.Drill] = Timer("drill", "0 5 * * *", "the tests of recovery are held that are due by then: of files weekly, of a person and a honey jar monthly, of the complete system quarterly"),
    };

    /// <summary>Chance.</summary>
    public static readonly Setting<int> JitterSeconds = new()
    {
        Key = "timers.jitter_seconds",
        Type = SettingTypes.Integer(0, 3600),
        Default = 0,
        Summary = "By how many seconds at most, by chance, each of these begins later: for many hosts over one bucket.",
    };

    /// <summary>Peak hours.</summary>
    public static readonly Setting<PeakHours> Peak = new()
    {
        Key = "timers.peak_hours",
        Type = new ScalarType<PeakHours>("hours of the day, such as 08:00-18:00; none for none", (text, _) => PeakHours.TryParse(text, out var hours) ? new Parsed<PeakHours>(true, hours, "", "")
            : SettingTypes.Bad<PeakHours>($"'{text}' are no hours of the day", "Write two whole hours such as 08:00-18:00, or none."), hours => hours.ToString()),
        Default = new PeakHours(8, 18),
        Summary = "Hours of the day, in time_zone, in which runs with -Due (--due) take a data class hourly at most, whatever schedule.* says. A class that must have a restore point every 15 minutes all day long needs none here.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [.. At.OrderBy(t => t.Key).Select(t => t.Value), JitterSeconds, Peak];

    private static Setting<string> Timer(string name, string at, string what) => new()
    {
        Key = $"timers.{name}",
        Type = new ScalarType<string>("when, as five fields of cron in time_zone; never for not at all",
            (text, _) => text == TimerText.Never || TimerText.IsGood(text) ? new Parsed<string>(true, text, "", "")
                : SettingTypes.Bad<string>($"'{text}' says no time", "Write minute, hour, day of the month, month and day of the week as cron has them, of the last and the third one as *: 0 2 * * *; or never."), text => text),
        Default = at,
        Summary = $"When {what}, in time_zone.",
    };
}

/// <summary>Times in the five fields of cron.</summary>
internal static class TimerText
{
    public const string Never = "never";

    /// <summary>Whether it says a time that every scheduler understands in the same way: a day of the month together with a day of the week is "or" to some and "and" to others.</summary>
    public static bool IsGood(string text)
    {
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 5 && (fields[2] == "*" || fields[4] == "*") && text.All(c => char.IsAsciiDigit(c) || c is ' ' or '*' or '/' or ',' or '-') && CronExpression.TryParse(text, out _);
    }
}

/// <summary>Hours of the day in which less is done.</summary>
/// <param name="From">The first hour, 0 to 23.</param>
/// <param name="To">The hour at which they end; before the first one for hours over midnight. The same for none.</param>
public readonly record struct PeakHours(int From, int To)
{
    /// <summary>None.</summary>
    public static PeakHours None => default;

    /// <summary>Whether a moment lies within.</summary>
    /// <param name="local">The moment, in the zone that counts.</param>
    public bool Contains(DateTimeOffset local) => From < To ? local.Hour >= From && local.Hour < To : From > To && (local.Hour >= From || local.Hour < To);

    /// <summary>Reads <c>08:00-18:00</c> or <c>none</c>.</summary>
    public static bool TryParse(string text, out PeakHours hours)
    {
        ArgumentNullException.ThrowIfNull(text);
        hours = None;
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }
        if (text.Split('-') is [var from, var to] && Hour(from.Trim()) is { } first && Hour(to.Trim()) is { } last && first % 24 != last % 24)
        {
            hours = new PeakHours(first % 24, last % 24);
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public override string ToString() => From == To ? "none" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{From:00}:00-{To:00}:00");

    private static int? Hour(string text) => text.Length == 5 && text.EndsWith(":00", StringComparison.Ordinal) && int.TryParse(text.AsSpan(0, 2), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var hour) && hour <= 24 ? hour : null;
}
