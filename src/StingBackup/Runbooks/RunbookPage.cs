using System.Globalization;
using System.Text;

namespace StingBackup.Runbooks;

/// <summary>The report of a runbook as a page, for the file of the incident.</summary>
public static class RunbookPage
{
    /// <summary>Markdown.</summary>
    public static string Of(RunbookReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');
        Line($"# {report.Title}");
        Line();
        Line($"Runbook {report.Runbook}, run {report.RunId}: **{report.State}**.");
        Line();
        Line($"* begun {Time(report.StartedTime)}, took {Display.Duration(report.Duration)}, of which steps {Display.Duration(report.WorkDuration)}");
        if (report.Target is { } target)
        {
            Line($"* may take {Display.Duration(target)}: {(report.IsWithinTarget == true ? "kept" : "**missed**")}");
        }
        if (report.Loss is { } loss)
        {
            Line($"* goes on from a restore point {Display.Duration(loss)} old: what was changed in that time is lost");
        }
        if (report.Resumed > 0)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"* stopped and gone on with {report.Resumed} times"));
        }
        Line();
        Line("| step | what | state | took | detail |");
        Line("|---|---|---|---|---|");
        foreach (var step in report.Steps)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"| {step.Number} | {Cell(step.Name)} | {step.State} | {(step.Duration is { } took ? Display.Duration(took) : "")} | {Cell(step.Detail)} |"));
        }
        if (report.Next.Count > 0)
        {
            Line();
            Line("## Left to do");
            Line();
            foreach (var next in report.Next)
            {
                Line($"* {Plain(next)}");
            }
        }
        return text.ToString();
    }

    /// <summary>Writes it beside the journal, in one step; again where it stands.</summary>
    public static void Write(RunbookReport report, string path)
    {
        var temporary = path + ".new";
        File.WriteAllText(temporary, Of(report), new UTF8Encoding(false));
        File.Move(temporary, path, overwrite: true);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    private static string Plain(string text) => text.ReplaceLineEndings(" ");

    private static string Cell(string text) => Plain(text).Replace("|", "\\|", StringComparison.Ordinal);
}
