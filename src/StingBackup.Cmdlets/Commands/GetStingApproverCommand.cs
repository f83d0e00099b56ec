using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Every approver that the key role enrolled, revoked ones included.</summary>
[Cmdlet(VerbsCommon.Get, "StingApprover")]
[OutputType(typeof(Approver))]
public sealed class GetStingApproverCommand : InstallationCmdlet
{
    /// <summary>Only approvers that count, or only revoked ones.</summary>
    [Parameter(Position = 0, HelpMessage = "Only approvers in this state; without it all")]
    [PSDefaultValue(Help = "All")]
    public ApproverState? State { get; set; }

    private protected override void Execute()
    {
        var (approvers, faults) = Wait(ApproverJobs.ListAsync(Installation, Cancel));
        foreach (var fault in faults)
        {
            WriteError(Errors.ToRecord(fault));
        }
        foreach (var approver in approvers.Where(a => State is null || a.State == State))
        {
            WriteObject(approver);
        }
        if (approvers.Count(a => a.State == ApproverState.Enrolled) == 1)
        {
            WriteWarning("There is one approver only: if that key is lost, nothing can be approved any more. Enrol a second one.");
        }
    }
}
