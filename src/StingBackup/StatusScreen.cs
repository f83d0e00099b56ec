using System.Globalization;

namespace StingBackup;

/// <summary>
/// A status as a screen for people, in fewer than 80 columns. Each colour stands beside a word that says the same, and is as far from black as from white, so that it reads on light and on dark.
/// </summary>
public static class StatusScreen
{
    private const int Widest = 79, Narrowest = 60, NameWidth = 11, LastWidth = 18, AgeWidth = 7, TargetWidth = 8, LabelWidth = 11;
    private const char Held = '\u00a0';

    /// <summary>The screen.</summary>
    /// <param name="status">A status with its details.</param>
    /// <param name="width">Columns of the terminal; 0 where there is none.</param>
    /// <param name="colors">Whether the terminal shows colours and is to.</param>
    public static string Render(BackupStatus status, int width, bool colors)
    {
        return string.Concat(Lines(status, width, colors).Select(static line => line + "\n"));
    }

    /// <summary>Its lines.</summary>
    /// <param name="status">A status with its details.</param>
    /// <param name="width">Columns of the terminal; 0 where there is none.</param>
    /// <param name="colors">Whether the terminal shows colours and is to.</param>
    public static string[] Lines(BackupStatus status, int width, bool colors)
    {
        ArgumentNullException.ThrowIfNull(status);
        var page = new Page(width <= 0 ? Widest : Math.Clamp(width, Narrowest, Widest), new Paint(colors));
        Head(page, status);
        if (status.Details is { } details)
        {
            Classes(page, status, details);
            Tiers(page, status, details);
            page.Line("");
            Facts(page, status, details);
        }
        Where(page, status);
        ToDo(page, status);
        return page.ToLines();
    }

    private static void Head(Page page, BackupStatus status)
    {
        var health = status.Details?.Health ?? status.Health;
        var (word, tone, says) = health switch
        {
            Health.Good => (" GOOD ", Tone.Good, "Every class is backed up, and nothing needs a look."),
            Health.Warning => (" LOOK ", Tone.Warning, "Backups are made; something needs a look."),
            _ => (" BAD ", Tone.Bad, status.Points == 0 ? "There is no backup." : "Something is damaged, or the last run did not finish."),
        };
        page.Line($"{page.Paint.Badge(word, tone)}  {page.Paint.Strong(says)}");
        page.Line(page.Paint.Soft($"{Display.Time(status.Time)}   {Fit(status.ReservePath, page.Width - 22)}"));
        LastRun(page, status);
    }

    private static void LastRun(Page page, BackupStatus status)
    {
        if (status.LastRun is not { } run)
        {
            page.Line($"Last run    {page.Paint.In(Tone.Bad, "none yet")}");
            return;
        }
        var (tone, how) = run.State switch
        {
            JobState.Completed => (Tone.Good, "whole"),
            JobState.CompletedWithErrors => (Tone.Warning, Text($"{run.Errors:N0} items not read")),
            null => (Tone.None, "goes on"),
            _ => (Tone.Bad, "did not finish"),
        };
        var (name, when) = ($"Last run    {run.BackupId ?? Text($"number {run.Sequence}")}", $"{(run.Type is { } type ? $"{type}, " : "")}{Ago(status.Time - run.StartedTime)}: ");
        if (name.Length + 1 + when.Length + how.Length > page.Width)
        {
            page.Line(name);
            name = new string(' ', LabelWidth);
        }
        page.Line($"{name} {when}{page.Paint.In(tone, how)}");
    }

    private static void Classes(Page page, BackupStatus status, StatusDetails details)
    {
        // Where it is narrow, the age says what the moment does.
        var shown = page.Width >= 72;
        page.Line("");
        page.Line(page.Paint.Head($"{"Data class",-NameWidth} {(shown ? $"{"Last whole",-LastWidth} " : "")}{"Age",AgeWidth}  {"Target",TargetWidth}  {"Next",-13} State"));
        if (details.Classes.Count == 0)
        {
            page.Line("none yet");
        }
        foreach (var c in details.Classes)
        {
            var errors = status.Classes.FirstOrDefault(s => s.DataClass == c.DataClass)?.Errors ?? 0;
            var (tone, word) = errors > 0 ? (Tone.Bad, Text($"{errors:N0} not read")) : c.LastSuccess is null ? (Tone.Bad, "never whole") : c.IsLate ? (Tone.Warning, "late") : (Tone.Good, "ok");
            page.Line($"{c.DataClass,-NameWidth} {(shown ? $"{(c.LastSuccess is { } last ? Minute(last) : "never"),-LastWidth} " : "")}{(c.Age is { } age ? Display.Elapsed(age) : "never"),AgeWidth}  "
                + $"{Display.Interval(c.Target),TargetWidth}  {Soon(c.NextTime, status.Time),-13} {page.Paint.In(tone, word)}");
        }
    }

    private static void Tiers(Page page, BackupStatus status, StatusDetails details)
    {
        page.Line("");
        page.Line(page.Paint.Head($"{"Tier",-NameWidth} {"Holds",-9} {"Room",-24} Waits for it"));
        foreach (var tier in details.Tiers)
        {
            var room = tier.Share is { } share ? $"{Percent(share)} of {Display.Length(tier.Limit)}" : tier.Tier == Tier.Local ? "" : "no limit";
            var full = tier.Share switch { > 0.9 => Tone.Bad, > 0.8 => Tone.Warning, _ => Tone.None };
            var waits = tier.Tier == Tier.Local ? "" : tier.WaitingLength == 0 ? "nothing" : Text($"{tier.WaitingPoints:N0} points, {Display.Length(tier.WaitingLength)}{(tier.Lag > TimeSpan.Zero ? $", {Display.Elapsed(tier.Lag)}" : "")}");
            if (tier.Tier == Tier.Local && status is { RoomFree: { } free, RoomTotal: { } total and > 0 })
            {
                room = room.Length > 0 ? room : $"{Display.Length(free)} of {Display.Length(total)} free";
                full = (double)free / total < 0.1 ? Tone.Bad : full;
            }
            page.Line($"{tier.Tier,-NameWidth} {(tier.Length is { } length ? Display.Length(length) : "not known"),-9} {page.Paint.In(full, room.PadRight(24))} {page.Paint.In(tier.IsLate ? Tone.Warning : Tone.None, waits)}");
            if (tier.Problem.Length > 0)
            {
                page.Wrap(new string(' ', NameWidth + 1), tier.Problem, Tone.Warning);
            }
        }
    }

    private static void Facts(Page page, BackupStatus status, StatusDetails details)
    {
        Fact(page, "Integrity", status.Checks.Count == 0 ? [(Tone.Warning, "nothing was verified yet")] : [.. status.Checks.Select(c => (c.NeverChecked > 0 ? Tone.Warning : Tone.None, c.ToString()))]);
        Fact(page, "Drills", details.Drills switch
        {
            null => [(Tone.None, "none yet")],
            { Count: 0 } drills => [(Tone.Warning, $"none in 90 days; the last {Ago(status.Time - (drills.LastTime ?? status.Time))}")],
            var drills => [(drills.Succeeded < drills.Count ? Tone.Bad : Tone.Good, Text($"{drills.Succeeded:N0} of {drills.Count:N0} succeeded in 90 days; the last {Ago(status.Time - (drills.LastTime ?? status.Time))}"))],
        });
        Fact(page, "Alerts", details.Alerts.Count == 0 ? [(Tone.None, "none open")] : [.. details.Alerts.Select(a => (a.Severity == AlertSeverity.Warning ? Tone.Warning : Tone.Bad, $"{a}{(a.State == AlertState.Acknowledged ? $" ({a.AcknowledgedBy} knows)" : "")}"))]);
        Fact(page, "Keys", Keys(status, details));
        Fact(page, "Runs next", details.Timers.Count == 0 ? [(Tone.None, "no configuration tells")] : [(Tone.None, string.Join(", ", details.Timers.Select(t => Whole($"{t.Task} {Soon(t.NextTime, status.Time)}"))))]);
    }

    private static (Tone, string)[] Keys(BackupStatus status, StatusDetails details) => details.Keys.Count == 0 ? [(Tone.None, "not on this host")]
        : details.Keys.Any(k => k.IsDue) ? [.. details.Keys.Where(k => k.IsDue).Select(k => (Tone.Warning, $"{k.Kind} is due since {k.DueTime:yyyy-MM-dd}: Update-StingKey -Kind {k.Kind}"))]
        : details.Keys.Where(k => k.DueTime is not null).MinBy(k => k.DueTime) is { } next ? [(Tone.None, $"none due; the next is {next.Kind} in {Display.Elapsed(next.DueTime!.Value - status.Time)}")] : [(Tone.None, "none is ever due")];

    private static void Fact(Page page, string label, (Tone Tone, string Text)[] lines)
    {
        foreach (var (tone, text) in lines)
        {
            page.Wrap(label.PadRight(LabelWidth) + " ", text, tone);
            label = "";
        }
    }

    private static void Where(Page page, BackupStatus status)
    {
        page.Line("");
        Fact(page, "Points", [(Tone.None, Text($"{status.Points:N0}{(status.Imported > 0 ? Text($", {status.Imported:N0} of them imported") : "")}{(status is { DeduplicationRatio: { } d, CompressionRatio: { } c } ? Text($"; deduplication {d:0.00}, compression {c:0.00}") : "")}"))]);
        Fact(page, "Store", [(Tone.None, string.Join(", ", status.Store.Select(s => Whole(Text($"{s.Kind} {s.Objects:N0} objects {Display.Length(s.Length)}")))))]);
        Fact(page, "Key file", [(status.KeyProtection is KeyProtection.Open or KeyProtection.Unknown ? Tone.Warning : Tone.None, $"{status.KeyProtection}{(status.SparesLeft is { } left ? Text($"; {left:N0} of {status.SparesTarget:N0} spare keys") : "")}")]);
        Fact(page, "Repository", [(Tone.None, status.Repository)]);
        Fact(page, "Settings", [(Tone.None, status.ConfigurationFile ?? "no file")]);
        Fact(page, "Reserve", [(Tone.None, $"{status.ReserveId}{(status.Writer is { } writer ? $"; this host writes as {writer}" : "")}")]);
    }

    private static void ToDo(Page page, BackupStatus status)
    {
        if (status.Warnings.Count + status.Damage.Count == 0)
        {
            return;
        }
        page.Line("");
        page.Line(page.Paint.Head("Needs a look"));
        foreach (var damage in status.Damage)
        {
            page.Wrap("✗ ", $"{damage.Object}: {damage.Problem}", Tone.Bad);
        }
        foreach (var warning in status.Warnings)
        {
            page.Wrap("! ", warning, Tone.Warning, markOnly: true);
        }
    }

    private static string Minute(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>A moment to come: the hour today, else the day with it.</summary>
    private static string Soon(DateTimeOffset time, DateTimeOffset now) => time <= now ? "now" : time.ToString(time.Date == now.Date ? "HH:mm" : time - now < TimeSpan.FromDays(6) ? "ddd HH:mm" : "MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Ago(TimeSpan age) => Display.Elapsed(age) switch { "now" => "just now", var text => $"{text} ago" };

    /// <summary>Never rounded down to nothing, nor up to all.</summary>
    private static string Percent(double share) => share switch { 0 => "0 %", < 0.01 => "under 1 %", _ => Text($"{Math.Floor(share * 100):0} %") };

    /// <summary>Words that stand in one line.</summary>
    private static string Whole(string text) => text.Replace(' ', Held);

    private static string Fit(string text, int width) => text.Length <= width ? text : "…" + text[^(width - 1)..];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private enum Tone { None, Good, Warning, Bad }

    /// <summary>Bold, in colours of the 256 that are about as far from white as from the dark grounds that terminals have: 3.5 to 1 at least against either.</summary>
    private sealed class Paint(bool colors)
    {
        public string In(Tone tone, string text) => tone switch { Tone.Good => Wrap("1;38;5;28", text), Tone.Warning => Wrap("1;38;5;130", text), Tone.Bad => Wrap("1;38;5;196", text), _ => text };

        public string Badge(string text, Tone tone) => Wrap($"1;38;5;231;48;5;{tone switch { Tone.Good => 28, Tone.Warning => 130, _ => 160 }}", text);

        public string Strong(string text) => Wrap("1", text);

        public string Head(string text) => Wrap("1;4", text);

        public string Soft(string text) => Wrap("38;5;243", text);

        private string Wrap(string code, string text) => colors && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
    }

    private sealed class Page(int width, Paint paint)
    {
        private readonly List<string> _lines = [];

        public int Width => width;

        public Paint Paint => paint;

        public void Line(string text) => _lines.Add(text.Replace(Held, ' ').TrimEnd());

        /// <summary>Text behind a label, broken between words; a word that is too long is broken too.</summary>
        public void Wrap(string label, string text, Tone tone, bool markOnly = false)
        {
            var (first, rest) = (markOnly ? paint.In(tone, label) : label, new string(' ', label.Length));
            foreach (var line in Lines(text, width - label.Length))
            {
                Line(first + (markOnly ? line : paint.In(tone, line)));
                first = rest;
            }
        }

        private static IEnumerable<string> Lines(string text, int width)
        {
            var line = "";
            foreach (var word in text.ReplaceLineEndings(" ").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var joined = line.Length == 0 ? word : $"{line} {word}";
                if (line.Length > 0 && joined.Length > width)
                {
                    yield return line;
                    joined = word;
                }
                while (joined.Length > width)
                {
                    yield return joined[..width];
                    joined = joined[width..];
                }
                line = joined;
            }
            yield return line;
        }

        public string[] ToLines() => [.. _lines];
    }
}
