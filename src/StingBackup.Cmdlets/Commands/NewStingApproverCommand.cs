using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes an approver's key: a file sealed by his own passphrase, and its public half. Needs no installation.</summary>
[Cmdlet(VerbsCommon.New, "StingApprover", SupportsShouldProcess = true)]
[OutputType(typeof(NewApproverResult), typeof(NewApproverPlan))]
public sealed class NewStingApproverCommand : StingCmdlet
{
    /// <summary>What he is called.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "What the approver is called; an office, since it lies in the clear in the repository")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = null!;

    /// <summary>Where the key goes.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The key file to make; its public half gets the same name with .pub behind it")]
    [ValidateNotNullOrEmpty]
    public string KeyFile { get; set; } = null!;

    /// <summary>Seals the key.</summary>
    [Parameter(HelpMessage = "The approver's own passphrase, which seals his key; without it you are asked")]
    public SecureString? ApproverPassphrase { get; set; }

    private protected override void Execute()
    {
        var plan = ApproverJobs.PlanNew(Name, Resolve(KeyFile));
        if (!Ask(new Question("New approver", $"Make a key for {plan.Name} in {plan.KeyFile}", [$"Public half: {plan.PublicFile}"], plan, Destroys: false), force: false))
        {
            return;
        }
        var passphrase = new PassphrasePrompt(Host.UI, ApproverPassphrase).AskNew("New passphrase for the approver's key: ");
        using var secret = Installation.ToSecret(passphrase) ?? throw Errors.ApproverPassphraseNeeded(plan.KeyFile);
        WriteObject(ApproverJobs.New(plan, secret, TimeProvider.System));
    }
}
