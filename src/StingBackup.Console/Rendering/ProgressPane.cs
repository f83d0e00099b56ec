using System.Globalization;
using System.Management.Automation;

namespace StingBackup.Console.Rendering;

/// <summary>One line that says how far a job is: activity, bar, counts, time left.</summary>
/// <param name="terminal">Where to show it.</param>
internal sealed class ProgressPane(Terminal terminal)
{
    private const int BarWidth = 20;

    /// <summary>Shows a record; the last of a job takes the line away.</summary>
    public void Show(ProgressRecord record)
    {
        if (record.RecordType == ProgressRecordType.Completed)
        {
            terminal.HidePane();
        }
        else
        {
            terminal.ShowPane(Line(record));
        }
    }

    /// <summary>The line.</summary>
    public static string Line(ProgressRecord record)
    {
        var parts = new List<string> { record.Activity };
        if (record.PercentComplete >= 0)
        {
            var filled = BarWidth * record.PercentComplete / 100;
            parts.Add(new string('━', filled) + new string('─', BarWidth - filled));
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{record.PercentComplete,3} %"));
        }
        parts.Add(record.StatusDescription);
        if (record.SecondsRemaining >= 0)
        {
            parts.Add($"{Display.Duration(TimeSpan.FromSeconds(record.SecondsRemaining))} left");
        }
        if (!string.IsNullOrEmpty(record.CurrentOperation))
        {
            parts.Add(record.CurrentOperation);
        }
        return string.Join("  ", parts);
    }
}
