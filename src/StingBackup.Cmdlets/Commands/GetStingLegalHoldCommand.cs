using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Legal holds.</summary>
[Cmdlet(VerbsCommon.Get, "StingLegalHold")]
[OutputType(typeof(LegalHold))]
public sealed class GetStingLegalHoldCommand : InstallationCmdlet
{
    /// <summary>Those that were lifted too.</summary>
    [Parameter(HelpMessage = "Also those that were lifted")]
    public SwitchParameter IncludeLifted { get; set; }

    private protected override void Execute()
    {
        foreach (var hold in LegalHolds.List(Installation, IncludeLifted))
        {
            WriteObject(hold);
        }
    }
}
