using System.Management.Automation;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A cmdlet about schedules of the system's own scheduler.</summary>
public abstract class ScheduleCmdlet : ConfiguredCmdlet
{
    private protected ScheduleCmdlet()
    {
    }

    /// <summary>Which tasks.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Only these tasks; without it all that there are")]
    [PSDefaultValue(Help = "All")]
    public ScheduledTask[]? Task { get; set; }

    /// <summary>What runs them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What runs them: Systemd, Cron or TaskScheduler")]
    [PSDefaultValue(Help = "Systemd where it runs, else Cron; TaskScheduler on Windows")]
    public ScheduleKind? Kind { get; set; }

    /// <summary>Where their files lie.</summary>
    [Parameter(HelpMessage = "A folder of your own for the files; nothing is enabled then")]
    [PSDefaultValue(Help = "/etc/systemd/system or /etc/cron.d")]
    [ValidateNotNullOrEmpty]
    public string? Directory { get; set; }

    private protected SchedulePlaces Places(string user = "", string program = "") => new(
        Kind ?? (OperatingSystem.IsWindows() ? ScheduleKind.TaskScheduler : System.IO.Directory.Exists("/run/systemd/system") ? ScheduleKind.Systemd : ScheduleKind.Cron),
        Directory is null ? null : Resolve(Directory), user, program);

    /// <summary>Those that stand there, of the tasks that were named.</summary>
    /// <exception cref="StingException"><c>ScheduleNotFound</c>: one that was named is not among them.</exception>
    private protected IReadOnlyList<BackupSchedule> Standing()
    {
        var all = ScheduleJob.Read(Places(), TimeProvider.System);
        if (Task?.Except(all.Select(s => s.Task)).ToList() is [var missing, ..])
        {
            throw new StingException("ScheduleNotFound", FailureKind.NotFound, $"No schedule of {missing} is registered with {Places().Kind}.", missing.ToString(), "Get-StingBackupSchedule shows those that are; Register-StingBackupSchedule makes one.");
        }
        return [.. all.Where(s => Task is null || Task.Contains(s.Task))];
    }

    /// <summary>Asks, carries out, and outputs the schedules as they are.</summary>
    private protected void Carry(SchedulePlan plan, string statement)
    {
        var question = new Question("Schedule", statement, [.. plan.Files.Select(f => $"{(f.Text is null ? "remove" : "write")} {f.Path}"), .. plan.Commands], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            ScheduleJob.Run(plan, WriteWarning);
            foreach (var schedule in ScheduleJob.Read(Places(), TimeProvider.System).Where(s => plan.Schedules.Any(p => p.Task == s.Task)))
            {
                WriteObject(schedule);
            }
        }
    }
}
