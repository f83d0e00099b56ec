using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows what is asked, and signs it with an approver's key. Works anywhere from a copy of the request file, without configuration or repository.</summary>
[Cmdlet(VerbsLifecycle.Approve, "StingApproval", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(ApprovalResult), typeof(ApprovalPlan))]
public sealed class ApproveStingApprovalCommand : ConfiguredCmdlet
{
    private const string ByPath = "Path", ById = "Id";

    /// <summary>The request's file.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByPath, ValueFromPipelineByPropertyName = true, HelpMessage = "The request file, or a copy of it; the approval is written beside it")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = null!;

    /// <summary>An open request of this host.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ById, HelpMessage = "The id of a request that is open on this host")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    /// <summary>The approver's key.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The approver's key file, as New-StingApprover made it")]
    [ValidateNotNullOrEmpty]
    public string KeyFile { get; set; } = null!;

    /// <summary>Opens the approver's key.</summary>
    [Parameter(HelpMessage = "The passphrase of the approver's key file; without it you are asked")]
    public SecureString? ApproverPassphrase { get; set; }

    private protected override void Execute()
    {
        var file = ParameterSetName == ById ? ApprovalDesk.PathOf(Examine().Require().StateDirectory, Id) : Resolve(Path);
        var plan = ApprovalDesk.PlanApproval(file, Resolve(KeyFile), TimeProvider.System);
        // Signing for somebody else's deed is never done unasked.
        var question = new Question("Approval", $"Approve {plan.Request.Command} on {plan.Request.Target}", [.. ApproverQuestion.Lines(plan.Request)], plan, Destroys: true);
        if (!Ask(question, force: false))
        {
            return;
        }
        var passphrase = Wait(new PassphrasePrompt(Host.UI, ApproverPassphrase, "Passphrase of the approver's key: ").AskAsync(Cancel));
        using var secret = Installation.ToSecret(passphrase) ?? throw Errors.ApproverPassphraseNeeded(plan.KeyFile);
        WriteObject(ApprovalDesk.Approve(plan, secret, TimeProvider.System));
    }
}
