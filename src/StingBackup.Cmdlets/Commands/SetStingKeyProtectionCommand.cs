using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Moves the key file to Vault or back, changes its passphrase, or wraps it anew after Vault's key was rotated.</summary>
[Cmdlet(VerbsCommon.Set, "StingKeyProtection", SupportsShouldProcess = true, DefaultParameterSetName = ProtectionSet)]
[OutputType(typeof(KeyProtectionResult), typeof(KeyProtectionPlan))]
public sealed class SetStingKeyProtectionCommand : UnlockingCmdlet
{
    private const string ProtectionSet = "Protection";
    private const string RewrapSet = "Rewrap";

    /// <summary>What is to protect the key file.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ProtectionSet, HelpMessage = "What is to protect the key file: a passphrase, the Vault that key_vault names, or nothing")]
    [ValidateSet(nameof(KeyProtection.Passphrase), nameof(KeyProtection.KeyVault), nameof(KeyProtection.Open))]
    public KeyProtection Protection { get; set; }

    /// <summary>The new passphrase.</summary>
    [Parameter(ParameterSetName = ProtectionSet, HelpMessage = "The new passphrase; without it you are asked where one is needed")]
    public SecureString? NewPassphrase { get; set; }

    /// <summary>Only wraps anew.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RewrapSet, HelpMessage = "Wrap the key file's key with the newest version of Vault's key; needs the right to rewrap alone")]
    public SwitchParameter Rewrap { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(ParameterSetName == RewrapSet ? KeyProtectionJob.PlanRewrapAsync(Installation, Cancel) : KeyProtectionJob.PlanAsync(Installation, Protection, Cancel));
        foreach (var warning in plan.Warnings)
        {
            WriteWarning(warning);
        }
        var statement = plan.IsRewrap ? FormattableString.Invariant($"Wrap the key of {plan.KeyFile} with version {plan.ToVersion} of {plan.ToKey}")
            : $"Protect {plan.KeyFile} by {NameOf(plan.To, plan.ToKey)} in the place of {NameOf(plan.From, plan.FromKey)}";
        if (!Ask(new Question("Key file", statement, ["What it holds stays as it is."], plan, Destroys: false), force: false))
        {
            return;
        }
        if (plan.IsRewrap)
        {
            WriteObject(Wait(KeyProtectionJob.RewrapAsync(Installation, plan, Cancel)));
            return;
        }
        var passphrase = plan.To != KeyProtection.Passphrase ? null : new PassphrasePrompt(Host.UI, NewPassphrase).AskNew() ?? throw Errors.NewPassphraseNeeded();
        using var secret = Installation.ToSecret(passphrase);
        WriteObject(Wait(new ValueTask<KeyProtectionResult>(KeyProtectionJob.RunAsync(Installation, plan, secret, Cancel))));
    }

    private static string NameOf(KeyProtection protection, string? key) => protection switch
    {
        KeyProtection.KeyVault => $"Vault ({key})",
        KeyProtection.Passphrase => "a passphrase",
        _ => "nothing",
    };
}
