using System.Globalization;
using System.Xml.Linq;
using Cronos;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>Files for Windows' Task Scheduler (<c>schtasks /create /xml</c>). Written by its schema; untried on Windows. Times are those of the host's zone: that scheduler knows no other.</summary>
internal static class TaskSchedulerXml
{
    private static readonly XNamespace Space = "http://schemas.microsoft.com/windows/2004/02/mit/task";

    public static ScheduleFile File(string folder, BackupSchedule schedule, DateTimeOffset now) => new(PathIn(folder, schedule.Task), Text(schedule, now));

    public static string PathIn(string folder, ScheduledTask task) => Path.Combine(folder, $"{TaskWords.Name(task)}.xml");

    public static IEnumerable<BackupSchedule> Read(string folder) => Enum.GetValues<ScheduledTask>().Select(task => PathIn(folder, task)).Where(System.IO.File.Exists)
        .Select(path => System.IO.File.ReadLines(path).Select(ScheduleMark.Read).OfType<BackupSchedule>().FirstOrDefault() is { } schedule ? schedule with { Path = path } : null).OfType<BackupSchedule>();

    private static string Text(BackupSchedule schedule, DateTimeOffset now)
    {
        var lines = TaskWords.Lines(schedule);
        var task = new XElement(Space + "Task", new XAttribute("version", "1.4"),
            new XElement(Space + "RegistrationInfo", new XElement(Space + "Description", $"StingBackup: {TaskWords.Describe(schedule.Task)}")),
            new XElement(Space + "Triggers", Trigger(schedule, now)),
            new XElement(Space + "Principals", new XElement(Space + "Principal", new XAttribute("id", "Author"), new XElement(Space + "UserId", schedule.User), new XElement(Space + "LogonType", "S4U"), new XElement(Space + "RunLevel", "LeastPrivilege"))),
            new XElement(Space + "Settings", new XElement(Space + "MultipleInstancesPolicy", "IgnoreNew"), new XElement(Space + "DisallowStartIfOnBatteries", "false"), new XElement(Space + "StopIfGoingOnBatteries", "false"),
                new XElement(Space + "StartWhenAvailable", "true"), new XElement(Space + "Enabled", schedule.IsEnabled ? "true" : "false"), new XElement(Space + "ExecutionTimeLimit", "PT0S"), new XElement(Space + "Priority", "8")),
            new XElement(Space + "Actions", new XAttribute("Context", "Author"), lines.Select(line => new XElement(Space + "Exec", new XElement(Space + "Command", schedule.Program), new XElement(Space + "Arguments", line[(schedule.Program.Length + 1)..])))));
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- {ScheduleMark.Write(schedule).Replace("--", "\\u002d\\u002d", StringComparison.Ordinal)} -->\n{task}\n";
    }

    /// <exception cref="StingException"><c>ScheduleNotForTaskScheduler</c></exception>
    private static XElement Trigger(BackupSchedule schedule, DateTimeOffset now)
    {
        var fields = schedule.At.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var first = CronExpression.Parse(schedule.At).GetNextOccurrence(now, TimeZoneInfo.Local) ?? now;
        var start = new XElement(Space + "StartBoundary", first.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        var delay = schedule.JitterSeconds > 0 ? new XElement(Space + "RandomDelay", string.Create(CultureInfo.InvariantCulture, $"PT{schedule.JitterSeconds}S")) : null;
        var enabled = new XElement(Space + "Enabled", "true");
        return (fields[0], fields[1], fields[2], fields[3], fields[4]) switch
        {
            (var minute, "*", "*", "*", "*") when Every(minute) is { } each => new XElement(Space + "TimeTrigger", enabled, start, new XElement(Space + "Repetition", new XElement(Space + "Interval", each)), delay),
            (var minute, var hour, "*", "*", "*") when IsNumber(minute) && IsNumber(hour) => new XElement(Space + "CalendarTrigger", enabled, start, delay, new XElement(Space + "ScheduleByDay", new XElement(Space + "DaysInterval", "1"))),
            (var minute, var hour, "*", "*", var day) when IsNumber(minute) && IsNumber(hour) && IsNumber(day) => new XElement(Space + "CalendarTrigger", enabled, start, delay,
                new XElement(Space + "ScheduleByWeek", new XElement(Space + "DaysOfWeek", new XElement(Space + ((DayOfWeek)(int.Parse(day, CultureInfo.InvariantCulture) % 7)).ToString())), new XElement(Space + "WeeksInterval", "1"))),
            _ => throw new StingException("ScheduleNotForTaskScheduler", FailureKind.NotSupported, $"'{schedule.At}' cannot be written for the Task Scheduler.", schedule.At,
                "Name every so many minutes (*/15 * * * *), one minute of each hour, one time a day, or one time of one day of the week; or use the daemon."),
        };
    }

    private static string? Every(string minute) => minute.StartsWith("*/", StringComparison.Ordinal) && IsNumber(minute[2..]) ? $"PT{minute[2..]}M" : IsNumber(minute) ? "PT1H" : null;

    private static bool IsNumber(string field) => field.Length > 0 && field.All(char.IsAsciiDigit);
}
