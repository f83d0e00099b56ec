using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Removes schedules. Backups stay.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "StingBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(SchedulePlan))]
public sealed class UnregisterStingBackupScheduleCommand : ScheduleCmdlet
{
    private protected override void Execute()
    {
        var tasks = Standing().Select(s => s.Task).ToList();
        Carry(ScheduleJob.PlanRemove(Places(), tasks, TimeProvider.System), $"Remove the schedules {string.Join(", ", tasks)}");
    }
}
