using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Schedules as administrators register them, the strategy's own lines, and the daemon as a process.</summary>
public sealed class ScheduleTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public ScheduleTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void They_are_registered_changed_and_removed()
    {
        var plan = _shell.Run("Register-StingBackupSchedule -Kind Systemd -Directory units -WhatIf").Succeeded().Objects<SchedulePlan>().Single();
        Assert.Equal(12, plan.Files.Count);
        Assert.False(Directory.Exists(_sample["units"]));
        var all = _shell.Run("Register-StingBackupSchedule -Kind Systemd -Directory units -Account root").Succeeded().Objects<BackupSchedule>().ToList();
        Assert.Equal(6, all.Count);
        Assert.Contains("User=root", File.ReadAllText(_sample["units", "sting-backup-full.service"]), StringComparison.Ordinal);
        var full = _shell.Run("Set-StingBackupSchedule Full '0 1 * * *' -TimeZone Asia/Tokyo -Kind Systemd -Directory units").Succeeded().Objects<BackupSchedule>().Single();
        Assert.Equal(("0 1 * * *", "Asia/Tokyo", 16), (full.At, full.TimeZone, full.NextTime!.Value.UtcDateTime.Hour));
        Assert.False(_shell.Run("Get-StingBackupSchedule Archive -Kind Systemd -Directory units | Disable-StingBackupSchedule -Directory units").Succeeded().Objects<BackupSchedule>().Single().IsEnabled);
        _shell.Run("Unregister-StingBackupSchedule Archive -Kind Systemd -Directory units").Succeeded();
        _shell.Run("Set-StingBackupSchedule Archive '0 1 * * *' -Kind Systemd -Directory units").FailedWith("ScheduleNotFound");
        _shell.Run("Set-StingBackupSchedule Full 'soon' -Kind Systemd -Directory units").FailedWith("ScheduleNotUnderstood");
        _shell.Run("Register-StingBackupSchedule -Kind TaskScheduler").FailedWith("ScheduleFolderNotNamed");
        _shell.Run("Register-StingBackupSchedule Sync -Kind Cron -Directory cron").FailedWith("ScheduleNotFound");
        File.WriteAllText(_sample["file"], "");
        _shell.Run("Register-StingBackupSchedule -Kind Cron -Directory file/cron").FailedWith("ScheduleUnwritable");
        _shell.Run("Unregister-StingBackupSchedule -Kind Systemd -Directory units").Succeeded();
        Assert.Empty(Directory.GetFiles(_sample["units"]));
    }

    [Fact]
    public void A_daemon_tells_what_it_would_do()
    {
        var plan = _shell.Run("Start-StingBackupDaemon -WhatIf").Succeeded().Objects<DaemonPlan>().Single();
        Assert.Equal([ScheduledTask.Full, ScheduledTask.Archive, ScheduledTask.Incremental, ScheduledTask.Cleanup, ScheduledTask.Verify, ScheduledTask.Drill], plan.Timers.Select(t => t.Task));
        Assert.All(plan.Timers, t => Assert.NotNull(t.NextTime));
    }

    [Fact]
    public async Task Every_line_of_the_strategy_s_crontab_runs_as_it_stands()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var lines = File.ReadLines(Path.Combine(Repository.Root, "docs", "strategy-source.md")).Where(l => l.Contains(" sting-backup /usr/bin/sting-backup", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, lines.Count);
        foreach (var line in lines)
        {
            // As cron does: the command to a shell, with hardly any environment. Only the folder of the scripts is another one.
            var command = line[line.IndexOf("/usr/bin/", StringComparison.Ordinal)..].Replace("/usr/bin/", Path.Combine(Repository.Root, "contrib") + "/", StringComparison.Ordinal);
            var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = _sample.Folder, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment.Clear();
            start.Environment["PATH"] = "/usr/bin:/bin";
            start.Environment["HOME"] = _sample.Folder;
            start.Environment["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "/usr/share/dotnet/dotnet");
            start.Environment["STING_BACKUP"] = Repository.Program("sting-backup");
            start.Environment["STING_BACKUP_CONFIG"] = _sample["sting-backup.yaml"];
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{line}: {process.ExitCode} {await error}");
        }
        var points = _shell.Run("Get-StingRestorePoint").Succeeded().Objects<RestorePoint>().Select(p => p.Type).ToList();
        Assert.Contains(BackupType.Archive, points);
        Assert.True(points.Count > 2);
    }

    [Fact]
    public async Task A_daemon_s_process_gives_metrics_and_ends_when_it_is_told_to()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var port = StingBackup.Fixtures.FreePorts.Next();
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nmetrics:\n", $"\nmetrics:\n  port: {port}\n", StringComparison.Ordinal));
        using var process = Programs.Start(Repository.Program("sting-backup"), _sample.Folder, "daemon", "--confirm");
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var http = new HttpClient();
        var text = "";
        for (var i = 0; i < 300 && text.Length == 0 && !process.HasExited; i++)
        {
            try
            {
                text = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics");
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(text.Contains("\nsting_backup_restore_points 2\n", StringComparison.Ordinal), $"{text}\n{await output}\n{await error}");
        Assert.Equal(1, process.ExitCode);
        Assert.DoesNotContain("[", await error, StringComparison.Ordinal);   // an error has its id in brackets
    }
}
