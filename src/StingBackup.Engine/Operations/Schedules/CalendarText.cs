using System.Text.RegularExpressions;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>Five fields of cron as systemd's calendar writes them.</summary>
internal static partial class CalendarText
{
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

    /// <summary><c>*/15 * * * *</c> in Europe/Berlin as <c>*-*-* *:00/15:00 Europe/Berlin</c>.</summary>
    public static string Of(string cron, string zone)
    {
        var fields = cron.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var days = fields[4] == "*" ? "" : string.Join(',', fields[4].Split(',').Select(Week)) + " ";
        return $"{days}*-{Field(fields[3], 1)}-{Field(fields[2], 1)} {Field(fields[1], 0)}:{Field(fields[0], 0)}:00 {zone}";
    }

    private static string Field(string field, int first) => field == "*" ? "*" : string.Join(',', field.Split(',').Select(part => Part(part, first)));

    private static string Part(string part, int first)
    {
        var match = Range().Match(part);
        var step = match.Groups["step"].Success ? $"/{match.Groups["step"].Value}" : "";
        return match.Groups["any"].Success ? $"{first:00}{step}"
            : match.Groups["to"].Success ? $"{match.Groups["from"].Value}..{match.Groups["to"].Value}{step}"
            : $"{match.Groups["from"].Value}{step}";
    }

    /// <summary>Days of the week have names there, and no steps.</summary>
    private static string Week(string part)
    {
        var match = Range().Match(part);
        var (from, to) = match.Groups["any"].Success ? (0, 6) : (Number(match, "from"), match.Groups["to"].Success ? Number(match, "to") : match.Groups["step"].Success ? 6 : Number(match, "from"));
        var step = match.Groups["step"].Success ? Number(match, "step") : 1;
        return string.Join(',', Enumerable.Range(from, to - from + 1).Where(day => (day - from) % step == 0).Select(day => Days[day]).Distinct());
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:(?<any>\*)|(?<from>\d+)(?:-(?<to>\d+))?)(?:/(?<step>\d+))?$")]
    private static partial Regex Range();
}
