using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle.Retention;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What retention would let go, when and why: now, or at a later moment.</summary>
[Cmdlet(VerbsCommon.Get, "StingRetentionPlan")]
[OutputType(typeof(RetentionPlan), typeof(RetentionEntry))]
public sealed class GetStingRetentionPlanCommand : InstallationCmdlet
{
    /// <summary>As of when.</summary>
    [Parameter(Position = 0, HelpMessage = "As of this day's end or this moment instead of now: 2027-01-15, \"2027-01-15 14:30\"")]
    [PSDefaultValue(Help = "Now")]
    [ValidateNotNullOrEmpty]
    public string? Time { get; set; }

    /// <summary>Outputs each one.</summary>
    [Parameter(HelpMessage = "Output every restore point with what becomes of it, oldest first, instead of the plan")]
    public SwitchParameter All { get; set; }

    private protected override void Execute()
    {
        var plan = Wait(RetentionJob.PlanAsync(Installation, PointRange.Last(Time, Installation.Zone), Cancel));
        if (All)
        {
            WriteObject(plan.Entries, enumerateCollection: true);
            return;
        }
        WriteObject(plan);
    }
}
