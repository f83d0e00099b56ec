using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Tells of a restore which packs it reads on which tier, what must be thawed for it, and what that takes and costs. Asks for nothing.</summary>
[Cmdlet(VerbsCommon.Get, "StingRestorePlan")]
[OutputType(typeof(RestorePackPlan))]
public sealed class GetStingRestorePlanCommand : SelectionCmdlet
{
    private protected override void Execute()
    {
        if (NextRequest() is { } request)
        {
            WriteObject(Wait(RetrievalJob.PlanPacksAsync(Installation, request, Cancel)));
        }
    }
}
