using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Recovery;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Ends this host's tokens of Vaults, and tells by which command the rest of its access ends.</summary>
[Cmdlet(VerbsSecurity.Revoke, "StingCredential", SupportsShouldProcess = true)]
[OutputType(typeof(RevokedAccess), typeof(AccessRevocationPlan))]
public sealed class RevokeStingCredentialCommand : ConfiguredCmdlet
{
    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var plan = AccessRevocation.Plan(configuration);
        var question = new Question("Revoke", $"End the access of this host: {string.Join(", ", plan.Select(a => $"{a.Kind} at {a.Place}").DefaultIfEmpty("it has none"))}",
            [.. plan.Select(a => $"{a.Kind}, {a.Credential}: {(a.Command is null ? "nothing left to do" : a.Command)}")], new AccessRevocationPlan { Access = plan }, Destroys: true);
        if (Ask(question, force: false))
        {
            Emit(AccessRevocation.RunAsync(configuration, TimeProvider.System, Cancel));
        }
    }
}
