using System.Globalization;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>The name of a log file: <c>&lt;backup id or command&gt;-&lt;yyyyMMddTHHmmssZ&gt;-&lt;process&gt;.jsonl</c>; a further part of the same run has <c>.2</c>, <c>.3</c> … before the ending.</summary>
/// <param name="Label">The backup's id, or the command where there is none.</param>
/// <param name="Started">When the run began, UTC, to the second.</param>
/// <param name="Process">The process's number.</param>
/// <param name="Part">From 1.</param>
internal readonly record struct LogFileName(string Label, DateTimeOffset Started, int Process, int Part)
{
    public const string Ending = ".jsonl";
    private const string Stamp = "yyyyMMdd'T'HHmmss'Z'";

    public static bool TryParse(string name, out LogFileName parsed)
    {
        parsed = default;
        if (!name.EndsWith(Ending, StringComparison.Ordinal))
        {
            return false;
        }
        var parts = name[..^Ending.Length].Split('.');
        var part = 1;
        if (parts.Length is < 1 or > 2 || (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out part) && part >= 2)))
        {
            return false;
        }
        var process = parts[0].LastIndexOf('-');
        var stamp = process > 0 ? parts[0].LastIndexOf('-', process - 1) : -1;
        if (stamp <= 0
            || !DateTimeOffset.TryParseExact(parts[0].AsSpan(stamp + 1, process - stamp - 1), Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started)
            || !int.TryParse(parts[0].AsSpan(process + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }
        parsed = new LogFileName(parts[0][..stamp], started, number, part);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Label}-{Started.UtcDateTime.ToString(Stamp, CultureInfo.InvariantCulture)}-{Process}{(Part > 1 ? "." + Part.ToString(CultureInfo.InvariantCulture) : "")}{Ending}");
}
