using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Every setting as it holds now: value, default, and the line that says so.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupConfig")]
[OutputType(typeof(ConfigurationSetting))]
public sealed class GetStingBackupConfigCommand : ConfiguredCmdlet
{
    /// <summary>Names of settings.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Settings to show, such as performance.*")]
    [ArgumentCompleter(typeof(SettingCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = ["*"];

    /// <summary>Only what differs.</summary>
    [Parameter(HelpMessage = "Show only what differs from its default, or from what the last run used")]
    public SwitchParameter Changed { get; set; }

    private protected override void Execute()
    {
        var examined = Examine();
        foreach (var finding in examined.Findings.Where(f => f.Severity != FindingSeverity.Information))
        {
            WriteWarning(finding.ToString());
        }
        var lastRun = examined.Configuration is { } configuration ? ConfigurationSnapshot.TryLoad(configuration.StateDirectory) : null;
        var settings = examined.Describe(lastRun);
        foreach (var pattern in Key)
        {
            var matcher = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            var found = settings.Where(s => matcher.IsMatch(s.Key)).ToList();
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern))
            {
                WriteError(Errors.ToRecord(Errors.SettingUnknown(pattern, settings.Select(s => s.Key))));
            }
            WriteObject(found.Where(s => !Changed || s.Changed || s.ChangedSinceLastRun), enumerateCollection: true);
        }
    }
}
