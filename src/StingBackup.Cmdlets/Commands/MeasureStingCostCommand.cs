using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Costs;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What the backups cost.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "StingCost")]
[OutputType(typeof(CostReport), typeof(SubjectCost))]
public sealed class MeasureStingCostCommand : UnlockingCmdlet
{
    /// <summary>By person and honey jar.</summary>
    [Parameter(HelpMessage = "What each person and honey jar costs, the dearest first. Names need the key file's passphrase")]
    public SwitchParameter BySubject { get; set; }

    private protected override void Execute()
    {
        if (BySubject)
        {
            WriteObject(Wait(CostReader.ReadSubjectsAsync(Installation, Cancel)), enumerateCollection: true);
            return;
        }
        WriteObject(Wait(CostReader.ReadAsync(Installation, Cancel)));
    }
}
