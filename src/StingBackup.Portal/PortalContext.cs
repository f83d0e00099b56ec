using System.Security;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
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
}
