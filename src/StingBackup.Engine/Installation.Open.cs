using System.Runtime.InteropServices;
using System.Security;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

/// <summary>What an installation takes from whoever hosts it.</summary>
public sealed record InstallationOptions
{
    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    /// <summary>Asks for the key file's passphrase; null when there is nobody to ask. Called only where a key must be unlocked.</summary>
    public Func<CancellationToken, ValueTask<SecureString?>>? Passphrase { get; init; }
    /// <summary>Who acts and why; null for the account of the process.</summary>
    public Caller? Caller { get; init; }
    /// <summary>The process that its jobs run in.</summary>
    public HostingProcess Process { get; init; } = HostingProcess.Session;
    /// <summary>Takes what the caller should hear, from any thread, where no job runs that could tell it.</summary>
    public Action<string>? Warn { get; init; }
    /// <summary>Features of the format that the program knows; a test has its own.</summary>
    internal IReadOnlySet<uint> Features { get; init; } = FormatFeatures.Known;
    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}

public sealed partial class Installation
{
    /// <summary>Opens what an examined configuration describes, and remembers the settings of each run, so that later ones can tell what has changed.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c>, and as the other overload</exception>
    public static async ValueTask<Installation> OpenAsync(ExaminedConfiguration examined, InstallationOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(examined);
        var installation = await OpenAsync(examined.Require(), options, cancel).ConfigureAwait(false);
        installation.Examined = examined;
        return installation;
    }

    /// <summary>Opens what a configuration describes. Reads no secret of the restore role.</summary>
    /// <exception cref="StingException">Keys or repository are missing, foreign or damaged; each names what and the remedy. <c>FeatureUnknown</c> where a later program alone can read it.</exception>
    public static async ValueTask<Installation> OpenAsync(StingConfiguration configuration, InstallationOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);
        var keys = ReserveKeys.Open(KeyOptionsOf(configuration), configuration.Repository.KeyFingerprint, options.Clock);
        IObjectStore? store = null;
        var tiers = StoreFactory.FurtherTiersOf(configuration, options.Clock);
        try
        {
            if (configuration.Repository.ReserveId is { } expected && expected != keys.ReserveId)
            {
                throw new StingException("KeyRoleMismatch", FailureKind.InvalidConfiguration, $"The keys in '{configuration.Keys.Directory}' are of reserve {keys.ReserveId}; '{configuration.File}' names {expected}.",
                    configuration.Keys.Directory, "Point keys.directory to the keys of this reserve, or correct repository.reserve_id.");
            }
            (store, var format, var faults) = await OpenFirstAsync(configuration, keys, tiers, options.Clock, cancel).ConfigureAwait(false);
            format.CheckFeatures(write: false, store.Location, options.Features);
            var unwritable = format.Refusal(write: true, store.Location, options.Features);
            if (unwritable is not null && store is not LostTierStore)
            {
                store = new UnwritableStore(store, unwritable);
            }
            var writers = await keys.LoadWritersAsync(store, cancel).ConfigureAwait(false);
            var ledger = await keys.LoadLedgerAsync(store, cancel).ConfigureAwait(false);
            var host = new HostView();
            var users = UsersMapFile.Load(configuration.Reserve, host);
            var map = ReserveMap.Compile(configuration.Reserve, users);
            var unlocking = new Unlocking(keys, options);
            var contributors = ConfiguredContributors.Of(configuration, keys, options.Clock);
            var installation = new Installation
            {
                Reserve = keys.ReserveId, ReserveRoot = configuration.Reserve.Path, Map = map, Users = users, FurtherSources = [.. ConfiguredSources.Of(configuration, map, users, host, options.Clock, contributors)], Contributors = contributors, Store = store, FurtherTiers = tiers, Locks = StoreFactory.LocksOf(configuration), SyncsAtCommit = configuration.RemoteAtCommit, RemoteLag = configuration.RemoteLag, ConfiguredQuota = configuration.RemoteQuota, LocalMaxPercent = configuration.LocalMaxPercent, Keys = keys,
                Host = keys.IsEnrolled ? new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(store, writers, ledger: ledger), keys.CacheKey) : null,
                Writers = writers, Ledger = ledger, UnlockAsync = unlocking.UnlockAsync, Unlocked = unlocking, UnlockWithSecretAsync = unlocking.UnlockWithSecretAsync, StateFolder = configuration.StateDirectory, CacheFolder = configuration.CacheDirectory,
                Threads = ConfiguredLimits.ReadersOf(configuration.Performance), Process = options.Process, ZstdLevel = configuration.Performance.ZstdLevel, Zone = configuration.TimeZone,
                ErasureDelay = configuration.ErasureDelay, Retention = configuration.Retention, PruneGrace = configuration.PruneGrace, Guarding = configuration.Guarding, MaxWaste = configuration.MaxWaste, Archiving = configuration.Archiving, Priority = configuration.Priority, TempFilesAge = configuration.Reserve.TempFilesAge, PhysicalRetention = TimeSpan.FromDays(configuration.Retention.ClassDays[DataClass.Physical]),
                Journal = configuration.FullScanEvery is { } every ? new Changes.ChangeJournalOptions(every, "") : null,
                Clock = options.Clock, Configuration = configuration, Access = configuration.Access, Caller = options.Caller ?? Caller.OfProcess, Warn = options.Warn, OpeningFaults = [.. faults, .. writers.Faults, .. ledger.Faults],
                Unwritable = unwritable,
            };
            if (installation.Host is { } role)
            {
                installation.Signatures = SignatureMemory.Open(Path.Combine(installation.CacheFolder, installation.Reserve.ToString()), role.CacheKey.Span);
            }
            unlocking.RefusedAsync = refusal => Governance.LookTrail.RefusedAsync(installation, refusal);
            if (store is LostTierStore lost)
            {
                installation._openTiers[Tier.Remote] = lost.Next;
            }
            return installation;
        }
        catch
        {
            keys.Dispose();
            if (store is not null)
            {
                await store.DisposeAsync().ConfigureAwait(false);
            }
            throw;
        }
    }

    /// <summary>Opens the local tier; where it holds no repository any more and a remote tier does, that one in its place, to read.</summary>
    private static async ValueTask<(IObjectStore Store, FormatObject Format, List<StingException> Faults)> OpenFirstAsync(
        StingConfiguration configuration, ReserveKeys keys, IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> tiers, TimeProvider clock, CancellationToken cancel)
    {
        IObjectStore? local = null, next = null;
        try
        {
            try
            {
                local = await StoreFactory.OpenAsync(configuration, clock, cancel).ConfigureAwait(false);
                var (format, faults) = await keys.LoadFormatAsync(local, cancel).ConfigureAwait(false);
                return (local, format, [.. faults]);
            }
            catch (StingException lost) when (lost.ErrorId is "RepositoryMissing" or "StoreUnavailable" && tiers.TryGetValue(Tier.Remote, out var open))
            {
                try
                {
                    next = await open(cancel).ConfigureAwait(false);
                    var (format, faults) = await keys.LoadFormatAsync(next, cancel).ConfigureAwait(false);
                    var store = new LostTierStore(configuration.Repository.BackupRoot, local, next);
                    return (store, format, [store.ToWarning(), .. faults]);
                }
                catch (StingException e)
                {
                    throw LostTierStore.Neither(lost, e);
                }
            }
        }
        catch
        {
            foreach (var opened in (IObjectStore?[])[local, next])
            {
                if (opened is not null)
                {
                    await opened.DisposeAsync().ConfigureAwait(false);
                }
            }
            throw;
        }
    }

    /// <summary>Where a configuration puts the keys.</summary>
    public static KeyOptions KeyOptionsOf(StingConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return KeyOptions.Of(configuration.Keys.Directory, configuration.StateDirectory, configuration.Keys.Replicas, configuration.Keys.EpochPlaces) with
        {
            BackupRoot = Storage.S3.S3Address.IsAddress(configuration.Repository.BackupRoot) ? null : configuration.Repository.BackupRoot, Sources = [configuration.Reserve.Path, .. configuration.Reserve.Folders.Select(f => f.Path)], AllowUnderBackupRoot = configuration.Keys.AllowInBackupRoot, KeyVault = ConfiguredKeyVault.Of(configuration),
            Suite = configuration.Keys.Suite == KeySuite.Hybrid ? KemSuite.Hybrid : KemSuite.P256,
            Spares = configuration.Keys.Spares,
        };
    }

    /// <summary>A passphrase as bytes that are wiped; the text of a SecureString never becomes a string.</summary>
    public static SecretBytes? ToSecret(SecureString? passphrase)
    {
        if (passphrase is not { Length: > 0 })
        {
            return null;
        }
        var characters = Marshal.SecureStringToGlobalAllocUnicode(passphrase);
        try
        {
            unsafe
            {
                var text = new ReadOnlySpan<char>((void*)characters, passphrase.Length);
                Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(text.Length, 1024))];
                if (text.Length > 1024)
                {
                    throw new StingException("WrongPassphrase", FailureKind.Authentication, "A passphrase has at most 1,024 characters.", null, "Give the key file's passphrase.");
                }
                var length = Encoding.UTF8.GetBytes(text, utf8);
                var secret = SecretBytes.CopyOf(utf8[..length]);
                utf8.Clear();
                return secret;
            }
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(characters);
        }
    }

    /// <summary>Unlocks once, and only when a job needs it.</summary>
    private sealed class Unlocking(ReserveKeys keys, InstallationOptions options) : IDisposable
    {
        private ISubjectReader? _reader;

        public bool IsOpen => _reader is not null;

        /// <summary>Told when what was given does not open the keys.</summary>
        public Func<StingException, ValueTask>? RefusedAsync { get; set; }

        public async ValueTask<ISubjectReader> UnlockAsync(CancellationToken cancel)
        {
            if (_reader is null)
            {
                try
                {
                    _reader = await keys.UnlockAsync(options.Passphrase is null ? null : async stop => ToSecret(await options.Passphrase(stop).ConfigureAwait(false)), cancel).ConfigureAwait(false);
                }
                catch (StingException e) when (IsRefusal(e))
                {
                    await TellAsync(e).ConfigureAwait(false);
                    throw;
                }
            }
            return _reader;
        }

        /// <summary>Unlocks, and gives what opens the key file too: whoever writes that anew needs it. The caller disposes it.</summary>
        public async ValueTask<(SubjectReader Reader, SecretBytes? Secret)> UnlockWithSecretAsync(CancellationToken cancel)
        {
            var secret = await keys.ObtainSecretAsync(options.Passphrase is null ? null : async stop => ToSecret(await options.Passphrase(stop).ConfigureAwait(false)), cancel).ConfigureAwait(false);
            try
            {
                _reader ??= keys.Unlock(secret);
                return ((SubjectReader)_reader, secret);
            }
            catch (Exception e)
            {
                secret?.Dispose();
                if (e is StingException refusal && IsRefusal(refusal))
                {
                    await TellAsync(refusal).ConfigureAwait(false);
                }
                throw;
            }
        }

        // That there was nobody to ask is no attempt.
        private static bool IsRefusal(StingException e) => e.Kind is FailureKind.Authentication or FailureKind.Refused && e.ErrorId is not ("PassphraseNeeded" or "KeyVaultNeeded");

        private ValueTask TellAsync(StingException refusal) => RefusedAsync?.Invoke(refusal) ?? ValueTask.CompletedTask;

        public void Dispose() => (_reader as IDisposable)?.Dispose();
    }
}
