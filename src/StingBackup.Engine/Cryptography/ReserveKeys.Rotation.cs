using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Cryptography;

/// <summary>Rotation: what the key role renews. No pack is touched by any of it, and whatever was readable stays readable.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>Key store replicas and epoch places, for plans.</summary>
    internal IReadOnlyList<KeyPlaceKind> Places => new EpochTurn(_environment, _options, ReserveId).Places;

    /// <summary>The public half as it lies there now.</summary>
    internal PublicHalf PublicNow => ReadPublicHalf(_environment.Files, Path.Combine(_options.KeyDirectory, PublicHalf.FileName)) ?? throw new StingException(
        "KeyDirectoryMissing", FailureKind.NotFound, "The key directory is not here: keys are renewed by the key role.", _options.KeyDirectory, "Run it on the machine that has the key directory.");

    /// <summary>Opens the key store, whose outer layer needs no passphrase. The caller disposes it.</summary>
    internal KeyStore OpenKeyStore() => KeyStore.Open(_environment, _options, ReserveId, _verifier);

    /// <summary>A turn of the epoch that leaves nobody behind.</summary>
    internal static async ValueTask<LeftBehind> RenewEpochAsync(SubjectReader reader, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        return reader.Role.TurnWhere(static _ => true, new TurnOrder(new HashSet<Id16>()), cancel);
    }

    /// <summary>A new KEK; ends one that was begun. A reader that was unlocked before opens records of before alone: unlock anew.</summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="secret">What opens the key file; null for an open one.</param>
    /// <param name="store">The repository, whose format object names the KEK; null where the caller publishes.</param>
    /// <param name="cancel">Stops it; a further call goes on.</param>
    internal async ValueTask<KekRenewed> RenewKekAsync(SubjectReader reader, SecretBytes? secret, IObjectStore? store, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        using var role = UnlockKeyRole(secret);   // as the files are now that nobody else changes them
        var renewed = await new KekRenewal(_environment, _options, _copies).RunAsync(role, secret, cancel).ConfigureAwait(false);
        if (store is not null)
        {
            await PublishAsync(store, cancel).ConfigureAwait(false);
        }
        return renewed;
    }
}
