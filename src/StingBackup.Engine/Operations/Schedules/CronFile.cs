using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>
/// A file of <c>/etc/cron.d</c>. Debian's cron knows the host's zone alone: for times of another one it looks every quarter of an hour whether it is that time there.
/// </summary>
internal static class CronFile
{
    /// <summary>Where it lies.</summary>
    public const string Folder = "/etc/cron.d";

    private const string Off = "#off ";

    public static string PathIn(string folder) => Path.Combine(folder, "sting-backups");

    /// <summary>The file with these schedules; none is left when there are none.</summary>
    public static ScheduleFile File(string folder, IEnumerable<BackupSchedule> schedules)
    {
        var text = new StringBuilder("# Made by Register-StingBackupSchedule; it keeps the lines that begin with '# sting-backup-schedule'.\nSHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
        var any = false;
        foreach (var schedule in schedules.OrderBy(s => s.Task))
        {
            any = true;
            text.Append('\n').Append(ScheduleMark.Write(schedule)).Append('\n').Append(schedule.IsEnabled ? "" : Off).Append(Line(schedule)).Append('\n');
        }
        return new ScheduleFile(PathIn(folder), any ? text.ToString() : null);
    }

    public static IEnumerable<BackupSchedule> Read(string folder)
    {
        var path = PathIn(folder);
        return System.IO.File.Exists(path) ? System.IO.File.ReadLines(path).Select(ScheduleMark.Read).OfType<BackupSchedule>().Select(s => s with { Path = path }) : [];
    }

    /// <exception cref="StingException"><c>ScheduleNotForCron</c></exception>
    private static string Line(BackupSchedule schedule)
    {
        // An unescaped % ends a command of cron's.
        var commands = string.Join(" && ", TaskWords.Lines(schedule)).Replace("%", "\\%", StringComparison.Ordinal);
        var jitter = schedule.JitterSeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"sleep $(awk 'BEGIN {{ srand(); print int(rand() * {schedule.JitterSeconds + 1}) }}') && ") : "";
        var zone = TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone);
        return zone.HasSameRules(TimeZoneInfo.Local) ? $"{schedule.At} {schedule.User} {jitter}{commands}" : $"{Ticks(schedule)} {schedule.User} {Guard(schedule)} && {jitter}{commands}";
    }

    private static string Ticks(BackupSchedule schedule) => Fields(schedule)[1] == "*" ? schedule.At : "*/15 * * * *";

    /// <summary>Asks the zone's own clock, daylight saving and all.</summary>
    private static string Guard(BackupSchedule schedule)
    {
        var fields = Fields(schedule);
        if (fields[1] == "*")
        {
            return "true";   // the same in every zone of whole hours; in others it is as often
        }
        var time = string.Create(CultureInfo.InvariantCulture, $"{Number(schedule, fields[1]):00}{Number(schedule, fields[0]):00}");
        var (format, want) = fields[4] == "*" ? ("+\\%H\\%M", time) : ("+\\%H\\%M\\%w", $"{time}{Number(schedule, fields[4]) % 7}");
        return fields[2] == "*" && fields[3] == "*" && Number(schedule, fields[0]) % 15 == 0 ? $"test \"$(TZ={schedule.TimeZone} date {format})\" = {want}" : throw NotForCron(schedule);
    }

    private static int Number(BackupSchedule schedule, string field) => int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw NotForCron(schedule);

    private static string[] Fields(BackupSchedule schedule) => schedule.At.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static StingException NotForCron(BackupSchedule schedule) => new("ScheduleNotForCron", FailureKind.NotSupported, $"cron knows the host's time zone alone, and '{schedule.At}' of {schedule.TimeZone} cannot be written for it.", schedule.At,
        "Name one hour, a minute of 0, 15, 30 or 45 and at most one day of the week; or use -Kind Systemd, or the daemon, which know every zone.");
}
