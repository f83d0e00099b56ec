using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Switches schedules off, and keeps them.</summary>
[Cmdlet(VerbsLifecycle.Disable, "StingBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(BackupSchedule), typeof(SchedulePlan))]
public sealed class DisableStingBackupScheduleCommand : ScheduleCmdlet
{
    private protected override void Execute()
    {
        var off = Standing().Select(s => s with { IsEnabled = false }).ToList();
        Carry(ScheduleJob.PlanWrite(Places(), off, TimeProvider.System), $"Switch off {string.Join(", ", off.Select(s => s.Task))}");
    }
}
