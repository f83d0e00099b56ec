using StingBackup.Engine.Limits;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine;

/// <summary>The one place where a store is opened: a folder, or a bucket behind streams, retry and the bandwidth limit.</summary>
public static class StoreFactory
{
    /// <summary>Opens the store of a configuration's repository.</summary>
    /// <exception cref="StingException">As the store's own <c>Open</c>.</exception>
    public static async ValueTask<IObjectStore> OpenAsync(StingConfiguration configuration, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return await OpenPlaceAsync(configuration, Tier.Local, configuration.Repository.BackupRoot, clock, cancel).ConfigureAwait(false);
    }

    /// <summary>How the tiers behind the first one are opened, those that a configuration names.</summary>
    public static IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> FurtherTiersOf(StingConfiguration configuration, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (Tier Tier, string? Place)[] places = [(Tier.Remote, configuration.RemoteLocation), (Tier.Archive, configuration.ArchiveLocation)];
        return places.Where(t => t.Place is not null).ToDictionary(t => t.Tier, t => (Func<CancellationToken, ValueTask<IObjectStore>>)(cancel => OpenPlaceAsync(configuration, t.Tier, t.Place!, clock, cancel)));
    }

    /// <summary>How the tiers behind the first one lock what is stored there, those that do.</summary>
    public static IReadOnlyDictionary<Tier, S3Lock> LocksOf(StingConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (Tier Tier, string? Place, S3Lock? Lock)[] tiers = [(Tier.Remote, configuration.RemoteLocation, configuration.Remote.Lock), (Tier.Archive, configuration.ArchiveLocation, configuration.Archive.Lock)];
        return tiers.Where(t => t.Place is not null && t.Lock is not null).ToDictionary(t => t.Tier, t => t.Lock!);
    }

    /// <summary>Opens the store of a repository that is being made: a folder is made where it is missing; a bucket must be there, and be one that this host may write to.</summary>
    /// <exception cref="StingException">Also <c>StoreWithoutConditionalWrites</c>.</exception>
    public static async ValueTask<IObjectStore> CreateAsync(StingConfiguration configuration, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (!S3Address.IsAddress(configuration.Repository.BackupRoot))
        {
            Directory.CreateDirectory(configuration.Repository.BackupRoot);
            return await OpenAsync(configuration, clock, cancel).ConfigureAwait(false);
        }
        var options = OptionsOf(configuration, Tier.Local, S3Address.Parse(configuration.Repository.BackupRoot), clock);
        await using (var bucket = await OpenWithRetryAsync(options, clock, cancel).ConfigureAwait(false))
        {
            await bucket.RequireWritableAsync(cancel).ConfigureAwait(false);   // before keys are made for it
        }
        return await OpenAsync(configuration, clock, cancel).ConfigureAwait(false);
    }

    /// <summary>How a configuration reaches a tier's bucket. Nothing is sent.</summary>
    public static S3Options OptionsOf(StingConfiguration configuration, Tier of, S3Address address, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(address);
        var tier = ConnectionOf(configuration, of, address);
        return new S3Options
        {
            Address = address, Endpoint = tier.Endpoint, Region = tier.Region, CertificateAuthorities = tier.CertificateAuthorities, Login = LoginOf(configuration, tier, clock), Streams = tier.Streams,
            PathStyle = tier.Addressing == BucketAddressing.Path || (tier.Addressing == BucketAddressing.Auto && tier.Endpoint is not null),
            IsOnlyWriter = string.Equals(tier.OnlyWriter, Environment.MachineName, StringComparison.OrdinalIgnoreCase), DataStorageClass = address.IsArchive ? tier.StorageClass : null,
            AbilityFolder = Path.Combine(configuration.StateDirectory, "stores"), Lock = of == Tier.Local ? null : tier.Lock, Bandwidth = ConfiguredBandwidth.Of(configuration, clock), MarksPackets = () => LimitKeeper.OfProcess.MarksPackets,
        };
    }

    private static async ValueTask<IObjectStore> OpenPlaceAsync(StingConfiguration configuration, Tier tier, string place, TimeProvider clock, CancellationToken cancel)
    {
        if (!S3Address.IsAddress(place))
        {
            var folder = DirectoryObjectStore.Open(place);
            return tier == Tier.Local ? new ParityStore(folder, configuration.LocalParityPercent) : folder;
        }
        var retry = new StoreRetry(clock);
        var options = OptionsOf(configuration, tier, S3Address.Parse(place), clock) with { BarrierRetry = retry };
        var bucket = await OpenWithRetryAsync(options, clock, cancel).ConfigureAwait(false);
        return new BlockCachingStore(new QueuedObjectStore(new RetryingObjectStore(bucket, retry), new TransferQueue(options.Streams), TransferPriority.UserData));
    }

    private static ValueTask<S3ObjectStore> OpenWithRetryAsync(S3Options options, TimeProvider clock, CancellationToken cancel) => new StoreRetry(clock).RunAsync(stop => S3ObjectStore.OpenAsync(options, clock, stop), cancel);

    /// <summary>A first tier in a bucket has no section of its own: its address chooses whose settings count.</summary>
    private static TierConnection ConnectionOf(StingConfiguration configuration, Tier tier, S3Address address) =>
        tier == Tier.Archive || (tier == Tier.Local && address.IsArchive) ? configuration.Archive : configuration.Remote;

    private static S3Login LoginOf(StingConfiguration configuration, TierConnection tier, TimeProvider clock) => tier.Login switch
    {
        BucketLogin.Environment => new S3EnvironmentLogin(),
        BucketLogin.Profile => new S3ProfileLogin(tier.Profile, tier.CredentialsFile),
        BucketLogin.InstanceRole => new S3InstanceRoleLogin(),
        BucketLogin.Vault => OfVault(configuration, tier.VaultSecret!, clock),
        _ => new S3ChainLogin(),
    };

    private static S3VaultLogin OfVault(StingConfiguration configuration, string secret, TimeProvider clock)
    {
        var slash = secret.IndexOf('/', StringComparison.Ordinal);
        var host = new HostView();
        return new S3VaultLogin(() => configuration.Keys.Vault is { } keys ? ConfiguredKeyVault.Open(keys, ConfiguredKeyVault.LoginOf(keys, configuration.Vault, host), clock) : ConfiguredSources.OpenVault(configuration.Vault!, host, clock),
            secret[..slash], secret[(slash + 1)..]);
    }
}
