using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes an escrow: seals the keys under a key that is split among people. The shares go to files, never to the pipeline.</summary>
[Cmdlet(VerbsData.Export, "StingKeyEscrow", SupportsShouldProcess = true)]
[OutputType(typeof(KeyEscrowResult), typeof(KeyEscrowPlan))]
public sealed class ExportStingKeyEscrowCommand : UnlockingCmdlet
{
    /// <summary>Where the shares go.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The folder for the shares: new or empty, away from backups and keys")]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = null!;

    /// <summary>How many shares.</summary>
    [Parameter(HelpMessage = "How many shares are made, one for each person")]
    [PSDefaultValue(Help = "5")]
    [ValidateRange(2, KeyEscrowJob.MaxShares)]
    public int Share { get; set; } = 5;

    /// <summary>How many open the keys.</summary>
    [Parameter(HelpMessage = "How many of the shares open the keys")]
    [PSDefaultValue(Help = "3")]
    [ValidateRange(2, KeyEscrowJob.MaxShares)]
    public int Threshold { get; set; } = 3;

    /// <summary>Leaves the pages out.</summary>
    [Parameter(HelpMessage = "Make text files only, no web pages to print from")]
    public SwitchParameter NoPage { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(KeyEscrowJob.PlanExportAsync(Installation, Resolve(OutputPath), Share, Threshold, !NoPage, Cancel));
        var question = new Question("Key escrow", string.Create(CultureInfo.InvariantCulture, $"Split the keys of reserve {plan.ReserveId} into {plan.Shares} shares, any {plan.Threshold} of which open them, in {plan.OutputPath}"),
            [
                "The shares are secret: whoever has enough of them, a copy of the backups, a key store replica and an epoch place reads every backup that was not erased.",
                $"KEK {plan.KekFingerprint}, generation {plan.KekGeneration}; key role {plan.KeyFingerprint}.",
            ], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<KeyEscrowResult>(KeyEscrowJob.ExportAsync(Installation, plan, Cancel))));
        }
    }
}
