using System.Globalization;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A table of a report.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Columns">Names of its columns.</param>
/// <param name="Rows">Its cells, as people read them.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Whether a cell is a number with its unit, which stands to the right.</summary>
    public static bool IsNumber(string cell) => cell.Length > 0 && char.IsAsciiDigit(cell[0]) && cell.All(c => char.IsAsciiDigit(c) || c is ',' or '.' or ' ' or ':' or 'B' or 'K' or 'M' or 'G' or 'T' or 'i' or 's' or 'm' or 'n' or 'h' or 'd');
}

/// <summary>Bars of a plot: parts of one bar stand on each other.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Series">Names of the parts, from the bottom.</param>
/// <param name="Bars">Label and parts of each bar.</param>
public sealed record ReportPlot(string Title, IReadOnlyList<string> Series, IReadOnlyList<(string Label, IReadOnlyList<long> Parts)> Bars)
{
    /// <summary>Whether the parts are bytes.</summary>
    public bool IsBytes { get; init; }

    /// <summary>The plots of a report: runs a day, and what they had to store where any tells.</summary>
    public static IReadOnlyList<ReportPlot> Of(BackupReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report.RunList.Any(run => run.BytesNew > 0) ? [ReportPage.Days(report), ReportPage.Growth(report)] : [ReportPage.Days(report)];
    }

    /// <summary>A part or a line of the scale, as people read it.</summary>
    public string Tell(long value) => IsBytes ? Display.Length(value) : value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Where the lines of the scale stand: at most six, from zero, at 1, 2 or 5 times a power of ten, of bytes at powers of two.</summary>
    public IReadOnlyList<long> Scale()
    {
        var most = Math.Max(1, Bars.Max(bar => bar.Parts.Sum()));
        var step = StepOf(most);
        return [.. Enumerable.Range(0, (int)((most + step - 1) / step) + 1).Select(line => line * step)];
    }

    private long StepOf(long most)
    {
        if (IsBytes)
        {
            var step = 1L;
            while (most > step * 5)
            {
                step *= 2;
            }
            return step;
        }
        for (long power = 1; ; power *= 10)
        {
            foreach (var factor in (long[])[1, 2, 5])
            {
                if (most <= power * factor * 5)
                {
                    return power * factor;
                }
            }
        }
    }
}

/// <summary>What a regulation asks for, on a page of its own.</summary>
/// <param name="Name">The regulation.</param>
/// <param name="Items">What it asks for, with the evidence.</param>
internal sealed record ReportRegulation(string Name, IReadOnlyList<RegulationEvidence> Items);

/// <summary>A report in the order in which people read it, before it is HTML, PDF or Markdown.</summary>
internal sealed record ReportPage(string Title, string Summary, IReadOnlyList<string> Exceptions, IReadOnlyList<ReportPlot> Plots, IReadOnlyList<ReportTable> Tables)
{
    public const string RecoveryPoints = "Recovery points", Access = "What was done", NotWhole = "Runs that were not whole", Figures = "Figures", Erasures = "Erasures";

    /// <summary>What regulations ask for.</summary>
    public IReadOnlyList<ReportRegulation> Regulations { get; init; } = [];

    /// <summary>The name by which a section is linked to, as Markdown's readers make it of a title.</summary>
    public static string LinkTo(string title) => "#" + title.ToLowerInvariant().Replace(' ', '-');

    public static string Word(EvidenceState state) => state switch { EvidenceState.Met => "kept", EvidenceState.NotMet => "not kept", _ => "not judged" };

    public static ReportPage Of(BackupReport report) => new(
        $"Backups of {report.Month}",
        Text($"{Share(report.Runs.SuccessRate)} of {report.Runs.Total:N0} runs were whole; {report.Runs.WithErrors:N0} had items that could not be read, {report.Runs.Failed:N0} committed nothing. ")
            + Text($"{report.Classes.Count(c => c.IsReached):N0} of {report.Classes.Count:N0} data classes reached their recovery point objective. {(report.IsWhole ? "" : $"The month is not over: up to {Display.Time(report.To)}.")}").TrimEnd(),
        report.Exceptions, ReportPlot.Of(report),
        [
            new(RecoveryPoints, ["Data class", "Whole points", "With errors", "Target", "Reached", "Misses", "Kept"],
                [.. report.Classes.Select(c => (IReadOnlyList<string>)[c.DataClass.ToString(), Number(c.Points), Number(c.PointsWithErrors), Display.Interval(c.TargetRpo), c.ReachedRpo is { } reached ? Display.Duration(reached) : "never", Number(c.Misses), c.IsReached ? "yes" : "no"])]),
            new("What is protected", ["Data class", "Subjects", "Items", "Size"], [.. report.Classes.Select(c => (IReadOnlyList<string>)[c.DataClass.ToString(), Number(c.Subjects), Number(c.Items), Display.Length(c.Length)])]),
            new("Tiers and what they cost", ["Tier", "Place", "Objects", "Size", "$ per GB and month", "$ a month"],
                [.. report.Tiers.Select(t => (IReadOnlyList<string>)[t.Tier.ToString(), t.Location, t.Objects is { } objects ? Number(objects) : "away", Display.Length(t.Length), t.PricePerGigabyte.ToString(CultureInfo.InvariantCulture), t.MonthlyCost?.ToString("N2", CultureInfo.InvariantCulture) ?? ""])]),
            new(Figures, ["What", "Value"],
            [
                ["Median time of a run", Span(report.Runs.MedianDuration)], ["Longest run", Span(report.Runs.LongestDuration)], ["Deduplication, all restore points", Ratio(report.DeduplicationRatio)],
                .. Known(report.Deduplication), ["Compression", Ratio(report.CompressionRatio)],
                ["Parts of restore points that retention let go", Number(report.LetGo)], ["Erasures that ended", report.Erasures is { } done ? Number(done.Count) : "not known here"], ["Erasures that are open", report.ErasuresOpen is { } open ? Number(open) : "not known here"],
                ["Records of the audit chains", Number(report.AuditRecords)], ["Of them not sound", Number(report.AuditFaults)], ["Objects damaged or missing", Number(report.Damage)],
                ["Restore drills that succeeded", report.Drills is { } drills ? Text($"{drills.Succeeded:N0} of {drills.Count:N0}") : "none was made yet"], ["Last restore drill that succeeded", report.Drills?.LastSuccess is { } drill ? Display.Time(drill) : "none yet"],
            ]),
            new(Erasures, ["Erasure", "Asked for", "Key destroyed", "Took"], [.. (report.Erasures ?? []).Select(e => (IReadOnlyList<string>)[e.Id, Display.Time(e.RequestedTime), Display.Time(e.ErasedTime), Display.Duration(e.Took)])]),
            new(Access, ["Command", "Event", "Times", "Accounts"], [.. report.Access.Select(a => (IReadOnlyList<string>)[a.Command, a.Event.ToString(), Number(a.Count), Number(a.Actors)])]),
            new(NotWhole, ["Run", "Time", "How it ended", "Items not read", "Host"],
                [.. report.RunList.Where(run => run.State != JobState.Completed).Select(run => (IReadOnlyList<string>)[run.BackupId ?? "none", Display.Time(run.Time), run.State.ToString(), Number(run.Errors), run.HostName])]),
        ])
    {
        Regulations = [.. report.Regulations.GroupBy(r => r.Regulation).Select(group => new ReportRegulation(group.Key, [.. group]))],
    };

    internal static ReportPlot Days(BackupReport report)
    {
        var runs = report.RunList.ToLookup(run => run.Time.Day);
        return new("Runs a day", ["Whole", "With errors", "Committed nothing"], [.. Enumerable.Range(1, DaysOf(report)).Select(day => (
            day.ToString(CultureInfo.InvariantCulture), (IReadOnlyList<long>)[Count(day, JobState.Completed), Count(day, JobState.CompletedWithErrors), Count(day, JobState.Failed)]))]);

        long Count(int day, JobState state) => runs[day].LongCount(run => run.State == state);
    }

    internal static ReportPlot Growth(BackupReport report)
    {
        var runs = report.RunList.ToLookup(run => run.Time.Day);
        return new("New content a day", ["New content"], [.. Enumerable.Range(1, DaysOf(report)).Select(day => (day.ToString(CultureInfo.InvariantCulture), (IReadOnlyList<long>)[runs[day].Sum(run => run.BytesNew ?? 0)]))]) { IsBytes = true };
    }

    private static int DaysOf(BackupReport report) => Math.Clamp((int)Math.Ceiling((report.To - report.From).TotalDays), 1, 31);

    private static IEnumerable<IReadOnlyList<string>> Known(ReportedDeduplication? met) => met is not { Total: > 0 } ? [] :
    [
        ["Met by the month's runs in files", Display.Length(met.Total)], ["Of it in whole files that were known (file level)", Part(met.WholeFiles, met)], ["Of it in blocks of other files that were known (block level)", Part(met.Blocks, met)], ["Of it new", Part(met.New, met)],
    ];

    private static string Part(long bytes, ReportedDeduplication met) => Text($"{Display.Length(bytes)} ({100.0 * bytes / met.Total:0.#} %)");

    private static string Share(double? share) => share is { } known ? Text($"{Math.Floor(known * 1000) / 10:0.#} %") : "None";   // never rounded up to all

    private static string Ratio(double? ratio) => ratio is { } known ? Text($"{known:0.##} : 1") : "";

    private static string Span(TimeSpan? span) => span is { } known ? Display.Duration(known) : "";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
