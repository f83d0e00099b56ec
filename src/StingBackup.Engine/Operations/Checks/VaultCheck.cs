using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The configured Vault answers, is unsealed, lets this host in and shows it the secrets.</summary>
public sealed class VaultCheck : IConfigurationCheck
{
    /// <inheritdoc/>
    public string Name => "Vault";

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Configuration.Vault is not { } settings)
        {
            yield break;
        }
        using var client = ConfiguredSources.OpenVault(settings, context.Host, context.Clock);
        var kv = new VaultKv(client, settings.Mount, context.Clock);
        var health = await client.ReadHealthAsync(cancel).ConfigureAwait(false);
        if (health.Sealed || !health.Initialized)
        {
            yield return context.Found(FindingSeverity.Error, SourceSettings.VaultAddress, $"the Vault at {kv.Location} is {(health.Initialized ? "sealed" : "not initialised")}: nothing can be read from it", "Unseal it.");
            yield break;
        }
        await client.LogInAsync(cancel).ConfigureAwait(false);
        await kv.CheckMountAsync(cancel).ConfigureAwait(false);
        var folders = await kv.ListAsync(settings.Prefix, cancel).ConfigureAwait(false);
        yield return context.Found(FindingSeverity.Information, SourceSettings.VaultAddress, $"Vault {health.Version} at {kv.Location} lets this host in; {settings.Prefix}/ holds secrets of {folders?.Count ?? 0} owners");
    }
}
