using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Restores the whole reserve as it was at a run, or whole data classes of it.</summary>
[Cmdlet(VerbsData.Restore, "StingReserve", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = ByDate)]
[OutputType(typeof(RestoreResult), typeof(RestorePlan))]
public sealed class RestoreStingReserveCommand : RestoreCmdlet
{
    /// <summary>Which data classes.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only these data classes; without it all that the repository holds")]
    [PSDefaultValue(Help = "All")]
    public DataClass[]? DataClass { get; set; }

    /// <summary>Restores what there is.</summary>
    [Parameter(HelpMessage = "Restore what there is where a data class has no restore point at or before that moment")]
    public SwitchParameter AllowPartial { get; set; }

    /// <summary>Databases that stand there.</summary>
    [Parameter(HelpMessage = "Give databases that stand there another name (…_before_<time>) in the place of refusing; stop what uses them first")]
    public SwitchParameter MoveDatabasesAside { get; set; }

    private protected override RestoreRequest Request => new() { Scope = RestoreScope.Reserve, Classes = DataClass, AllowPartial = AllowPartial, DatabasesAside = MoveDatabasesAside };

    private protected override ConflictAction DefaultConflict => StingBackup.ConflictAction.Overwrite;

    private protected override bool IsHighImpact => true;
}
