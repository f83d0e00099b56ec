using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Recovery;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Writes the configuration to a new file, with some settings changed: for another host or site.</summary>
[Cmdlet(VerbsData.Export, "StingBackupConfig", SupportsShouldProcess = true)]
[OutputType(typeof(ConfigurationExportResult), typeof(ConfigurationExportPlan))]
public sealed class ExportStingBackupConfigCommand : ConfiguredCmdlet
{
    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The new configuration file")]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = "";

    /// <summary>What is another in it.</summary>
    [Parameter(HelpMessage = "Settings that are another in it, each as key=value: remote.location=s3://other/main")]
    [ValidateNotNullOrEmpty]
    public string[]? Setting { get; set; }

    private protected override void Execute()
    {
        var examined = Examine();
        var changes = SettingPairs.Of(Setting);
        var plan = ConfigurationExport.Plan(examined, Resolve(OutputPath), changes);
        if (Ask(new Question("Configuration", $"Write {plan.ConfigurationFile}, made of {plan.From}", plan.Changed, plan, Destroys: false), force: false))
        {
            WriteObject(ConfigurationExport.Run(examined, plan, changes));
        }
    }
}
