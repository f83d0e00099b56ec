using System.Security;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.SignIn;

namespace StingBackup.Portal;

/// <summary>What the portal is made of: the configuration, the clock, and the way into the engine. A test has its own.</summary>
/// <param name="Configuration">The configuration.</param>
internal sealed record PortalContext(StingConfiguration Configuration)
{
    /// <summary>The key file's passphrase; null where Vault opens it, or nothing does.</summary>
    public SecureString? Passphrase { get; init; }
    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whose data are somebody's own who signed in; null for nobody's. A test has its own.</summary>
    public Func<SignedInPerson, CancellationToken, ValueTask<string?>> FindPersonAsync { get; init; } = static (person, _) =>
        ValueTask.FromResult(person.Identity.Kind == IdentityKind.Kratos && Guid.TryParse(person.Identity.Name, out var id) ? SubjectNames.OfUser(id) : null);

    public PortalOptions Options => Configuration.Portal;

    /// <summary>The installation as somebody may use it. The caller disposes it.</summary>
    public ValueTask<Installation> OpenAsync(Caller caller, CancellationToken cancel) => Installation.OpenAsync(Configuration, new InstallationOptions
    {
        Clock = Clock, Caller = caller, Passphrase = _ => ValueTask.FromResult(Passphrase?.Copy()), Process = new HostingProcess(IsUnattended: false, OwnsProcess: true),
    }, cancel);

    /// <summary>Tries before anybody comes whether the repository opens, and its keys where this host has any.</summary>
    /// <exception cref="StingException">What keeps it from that.</exception>
    public async ValueTask CheckAsync(CancellationToken cancel)
    {
        var installation = await OpenAsync(Caller.OfProcess, cancel).ConfigureAwait(false);
        await using (installation.ConfigureAwait(false))
        {
            Engine.Governance.Access.Require(installation, "Start-StingPortal");
            if (installation.Keys is not null)
            {
                await installation.UnlockAsync(cancel).ConfigureAwait(false);
            }
        }
    }
}
