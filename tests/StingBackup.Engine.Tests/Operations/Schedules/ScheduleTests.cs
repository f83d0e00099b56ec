using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using System.Xml.Schema;
using Cronos;
using StingBackup.Engine.Operations.Schedules;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations.Schedules;

/// <summary>The units and lines that schedules are registered as, and whether those who read them understand them as they are meant.</summary>
public sealed partial class ScheduleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private SchedulePlaces Places(ScheduleKind kind, string program = "/opt/sting-backup/bin/sting-backup") => new(kind, Path.Combine(_folder.Path, kind.ToString()), "sting-backup", program);

    private StingConfiguration Configuration(string more = "", string zone = "local")
    {
        var file = Path.Combine(_folder.Path, "sting-backup.yaml");
        File.WriteAllText(file, $"repository:\n  backup_root: {_folder.Path}/backups\nreserve:\n  path: {_folder.Path}/reserve\ntime_zone: {zone}\n{more}\n");
        return new ConfigurationLoader(new HostView()).Load(file);
    }

    private static IReadOnlyList<BackupSchedule> Register(SchedulePlaces places, StingConfiguration configuration)
    {
        ScheduleJob.Run(ScheduleJob.PlanWrite(places, ScheduleJob.TableOf(configuration, places), TimeProvider.System), warning => Assert.Fail(warning));
        return ScheduleJob.Read(places, TimeProvider.System);
    }

    [Theory]
    [InlineData("*/15 * * * *", "*-*-* *:00/15:00 UTC")]
    [InlineData("0 2 * * *", "*-*-* 2:0:00 UTC")]
    [InlineData("0 3 * * 0", "Sun *-*-* 3:0:00 UTC")]
    [InlineData("5,35 8-18/2 * 1-6 1-5", "Mon,Tue,Wed,Thu,Fri *-1..6-* 8..18/2:5,35:00 UTC")]
    [InlineData("0 0 1 * *", "*-*-1 0:0:00 UTC")]
    [InlineData("10/20 */6 * * 6,7", "Sat,Sun *-*-* 00/6:10/20:00 UTC")]
    public void A_time_of_cron_is_written_for_systemd(string cron, string calendar) => Assert.Equal(calendar, CalendarText.Of(cron, "UTC"));

    [SystemdFact]
    public void Systemd_understands_times_as_they_are_meant()
    {
        var from = new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
        foreach (var zone in (string[])["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])
        {
            foreach (var at in (string[])["*/15 * * * *", "0 2 * * *", "0 3 * * 0", "5,35 8-18/2 * 1-6 1-5", "0 0 1 * *", "10/20 */6 * * 6,7", "30 23 28-31 * *", "7 7 * */3 *"])
            {
                var said = Run("systemd-analyze", "calendar", "--iterations=12", $"--base-time={from:yyyy-MM-dd HH:mm:ss} UTC", CalendarText.Of(at, zone));
                var times = Elapses().Matches(said).Select(m => DateTimeOffset.ParseExact(m.Groups[1].Value, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)).Take(12).ToList();
                var want = CronExpression.Parse(at).GetOccurrences(from, from.AddYears(9), TimeZoneInfo.FindSystemTimeZoneById(zone), fromInclusive: false).Take(12).Select(t => t.ToUniversalTime()).ToList();
                Assert.Equal(12, times.Count);
                Assert.Equal(want.Select(t => t.UtcDateTime), times.Select(t => t.UtcDateTime));
            }
        }
    }

    [SystemdFact]
    public void Systemd_finds_nothing_wrong_with_the_units()
    {
        var program = ScriptFile.Write(Path.Combine(_folder.Path, "sting-backup"), "#!/bin/sh\n");
        var places = Places(ScheduleKind.Systemd, program) with { User = "root" };
        Assert.Equal(6, Register(places, Configuration("timers:\n  jitter_seconds: 30", "Europe/Berlin")).Count);
        var units = Directory.GetFiles(places.Folder!);
        Assert.Equal(12, units.Length);
        Assert.Equal("", Run("systemd-analyze", ["verify", "--man=no", .. units]));
        var timer = File.ReadAllText(Path.Combine(places.Folder!, "sting-backup-full.timer"));
        Assert.Contains("\nOnCalendar=*-*-* 2:0:00 Europe/Berlin\n", timer, StringComparison.Ordinal);
        Assert.Contains("\nPersistent=true\nRandomizedDelaySec=30\n", timer, StringComparison.Ordinal);
        foreach (var unit in Directory.GetFiles(Path.Combine(Golden.Top, "packaging", "systemd"), "*.service"))
        {
            var copy = Path.Combine(_folder.Path, Path.GetFileName(unit));
            File.WriteAllText(copy, File.ReadAllText(unit).Replace("/opt/sting-backup/bin/sting-backup", program, StringComparison.Ordinal).Replace("=sting-backup\n", "=root\n", StringComparison.Ordinal));
            Assert.Equal("", Run("systemd-analyze", "verify", "--man=no", copy));
        }
    }

    [Fact]
    public void What_is_registered_is_changed_switched_off_and_removed_one_by_one()
    {
        foreach (var kind in Enum.GetValues<ScheduleKind>())
        {
            var places = Places(kind);
            var configuration = Configuration(zone: TimeZoneInfo.Local.Id);
            var all = Register(places, configuration);
            Assert.Equal([ScheduledTask.Full, ScheduledTask.Archive, ScheduledTask.Incremental, ScheduledTask.Cleanup, ScheduledTask.Verify, ScheduledTask.Drill], all.Select(s => s.Task));
            Assert.All(all, s => Assert.True(s is { IsEnabled: true, User: "sting-backup", NextTime: not null } && s.ConfigurationFile == configuration.File && File.Exists(s.Path), s.ToString()));
            var full = all[0];
            Write(full with { At = "30 1 * * *", JitterSeconds = 60 }, all[1] with { IsEnabled = false });
            var changed = ScheduleJob.Read(places, TimeProvider.System);
            Assert.Equal(("30 1 * * *", 60, true), (changed[0].At, changed[0].JitterSeconds, changed[0].IsEnabled));
            Assert.Equal((false, (DateTimeOffset?)null), (changed[1].IsEnabled, changed[1].NextTime));
            Assert.Equal(all.Skip(2).Select(s => s.At), changed.Skip(2).Select(s => s.At));
            Write(changed[1] with { IsEnabled = true });
            Assert.True(ScheduleJob.Read(places, TimeProvider.System)[1].IsEnabled);
            Remove(ScheduledTask.Full);
            Assert.Equal(5, ScheduleJob.Read(places, TimeProvider.System).Count);
            Remove(ScheduledTask.Archive, ScheduledTask.Incremental, ScheduledTask.Cleanup, ScheduledTask.Verify, ScheduledTask.Drill);
            Assert.Empty(Directory.GetFiles(places.Folder!));

            void Write(params BackupSchedule[] schedules) => ScheduleJob.Run(ScheduleJob.PlanWrite(places, schedules, TimeProvider.System), warning => Assert.Fail(warning));
            void Remove(params ScheduledTask[] tasks) => ScheduleJob.Run(ScheduleJob.PlanRemove(places, tasks, TimeProvider.System), warning => Assert.Fail(warning));
        }
    }

    [Fact]
    public void A_plan_writes_nothing_and_a_folder_of_one_s_own_runs_no_command()
    {
        var places = Places(ScheduleKind.Systemd);
        var plan = ScheduleJob.PlanWrite(places, ScheduleJob.TableOf(Configuration("timers:\n  verify: never\n  drill: never\nremote:\n  location: far"), places), TimeProvider.System);
        Assert.Equal([ScheduledTask.Full, ScheduledTask.Archive, ScheduledTask.Incremental, ScheduledTask.Sync, ScheduledTask.Cleanup], plan.Schedules.Select(s => s.Task));
        Assert.False(Directory.Exists(places.Folder));
        Assert.Empty(plan.Commands);
        var real = ScheduleJob.PlanWrite(places with { Folder = null }, plan.Schedules, TimeProvider.System);
        Assert.Equal("systemctl daemon-reload", real.Commands[0]);
        Assert.Contains("systemctl enable --now sting-backup-full.timer", real.Commands);
        Assert.Equal("/etc/systemd/system/sting-backup-full.service", real.Files[0].Path);
    }

    [LinuxFact]
    public void Cron_gets_the_strategy_s_table_and_asks_the_clock_of_another_zone()
    {
        var here = CronFile.File("/etc/cron.d", ScheduleJob.TableOf(Configuration(zone: TimeZoneInfo.Local.Id), Places(ScheduleKind.Cron))).Text!;
        Assert.Contains($"\n*/15 * * * * sting-backup /opt/sting-backup/bin/sting-backup incremental --due --quiet --config={_folder.Path}/sting-backup.yaml\n", here, StringComparison.Ordinal);
        Assert.Contains("\n0 3 * * 0 sting-backup /opt/sting-backup/bin/sting-backup archive --max-wait=12h --quiet", here, StringComparison.Ordinal);
        var elsewhere = TimeZoneInfo.Local.HasSameRules(TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata")) ? "America/New_York" : "Asia/Kolkata";
        var there = CronFile.File("/etc/cron.d", ScheduleJob.TableOf(Configuration(zone: elsewhere), Places(ScheduleKind.Cron))).Text!;
        var full = there.Split('\n').Single(l => l.Contains("backup full", StringComparison.Ordinal) && !l.StartsWith('#'));
        Assert.StartsWith("*/15 * * * * sting-backup test ", full, StringComparison.Ordinal);
        Assert.StartsWith("*/15 * * * * sting-backup true ", there.Split('\n').Single(l => l.Contains("incremental --due", StringComparison.Ordinal) && !l.StartsWith('#')), StringComparison.Ordinal);

        // The line's own question, put to a clock that is set.
        var command = full[full.IndexOf("test ", StringComparison.Ordinal)..].Split(" && ")[0].Replace("\\%", "%", StringComparison.Ordinal);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(elsewhere);
        var two = TimeZoneInfo.ConvertTimeToUtc(new DateTime(2026, 5, 4, 2, 0, 0, DateTimeKind.Unspecified), zone);
        ScriptFile.Write(Path.Combine(_folder.Path, "date"), "#!/bin/sh\nexec /bin/date -d \"@$NOW\" \"$@\"\n");
        Assert.Equal([false, true, false], new[] { -15, 0, 15 }.Select(minutes => Holds(command, two.AddMinutes(minutes))));

        var odd = ScheduleJob.TableOf(Configuration("timers:\n  full: 10 2 * * *", elsewhere), Places(ScheduleKind.Cron));
        Assert.Equal("ScheduleNotForCron", Assert.Throws<StingException>(() => CronFile.File("/etc/cron.d", odd)).ErrorId);
    }

    [Fact]
    public void Task_scheduler_gets_files_of_its_form()
    {
        var places = Places(ScheduleKind.TaskScheduler);
        Register(places, Configuration("timers:\n  jitter_seconds: 90", TimeZoneInfo.Local.Id));
        XNamespace space = "http://schemas.microsoft.com/windows/2004/02/mit/task";
        var quarter = XDocument.Load(Path.Combine(places.Folder!, "sting-backup-incremental.xml")).Root!;
        Assert.Equal(["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"], quarter.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("PT15M", quarter.Descendants(space + "Interval").Single().Value);
        Assert.Equal(("IgnoreNew", "true"), (quarter.Descendants(space + "MultipleInstancesPolicy").Single().Value, quarter.Descendants(space + "StartWhenAvailable").Single().Value));
        Assert.StartsWith("incremental --due --quiet", quarter.Descendants(space + "Arguments").Single().Value, StringComparison.Ordinal);
        var weekly = XDocument.Load(Path.Combine(places.Folder!, "sting-backup-archive.xml")).Root!;
        Assert.Single(weekly.Descendants(space + "Sunday"));
        Assert.Equal("PT90S", weekly.Descendants(space + "RandomDelay").Single().Value);
        Assert.Equal(2, XDocument.Load(Path.Combine(places.Folder!, "sting-backup-cleanup.xml")).Root!.Descendants(space + "Exec").Count());
    }

    [Fact]
    public void Every_file_for_the_task_scheduler_keeps_to_its_schema()
    {
        var schema = new XmlSchemaSet();
        schema.Add(null, Path.Combine(AppContext.BaseDirectory, "Operations", "Schedules", "task-scheduler.xsd"));
        foreach (var more in (string[])["", "timers:\n  jitter_seconds: 90", "timers:\n  full: 30 1 * * 6\n  verify: 15 * * * *"])
        {
            var places = Places(ScheduleKind.TaskScheduler);
            Register(places, Configuration(more, TimeZoneInfo.Local.Id));
            var files = Directory.GetFiles(places.Folder!);
            Assert.Equal(6, files.Length);
            Assert.All(files, file => Assert.Empty(Faults(XDocument.Load(file))));
        }
        // A schema that finds nothing would prove nothing: one order or value that is wrong, and it does.
        var quarter = XDocument.Load(Path.Combine(Places(ScheduleKind.TaskScheduler).Folder!, "sting-backup-incremental.xml"));
        var trigger = quarter.Descendants().Single(e => e.Name.LocalName == "TimeTrigger");
        trigger.Add(trigger.Elements().First());
        trigger.Elements().First().Remove();
        quarter.Descendants().Single(e => e.Name.LocalName == "Priority").Value = "11";
        quarter.Descendants().Single(e => e.Name.LocalName == "Actions").SetAttributeValue("Context", "Nobody");
        Assert.Equal(3, Faults(quarter).Count);

        List<string> Faults(XDocument document)
        {
            var faults = new List<string>();
            document.Validate(schema, (_, fault) => faults.Add(fault.Message));
            return faults;
        }
    }

    [Theory]
    [InlineData("0 2 * * *", true)]
    [InlineData("*/15 0-7,18-23 * * *", true)]
    [InlineData("0 2 1 * 0", false)]   // day of the month or of the week: some say and, some or
    [InlineData("0 2 * *", false)]
    [InlineData("60 2 * * *", false)]
    [InlineData("0 2 * * MON", false)]
    [InlineData("@daily", false)]
    public void Only_times_that_every_scheduler_understands_in_one_way_are_taken(string at, bool good)
    {
        Assert.Equal(good, TimerText.IsGood(at));
        if (!good)
        {
            Assert.Equal("ScheduleNotUnderstood", Assert.Throws<StingException>(() => ScheduleJob.Check(at, null)).ErrorId);
        }
    }

    private bool Holds(string command, DateTime now)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]);
        start.Environment["PATH"] = _folder.Path + ":/usr/bin:/bin";
        start.Environment["NOW"] = new DateTimeOffset(now, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TZ"] = "UTC";
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {said}");
        return said;
    }

    // With TZ=UTC every elapse stands in UTC, in its own line or in a line of its own.
    [GeneratedRegex(@"(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")]
    private static partial Regex Elapses();

    /// <summary>Runs where systemd-analyze stands on the path; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SystemdFactAttribute : FactAttribute
    {
        public SystemdFactAttribute() => Skip = OperatingSystem.IsLinux() && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(f => File.Exists(Path.Combine(f, "systemd-analyze"))) ? null : "systemd-analyze is not on the path.";
    }
}
