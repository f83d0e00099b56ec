using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Portal;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Runs the portal, where people see and restore their own files, until it is stopped.</summary>
[Cmdlet(VerbsLifecycle.Start, "StingPortal", SupportsShouldProcess = true)]
[OutputType(typeof(PortalRun), typeof(PortalPlan))]
public sealed class StartStingPortalCommand : UnlockingCmdlet
{
    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background of this session, and output the job; a service manager keeps it running better")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var plan = PortalJob.Plan(Installation, Program(MyInvocation.MyCommand.Module.ModuleBase));
        var question = new Question("Portal", $"Run the portal at {plan.Address} until stopped", [$"Sign-in: {plan.SignIn}", $"Certificate: {plan.Certificate ?? "none"}", $"Unlocks {plan.Unlocks}"], plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        var passphrase = Installation.Keys is { NeedsPassphrase: true } ? Wait(new PassphrasePrompt(Host.UI, Passphrase).AskAsync(Cancel)) : null;
        RunJob((installation, cancel) => PortalJob.RunAsync(installation, plan, passphrase, cancel), AsJob, passThru: false);
    }

    // The build and an installed tree have the folders module and portal beside each other; a module that came by itself may carry the portal within.
    private static string Program(string module)
    {
        var name = OperatingSystem.IsWindows() ? "sting-portal.exe" : "sting-portal";
        var within = Path.Join(module, "portal", name);
        return File.Exists(within) ? within : Path.GetFullPath(Path.Join(module, "..", "..", "portal", name));
    }
}
