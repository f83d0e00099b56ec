using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows what is registered with the system's scheduler.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupSchedule")]
[OutputType(typeof(BackupSchedule))]
public sealed class GetStingBackupScheduleCommand : ScheduleCmdlet
{
    private protected override void Execute()
    {
        foreach (var schedule in ScheduleJob.Read(Places(), TimeProvider.System).Where(s => Task is null || Task.Contains(s.Task)))
        {
            WriteObject(schedule);
        }
    }
}
