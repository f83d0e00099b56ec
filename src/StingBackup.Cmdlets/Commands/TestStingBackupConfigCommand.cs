using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Everything that is wrong, weak or worth knowing about the configuration, with file, line, key and remedy.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingBackupConfig")]
[OutputType(typeof(ConfigurationFinding))]
public sealed class TestStingBackupConfigCommand : ConfiguredCmdlet
{
    private protected override void Execute() => WriteObject(Examine().Findings, enumerateCollection: true);
}
