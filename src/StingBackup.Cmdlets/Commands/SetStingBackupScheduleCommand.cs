using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Schedules;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Changes registered schedules, and switches them on again.</summary>
[Cmdlet(VerbsCommon.Set, "StingBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(BackupSchedule), typeof(SchedulePlan))]
public sealed class SetStingBackupScheduleCommand : ScheduleCmdlet
{
    /// <summary>When.</summary>
    [Parameter(Position = 1, HelpMessage = "Another time: minute, hour, day of month, month, day of week as cron has them")]
    [ValidateNotNullOrEmpty]
    public string? At { get; set; }

    /// <summary>In which zone.</summary>
    [Parameter(HelpMessage = "Another time zone: Europe/Berlin, UTC")]
    [ValidateNotNullOrEmpty]
    public string? TimeZone { get; set; }

    /// <summary>By chance later.</summary>
    [Parameter(HelpMessage = "By how many seconds at most, by chance, it begins later")]
    [ValidateRange(0, 3600)]
    public int? JitterSecond { get; set; }

    private protected override void Execute()
    {
        ScheduleJob.Check(At, TimeZone);
        var changed = Standing().Select(s => s with { At = At ?? s.At, TimeZone = TimeZone ?? s.TimeZone, JitterSeconds = JitterSecond ?? s.JitterSeconds, IsEnabled = true }).ToList();
        Carry(ScheduleJob.PlanWrite(Places(), changed, TimeProvider.System), $"Change {string.Join(", ", changed.Select(s => s.ToString()))}");
    }
}
