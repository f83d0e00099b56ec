using System.Security;
using StingBackup.Engine;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal;

/// <summary>What the portal is made of: the configuration, the clock, and the way into the engine. A test has its own.</summary>
/// <param name="Configuration">The configuration.</param>
internal sealed record PortalContext(StingConfiguration Configuration)
{
    /// <summary>The key file's passphrase; null where Vault opens it, or nothing does.</summary>
    public SecureString? Passphrase { get; init; }
    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public PortalOptions Options => Configuration.Portal;

    /// <summary>The installation as somebody may use it. The caller disposes it.</summary>
    public ValueTask<Installation> OpenAsync(Caller caller, CancellationToken cancel) => Installation.OpenAsync(Configuration, new InstallationOptions
    {
        Clock = Clock, Caller = caller, Passphrase = _ => ValueTask.FromResult(Passphrase?.Copy()), Process = new HostingProcess(IsUnattended: false, OwnsProcess: true),
    }, cancel);

    /// <summary>The reserve that all who come share, with its keys. Whoever may not start a portal gets none.</summary>
    /// <exception cref="StingException">What keeps the repository or its keys from being opened.</exception>
    public async ValueTask<SharedReserve> OpenSharedAsync(CancellationToken cancel)
    {
        var shared = await SharedReserve.OpenAsync(stop => OpenAsync(Caller.OfProcess, stop), cancel).ConfigureAwait(false);
        try
        {
            return await shared.UseAsync(Caller.OfProcess, (installation, _) =>
            {
                Engine.Governance.Access.Require(installation, "Start-StingPortal");
                return ValueTask.FromResult(shared);
            }, cancel).ConfigureAwait(false);
        }
        catch
        {
            await shared.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
