using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Proves that shares bring the keys back, and keeps none of them; or looks at single shares.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingKeyEscrow")]
[OutputType(typeof(KeyEscrowCheck))]
public sealed class TestStingKeyEscrowCommand : InstallationCmdlet
{
    /// <summary>The shares.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "Text files with shares, or folders that hold them")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Only looks at the shares.</summary>
    [Parameter(HelpMessage = "Only look whether the shares are well typed and of one escrow; needs no configuration and no key")]
    public SwitchParameter SharesOnly { get; set; }

    private protected override void Execute()
    {
        string[] paths = [.. Path.Select(Resolve)];
        var check = SharesOnly ? KeyEscrowJob.Look(paths) : Wait(KeyEscrowJob.TestAsync(Installation, paths, Cancel));
        foreach (var problem in check.Problems)
        {
            WriteWarning(problem);
        }
        WriteObject(check);
    }
}
