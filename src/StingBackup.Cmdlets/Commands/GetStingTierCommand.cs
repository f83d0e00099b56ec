using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Tiering;

namespace StingBackup.Cmdlets.Commands;

/// <summary>How each tier stands: where it lies, what lies there, what waits for it and since when.</summary>
[Cmdlet(VerbsCommon.Get, "StingTier")]
[OutputType(typeof(TierStatus))]
public sealed class GetStingTierCommand : InstallationCmdlet
{
    /// <summary>Which tier.</summary>
    [Parameter(Position = 0, HelpMessage = "Only this tier: Local, Remote or Archive; without it all that are configured")]
    [PSDefaultValue(Help = "All")]
    public Tier? Tier { get; set; }

    private protected override void Execute()
    {
        if (Tier is { } one)
        {
            WriteObject(Wait(TierStatusReader.ReadAsync(Installation, one, Cancel)));
            return;
        }
        Emit(TierStatusReader.ReadAsync(Installation, Cancel));
    }
}
