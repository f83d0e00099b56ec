using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Requests of this host that wait for an approval, or have one.</summary>
[Cmdlet(VerbsCommon.Get, "StingApproval")]
[OutputType(typeof(ApprovalRequest))]
public sealed class GetStingApprovalCommand : InstallationCmdlet
{
    /// <summary>Only this one.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Only the request with this id; without it all that are open")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>Those that are over too.</summary>
    [Parameter(HelpMessage = "Requests that are over too: used, denied or expired")]
    public SwitchParameter All { get; set; }

    private protected override void Execute()
    {
        var found = Wait(ApprovalDesk.ListAsync(Installation, All || Id is not null, Cancel)).Where(r => Id is null || r.Id.Equals(Id.Trim(), StringComparison.OrdinalIgnoreCase)).ToList();
        if (Id is not null && found.Count == 0)
        {
            ApprovalDesk.PlanDenial(Installation, Id);   // says that it is not here
        }
        found.ForEach(WriteObject);
    }
}
