using System.Diagnostics;
using System.Text;
using Cronos;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>Where schedules stand, and what they run.</summary>
/// <param name="Kind">What runs them.</param>
/// <param name="Folder">The folder of their files; null for the system's own.</param>
/// <param name="User">The account that they run as.</param>
/// <param name="Program">The program.</param>
public sealed record SchedulePlaces(ScheduleKind Kind, string? Folder, string User, string Program);

/// <summary>Registers, changes, disables and removes schedules: a plan first, then its files and commands.</summary>
public static class ScheduleJob
{
    /// <summary>The tasks that a configuration has times for, as schedules.</summary>
    public static IReadOnlyList<BackupSchedule> TableOf(StingConfiguration configuration, SchedulePlaces places)
    {
        Access.Require(configuration, "Register-StingBackupSchedule");
        ArgumentNullException.ThrowIfNull(places);
        return [.. configuration.Timers.Where(t => t.Value != TimerText.Never && (t.Key != ScheduledTask.Sync || configuration.RemoteLocation is not null || configuration.ArchiveLocation is not null)).OrderBy(t => t.Key).Select(timer => new BackupSchedule
        {
            Task = timer.Key, Kind = places.Kind, At = timer.Value, TimeZone = configuration.TimeZone.Id, JitterSeconds = configuration.JitterSeconds, User = places.User, Program = places.Program, ConfigurationFile = configuration.File,
        })];
    }

    /// <summary>The schedules that stand there.</summary>
    public static IReadOnlyList<BackupSchedule> Read(SchedulePlaces places, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(places);
        ArgumentNullException.ThrowIfNull(clock);
        var folder = FolderOf(places);
        try
        {
            var found = places.Kind switch { ScheduleKind.Systemd => SystemdUnits.Read(folder), ScheduleKind.Cron => CronFile.Read(folder), _ => TaskSchedulerXml.Read(folder) };
            return [.. found.OrderBy(s => s.Task).Select(s => s with { NextTime = s.IsEnabled ? Next(s, clock) : null })];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ScheduleUnreadable", FailureKind.PermissionDenied, $"The schedules in '{folder}' cannot be read: {e.Message}", folder, "Run as an account that may read them.", e);
        }
    }

    /// <summary>What writing these schedules would do; others that stand there stay as they are.</summary>
    public static SchedulePlan PlanWrite(SchedulePlaces places, IReadOnlyList<BackupSchedule> schedules, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        var folder = FolderOf(places);
        schedules = [.. schedules.Select(s => s with { Path = "", NextTime = s.IsEnabled ? Next(s, clock) : null })];
        IEnumerable<ScheduleFile> files = places.Kind switch
        {
            ScheduleKind.Systemd => schedules.SelectMany(s => SystemdUnits.Files(folder, s)).Where(f => f.Text is not null || File.Exists(f.Path)),
            ScheduleKind.Cron => [CronFile.File(folder, [.. Read(places, clock).Where(old => schedules.All(s => s.Task != old.Task)), .. schedules])],
            _ => schedules.Select(s => TaskSchedulerXml.File(folder, s, clock.GetUtcNow())),
        };
        return new SchedulePlan { Kind = places.Kind, Schedules = [.. schedules], Files = [.. files], Commands = [.. CommandsOf(places, schedules, [])] };
    }

    /// <summary>What removing the schedules of these tasks would do.</summary>
    public static SchedulePlan PlanRemove(SchedulePlaces places, IReadOnlyList<ScheduledTask> tasks, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var folder = FolderOf(places);
        IEnumerable<ScheduleFile> files = places.Kind switch
        {
            ScheduleKind.Systemd => tasks.SelectMany(t => SystemdUnits.Removal(folder, t)),
            ScheduleKind.Cron => [CronFile.File(folder, Read(places, clock).Where(old => !tasks.Contains(old.Task)))],
            _ => tasks.Select(t => new ScheduleFile(TaskSchedulerXml.PathIn(folder, t), null)),
        };
        return new SchedulePlan { Kind = places.Kind, Schedules = [], Files = [.. files.Where(f => f.Text is not null || File.Exists(f.Path))], Commands = [.. CommandsOf(places, [], tasks)] };
    }

    /// <summary>Carries a plan out.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="warn">Told of a command that failed: the files stand all the same.</param>
    /// <exception cref="StingException"><c>ScheduleUnwritable</c></exception>
    public static void Run(SchedulePlan plan, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(warn);
        // What is removed is switched off before its files go, what is written after they are there.
        var early = plan.Commands.Where(c => c.Contains(" disable ", StringComparison.Ordinal)).ToList();
        early.ForEach(command => Execute(command, warn));
        foreach (var file in plan.Files)
        {
            try
            {
                Apply(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StingException("ScheduleUnwritable", FailureKind.PermissionDenied, $"'{file.Path}' cannot be written: {e.Message}", file.Path, "Run as root, or name a folder of your own with -Directory and install the files from there.", e);
            }
        }
        foreach (var command in plan.Commands.Except(early))
        {
            Execute(command, warn);
        }
    }

    /// <summary>Whether a time and a zone can be gone by; null for those that are not given.</summary>
    /// <exception cref="StingException"><c>ScheduleNotUnderstood</c></exception>
    public static void Check(string? at, string? zone)
    {
        if (at is not null && !TimerText.IsGood(at))
        {
            throw new StingException("ScheduleNotUnderstood", FailureKind.InvalidArgument, $"'{at}' says no time.", at, "Write minute, hour, day of the month, month and day of the week as cron has them, of the last and the third one as *: 0 2 * * *.");
        }
        if (zone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            throw new StingException("ScheduleNotUnderstood", FailureKind.InvalidArgument, $"No time zone '{zone}' is known on this host.", zone, "Write a name such as Europe/Berlin or UTC.");
        }
    }

    internal static string FolderOf(SchedulePlaces places) => places.Folder ?? places.Kind switch
    {
        ScheduleKind.Systemd => SystemdUnits.Folder,
        ScheduleKind.Cron => CronFile.Folder,
        _ => throw new StingException("ScheduleFolderNotNamed", FailureKind.InvalidArgument, "Task Scheduler has no folder of files: name one for them.", null, "Give -Directory (--directory); then register each file: schtasks /create /xml FILE /tn NAME."),
    };

    private static IEnumerable<string> CommandsOf(SchedulePlaces places, IEnumerable<BackupSchedule> schedules, IEnumerable<ScheduledTask> removed) =>
        places is { Kind: ScheduleKind.Systemd, Folder: null } ? SystemdUnits.Commands(schedules, removed) : [];

    private static DateTimeOffset? Next(BackupSchedule schedule, TimeProvider clock) =>
        CronExpression.TryParse(schedule.At, out var cron) && TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out var zone) ? cron.GetNextOccurrence(clock.GetUtcNow(), zone) : null;

    private static void Apply(ScheduleFile file)
    {
        if (file.Text is null)
        {
            File.Delete(file.Path);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        // cron passes over names with a dot: it never sees an unfinished one.
        var unfinished = $"{file.Path}.new";
        File.WriteAllText(unfinished, file.Text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        File.Move(unfinished, file.Path, overwrite: true);
    }

    private static void Execute(string command, Action<string> warn)
    {
        var words = command.Split(' ');
        try
        {
            using var process = ChildEnvironment.Begin(new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true });
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                warn($"The files are as they should be, but '{command}' failed: {error.GetAwaiter().GetResult().Trim()} Run it yourself.");
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            warn($"The files are as they should be, but '{command}' could not be run: {e.Message}. Run it yourself where systemd runs.");
        }
    }
}
