using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Drills;

namespace StingBackup.Cmdlets.Commands;

/// <summary>The strategy's recovery objectives, what was reached of them, and how long a recovery of everything would take now.</summary>
[Cmdlet(VerbsCommon.Get, "StingRecoveryTarget")]
[OutputType(typeof(RecoveryObjective))]
public sealed class GetStingRecoveryTargetCommand : InstallationCmdlet
{
    /// <summary>Which objectives.</summary>
    [Parameter(Position = 0, HelpMessage = "Only these: RTO, how long a recovery takes; RPO, how much of the latest is lost")]
    [PSDefaultValue(Help = "Both")]
    [ValidateSet("RTO", "RPO")]
    public string? Objective { get; set; }

    private protected override void Execute()
    {
        foreach (var target in Wait(TargetReader.ReadAsync(Installation, Cancel)).Where(t => Objective is null || t.Objective.Equals(Objective, StringComparison.OrdinalIgnoreCase)))
        {
            WriteObject(target);
        }
    }
}
