using System.Globalization;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A table of a report.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Columns">Names of its columns.</param>
/// <param name="Rows">Its cells, as people read them.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>Bars of a plot: parts of one bar stand on each other.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Series">Names of the parts, from the bottom.</param>
/// <param name="Bars">Label and parts of each bar.</param>
internal sealed record ReportPlot(string Title, IReadOnlyList<string> Series, IReadOnlyList<(string Label, IReadOnlyList<long> Parts)> Bars);

/// <summary>A report in the order in which people read it, before it is HTML or Markdown.</summary>
internal sealed record ReportPage(string Title, string Summary, IReadOnlyList<string> Exceptions, IReadOnlyList<ReportPlot> Plots, IReadOnlyList<ReportTable> Tables)
{
    public static ReportPage Of(BackupReport report) => new(
        $"Backups of {report.Month}",
        Text($"{Share(report.Runs.SuccessRate)} of {report.Runs.Total:N0} runs were whole; {report.Runs.WithErrors:N0} had items that could not be read, {report.Runs.Failed:N0} committed nothing. ")
            + Text($"{report.Classes.Count(c => c.IsReached):N0} of {report.Classes.Count:N0} data classes reached their recovery point objective. {(report.IsWhole ? "" : $"The month is not over: up to {Display.Time(report.To)}.")}").TrimEnd(),
        report.Exceptions, [Days(report)],
        [
            new("Recovery points", ["Data class", "Whole points", "With errors", "Target", "Reached", "Misses", "Kept"],
                [.. report.Classes.Select(c => (IReadOnlyList<string>)[c.DataClass.ToString(), Number(c.Points), Number(c.PointsWithErrors), Display.Interval(c.TargetRpo), c.ReachedRpo is { } reached ? Display.Duration(reached) : "never", Number(c.Misses), c.IsReached ? "yes" : "no"])]),
            new("What is protected", ["Data class", "Subjects", "Items", "Size"], [.. report.Classes.Select(c => (IReadOnlyList<string>)[c.DataClass.ToString(), Number(c.Subjects), Number(c.Items), Display.Length(c.Length)])]),
            new("Tiers and what they cost", ["Tier", "Place", "Objects", "Size", "$ per GB and month", "$ a month"],
                [.. report.Tiers.Select(t => (IReadOnlyList<string>)[t.Tier.ToString(), t.Location, t.Objects is { } objects ? Number(objects) : "away", Display.Length(t.Length), t.PricePerGigabyte.ToString(CultureInfo.InvariantCulture), t.MonthlyCost?.ToString("N2", CultureInfo.InvariantCulture) ?? ""])]),
            new("Figures", ["What", "Value"],
            [
                ["Median time of a run", Span(report.Runs.MedianDuration)], ["Longest run", Span(report.Runs.LongestDuration)], ["Deduplication, all restore points", Ratio(report.DeduplicationRatio)], ["Compression", Ratio(report.CompressionRatio)],
                ["Parts of restore points that retention let go", Number(report.LetGo)], ["Erasures that ended", report.Erasures is { } done ? Number(done.Count) : "not known here"], ["Erasures that are open", report.ErasuresOpen is { } open ? Number(open) : "not known here"],
                ["Records of the audit chains", Number(report.AuditRecords)], ["Of them not sound", Number(report.AuditFaults)], ["Objects damaged or missing", Number(report.Damage)],
            ]),
            new("Regulations", ["Regulation", "Asks for", "Kept", "Evidence"], [.. report.Regulations.Select(r => (IReadOnlyList<string>)[r.Regulation, r.Requirement, r.State switch { EvidenceState.Met => "yes", EvidenceState.NotMet => "no", _ => "not judged" }, r.Evidence])]),
            new("What was done", ["Command", "Event", "Times", "Accounts"], [.. report.Access.Select(a => (IReadOnlyList<string>)[a.Command, a.Event.ToString(), Number(a.Count), Number(a.Actors)])]),
            new("Runs that were not whole", ["Run", "Time", "How it ended", "Items not read", "Host"],
                [.. report.RunList.Where(run => run.State != JobState.Completed).Select(run => (IReadOnlyList<string>)[run.BackupId ?? "none", Display.Time(run.Time), run.State.ToString(), Number(run.Errors), run.HostName])]),
        ]);

    private static ReportPlot Days(BackupReport report)
    {
        var days = (int)Math.Ceiling((report.To - report.From).TotalDays);
        var runs = report.RunList.ToLookup(run => run.Time.Day);
        return new("Runs a day", ["Whole", "With errors", "Committed nothing"], [.. Enumerable.Range(1, Math.Clamp(days, 1, 31)).Select(day => (
            day.ToString(CultureInfo.InvariantCulture), (IReadOnlyList<long>)[Count(day, JobState.Completed), Count(day, JobState.CompletedWithErrors), Count(day, JobState.Failed)]))]);

        long Count(int day, JobState state) => runs[day].LongCount(run => run.State == state);
    }

    private static string Share(double? share) => share is { } known ? Text($"{Math.Floor(known * 1000) / 10:0.#} %") : "None";   // never rounded up to all

    private static string Ratio(double? ratio) => ratio is { } known ? Text($"{known:0.##} : 1") : "";

    private static string Span(TimeSpan? span) => span is { } known ? Display.Duration(known) : "";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
