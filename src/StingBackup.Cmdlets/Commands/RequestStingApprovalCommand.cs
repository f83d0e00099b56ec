using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Asks for the approvals of a plan, and carries nothing out.</summary>
[Cmdlet(VerbsLifecycle.Request, "StingApproval", SupportsShouldProcess = true, DefaultParameterSetName = ByPlan)]
[OutputType(typeof(ApprovalRequest))]
public sealed class RequestStingApprovalCommand : InstallationCmdlet
{
    private const string ByPlan = "Plan", ById = "Id";

    /// <summary>What would be done.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByPlan, HelpMessage = "What the guarded command prints with -WhatIf, in the same pipeline")]
    [ValidateNotNull]
    public PSObject Plan { get; set; } = null!;

    /// <summary>A request that is over.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ById, HelpMessage = "The id of a request that is over: the same is asked again")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    private protected override void Execute()
    {
        var what = ParameterSetName == ById ? $"request {Id}" : Plan.BaseObject.GetType().Name;
        var installation = Installation;
        // It only writes a request; -WhatIf needs no plan of its own.
        if (ShouldProcess(what, "Ask for its approvals"))
        {
            WriteObject(Wait(ParameterSetName == ById ? ApprovalDesk.RequestAgainAsync(installation, Id, Cancel) : GuardedPlans.RequestAsync(installation, Plan.BaseObject, Cancel)));
        }
    }
}
