using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Costs;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What the backups cost.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "StingCost", DefaultParameterSetName = "Now")]
[OutputType(typeof(CostReport), typeof(SubjectCost), typeof(CostForecast))]
public sealed class MeasureStingCostCommand : UnlockingCmdlet
{
    /// <summary>By person and honey jar.</summary>
    [Parameter(ParameterSetName = "Now", HelpMessage = "What each person and honey jar costs, the dearest first. Names need the key file's passphrase")]
    public SwitchParameter BySubject { get; set; }

    /// <summary>What is to come.</summary>
    [Parameter(ParameterSetName = "Forecast", Mandatory = true, HelpMessage = "What the tiers will cost, if the reserve goes on as its restore points show")]
    public SwitchParameter Forecast { get; set; }

    /// <summary>Days to tell of.</summary>
    [Parameter(ParameterSetName = "Forecast", HelpMessage = "Days from now to tell of")]
    [PSDefaultValue(Help = "30, 90, 365")]
    [ValidateNotNullOrEmpty]
    public int[] Day { get; set; } = [30, 90, 365];

    private protected override void Execute()
    {
        if (Forecast)
        {
            WriteObject(Wait(CostForecaster.ReadAsync(Installation, Day, Cancel)));
            return;
        }
        if (BySubject)
        {
            WriteObject(Wait(CostReader.ReadSubjectsAsync(Installation, Cancel)), enumerateCollection: true);
            return;
        }
        WriteObject(Wait(CostReader.ReadAsync(Installation, Cancel)));
    }
}
