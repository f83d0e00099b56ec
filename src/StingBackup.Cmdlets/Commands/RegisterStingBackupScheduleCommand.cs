using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Registers the configuration's times with the system's scheduler.</summary>
[Cmdlet(VerbsLifecycle.Register, "StingBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(BackupSchedule), typeof(SchedulePlan))]
public sealed class RegisterStingBackupScheduleCommand : ScheduleCmdlet
{
    /// <summary>As whom.</summary>
    [Parameter(HelpMessage = "The account that backs up")]
    [PSDefaultValue(Help = "sting-backup")]
    [ValidatePattern("^[A-Za-z0-9_.@\\\\-]+$")]
    public string Account { get; set; } = "sting-backup";

    /// <summary>What runs.</summary>
    [Parameter(HelpMessage = "The program sting-backup")]
    [PSDefaultValue(Help = "/usr/bin/sting-backup where it is, else /opt/sting-backup/bin/sting-backup")]
    [ValidatePattern("^\\S+$")]
    public string Program { get; set; } = File.Exists("/usr/bin/sting-backup") ? "/usr/bin/sting-backup" : "/opt/sting-backup/bin/sting-backup";

    private protected override void Execute()
    {
        var places = Places(Account, Program);
        var schedules = ScheduleJob.TableOf(Examine().Require(), places).Where(s => Task is null || Task.Contains(s.Task)).ToList();
        if (schedules.Count == 0)
        {
            throw new StingException("ScheduleNotFound", FailureKind.NotFound, "The configuration has no time for any of these tasks.", string.Join(", ", Task ?? []), "Set it in the section 'timers', for Sync a further tier too; Get-StingBackupConfig timers.* shows them.");
        }
        Carry(ScheduleJob.PlanWrite(places, schedules, TimeProvider.System), $"Register {string.Join(", ", schedules.Select(s => s.Task))} with {places.Kind}");
    }
}
