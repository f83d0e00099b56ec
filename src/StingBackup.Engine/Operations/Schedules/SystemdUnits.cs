using System.Globalization;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>A service and a timer of systemd for each task. The first line of a timer says what it was made from.</summary>
internal static class SystemdUnits
{
    /// <summary>Where they lie.</summary>
    public const string Folder = "/etc/systemd/system";

    private const string Off = ".disabled";

    public static IEnumerable<ScheduleFile> Files(string folder, BackupSchedule schedule)
    {
        var timer = TimerPath(folder, schedule.Task);
        yield return new ScheduleFile(Path.Combine(folder, $"{TaskWords.Name(schedule.Task)}.service"), Service(schedule));
        yield return new ScheduleFile(schedule.IsEnabled ? timer : timer + Off, Timer(schedule));
        yield return new ScheduleFile(schedule.IsEnabled ? timer + Off : timer, null);
    }

    public static IEnumerable<ScheduleFile> Removal(string folder, ScheduledTask task) =>
        [new ScheduleFile(TimerPath(folder, task), null), new ScheduleFile(TimerPath(folder, task) + Off, null), new ScheduleFile(Path.Combine(folder, $"{TaskWords.Name(task)}.service"), null)];

    public static IEnumerable<BackupSchedule> Read(string folder) => Enum.GetValues<ScheduledTask>()
        .SelectMany(task => new[] { TimerPath(folder, task), TimerPath(folder, task) + Off }).Where(File.Exists)
        .Select(path => ScheduleMark.Read(File.ReadLines(path).FirstOrDefault() ?? "") is { } schedule ? schedule with { Path = path, IsEnabled = !path.EndsWith(Off, StringComparison.Ordinal) } : null).OfType<BackupSchedule>();

    /// <summary>What makes systemd take the files.</summary>
    public static IEnumerable<string> Commands(IEnumerable<BackupSchedule> schedules, IEnumerable<ScheduledTask> removed)
    {
        var all = schedules.ToList();
        foreach (var task in removed.Concat(all.Where(s => !s.IsEnabled).Select(s => s.Task)))
        {
            yield return $"systemctl disable --now {TaskWords.Name(task)}.timer";
        }
        yield return "systemctl daemon-reload";
        foreach (var schedule in all.Where(s => s.IsEnabled))
        {
            yield return $"systemctl enable --now {TaskWords.Name(schedule.Task)}.timer";
        }
    }

    private static string TimerPath(string folder, ScheduledTask task) => Path.Combine(folder, $"{TaskWords.Name(task)}.timer");

    private static string Service(BackupSchedule schedule) => $"""
        # Made by Register-StingBackupSchedule.
        [Unit]
        Description=StingBackup: {TaskWords.Describe(schedule.Task)}
        After=network-online.target
        Wants=network-online.target

        [Service]
        # One at a time: while it runs, its timer starts no second one.
        Type=oneshot
        User={schedule.User}
        {string.Join('\n', TaskWords.Lines(schedule).Select(line => $"ExecStart={line.Replace("%", "%%", StringComparison.Ordinal)}"))}
        # The backup stands, single files could not be read: log and status name them.
        SuccessExitStatus=3
        Nice=10
        IOSchedulingClass=idle
        # The program may hold itself to performance.cpu_limit.
        Delegate=cpu
        KillSignal=SIGTERM
        TimeoutStopSec=120
        NoNewPrivileges=true
        ProtectSystem=full
        ProtectClock=true
        ProtectHostname=true
        ProtectKernelLogs=true
        ProtectKernelModules=true
        ProtectKernelTunables=true
        LockPersonality=true
        RestrictNamespaces=true
        RestrictRealtime=true
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
        SystemCallArchitectures=native

        """.ReplaceLineEndings("\n");

    private static string Timer(BackupSchedule schedule) => string.Create(CultureInfo.InvariantCulture, $"""
        {ScheduleMark.Write(schedule)}
        [Unit]
        Description=StingBackup: when to {TaskWords.Describe(schedule.Task)}

        [Timer]
        OnCalendar={CalendarText.Of(schedule.At, schedule.TimeZone)}
        # What was missed while the host was off is made up for.
        Persistent=true
        RandomizedDelaySec={schedule.JitterSeconds}
        AccuracySec=1s

        [Install]
        WantedBy=timers.target

        """).ReplaceLineEndings("\n");
}
