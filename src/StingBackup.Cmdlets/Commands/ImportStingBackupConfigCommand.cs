using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Recovery;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Brings the configuration back from a tier of the repository, with the shares of the escrow.</summary>
[Cmdlet(VerbsData.Import, "StingBackupConfig", SupportsShouldProcess = true)]
[OutputType(typeof(ConfigurationImportResult), typeof(ConfigurationImportPlan))]
public sealed class ImportStingBackupConfigCommand : ConfiguredCmdlet
{
    /// <summary>The repository.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "A tier of the repository: its folder, or its bucket as s3://bucket/prefix")]
    [ValidateNotNullOrEmpty]
    public string Location { get; set; } = "";

    /// <summary>The shares.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "Text files with shares, or folders that hold them")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Whose.</summary>
    [Parameter(HelpMessage = "Whose configuration, by the host's name; without it that of the host which made the repository")]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>Settings that are another here.</summary>
    [Parameter(HelpMessage = "Settings that are another here, each as key=value: remote.endpoint=https://s3.example.org")]
    [ValidateNotNullOrEmpty]
    public string[]? Setting { get; set; }

    private protected override void Execute()
    {
        var request = new ConfigurationImportRequest
        {
            Location = S3Address.IsAddress(Location) ? Location : Resolve(Location), Path = [.. Path.Select(Resolve)], HostName = HostName, ConfigurationFile = ConfigPath is null ? null : Resolve(ConfigPath),
            Setting = SettingPairs.Of(Setting),
        };
        var plan = Wait(ConfigurationRecovery.PlanAsync(request, TimeProvider.System, Cancel));
        foreach (var warning in plan.Warnings)
        {
            WriteWarning(warning);
        }
        var question = new Question("Configuration", $"Write {plan.ConfigurationFile}: the configuration of {plan.Chosen}",
            [.. plan.Changed, .. plan.SecretFiles.Select(file => $"Names a file with a secret, which is not in it: {file}")], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(ConfigurationRecovery.RunAsync(request, TimeProvider.System, Cancel)));
        }
    }
}
