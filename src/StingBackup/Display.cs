using System.Globalization;

namespace StingBackup;

/// <summary>Numbers as people read them, the same in every culture. The module's views use it.</summary>
public static class Display
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Bytes with three digits or so: <c>0 B</c>, <c>1.5 KB</c>, <c>12.3 MB</c>, <c>123 GB</c>; a unit is 1,024 of the one below. Nothing for null.</summary>
    public static string Length(long? bytes)
    {
        if (bytes is not { } known)
        {
            return "";
        }
        double value = known;
        var unit = 0;
        // 1,023.5 would print as 1024: the next unit begins where rounding reaches it.
        while (Math.Abs(value) >= 1023.5 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        var format = unit == 0 || Math.Abs(value) >= 99.95 ? "0" : "0.0";
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    /// <summary>A moment in its own offset: <c>2024-01-15 02:00:00</c>.</summary>
    public static string Time(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A time span with two units: <c>0.4 s</c>, <c>12 s</c>, <c>3 min 5 s</c>, <c>2 h 10 min</c>, <c>9 d 4 h</c>.</summary>
    public static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalSeconds} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds} s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays} d {span.Hours} h"),
    };

    /// <summary>An interval that people set, with as few units as say it: <c>15 min</c>, <c>1 h</c>, <c>1 h 30 min</c>, <c>2 d</c>.</summary>
    public static string Interval(TimeSpan span) => string.Join(' ', new (int Count, string Unit)[] { (span.Days, "d"), (span.Hours, "h"), (span.Minutes, "min"), (span.Seconds, "s") }
        .Where(part => part.Count > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count} {part.Unit}")).DefaultIfEmpty("0 s"));

    /// <summary>How long ago, to one unit: <c>now</c>, <c>5 min</c>, <c>3 h</c>, <c>12 d</c>; nothing for null.</summary>
    public static string Age(DateTimeOffset? time) => time is { } known ? Age(known, TimeProvider.System) : "";

    /// <summary>As <see cref="Age(DateTimeOffset?)"/>, by a clock of one's own.</summary>
    public static string Age(DateTimeOffset time, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return Elapsed(clock.GetUtcNow() - time);
    }

    /// <summary>A time span to one unit, as <see cref="Age(DateTimeOffset?)"/> tells it.</summary>
    public static string Elapsed(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => "now",
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays} d"),
    };

    /// <summary>How long ago, as a part of a sentence: <c>just now</c>, <c>5 min ago</c>; nothing for null.</summary>
    public static string Ago(DateTimeOffset? time) => Age(time) switch { "" => "", "now" => "just now", var age => $"{age} ago" };

    /// <summary>Unix permissions as <c>ls</c> shows them: <c>-rw-r--r--</c>; nothing for null.</summary>
    public static string Mode(ItemKind kind, int? mode)
    {
        if (mode is not { } bits)
        {
            return "";
        }
        var text = kind switch
        {
            ItemKind.Directory => "d",
            ItemKind.SymbolicLink => "l",
            ItemKind.Fifo => "p",
            ItemKind.CharacterDevice => "c",
            ItemKind.BlockDevice => "b",
            ItemKind.Socket => "s",
            _ => "-",
        };
        for (var shift = 6; shift >= 0; shift -= 3)
        {
            var special = (bits >> (9 + (shift / 3)) & 1) != 0;
            var execute = (bits >> shift & 1) != 0;
            var (set, unset) = shift == 0 ? ('t', 'T') : ('s', 'S');
            text += (bits >> shift & 4) != 0 ? 'r' : '-';
            text += (bits >> shift & 2) != 0 ? 'w' : '-';
            text += (special, execute) switch { (true, true) => set, (true, false) => unset, (false, true) => 'x', _ => '-' };
        }
        return text;
    }
}
