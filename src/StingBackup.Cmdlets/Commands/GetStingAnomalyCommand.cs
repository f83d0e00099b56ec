using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Guardian;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows what runs found unusual of whom, and why.</summary>
[Cmdlet(VerbsCommon.Get, "StingAnomaly")]
[OutputType(typeof(StingAnomaly))]
public sealed class GetStingAnomalyCommand : InstallationCmdlet
{
    /// <summary>Whose.</summary>
    [Parameter(Position = 0, HelpMessage = "Only of this person, honey jar or pseudonym; all for the reserve as a whole")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>Of which run.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only of this run")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>What is not suspicious too.</summary>
    [Parameter(HelpMessage = "Show what is not suspicious too, as far as this host remembers its own runs")]
    public SwitchParameter All { get; set; }

    private protected override void Execute() => WriteObject(Wait(AnomalyReader.ReadAsync(Installation, BackupId, Subject, All, Cancel)), enumerateCollection: true);
}
