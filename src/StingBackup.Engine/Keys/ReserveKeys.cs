using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The keys of one reserve as this host has them: the public half always, this host's own keys where it is enrolled, and the private half for whoever unlocks it.
/// Safe to use from many threads.
/// </summary>
public sealed partial class ReserveKeys : IDisposable
{
    private readonly KeyEnvironment _environment;
    private readonly KeyOptions _options;
    private readonly PublicHalf? _publicHalf;
    private readonly HostKeys? _host;
    private readonly SignedCopies _copies;
    private readonly Lock _trusting = new();
    private volatile Trust _trust;

    private ReserveKeys(KeyEnvironment environment, KeyOptions options, PublicHalf? publicHalf, HostKeys? host, IReadOnlyList<string> warnings, KeyRoleChain chain)
    {
        _environment = environment;
        _options = options;
        _publicHalf = publicHalf;
        _host = host;
        _copies = new SignedCopies(environment.Files, options);
        Warnings = warnings;
        ReserveId = publicHalf?.ReserveId ?? host!.ReserveId;
        _trust = new Trust(chain, null);
    }

    /// <summary>The reserve.</summary>
    public Id16 ReserveId { get; }

    /// <summary>Public key of the key role that is in force, 65 bytes.</summary>
    public ReadOnlyMemory<byte> KeyRolePublicKey => _trust.Chain.Current;

    /// <summary>All public keys that the key role ever had, joined, newest first, as <see cref="SignatureVerifier"/> takes them: what an earlier one signed stays good.</summary>
    public ReadOnlyMemory<byte> KeyRoleKeys => _trust.Chain.Joined;

    /// <summary>Its fingerprint, for the configuration: 64 hexadecimal digits.</summary>
    public string KeyRoleFingerprint => Fingerprint.Of(_trust.Chain.Current);

    /// <summary>What is weaker than it should be, for people.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The key role's folder.</summary>
    internal string KeyDirectory => _options.KeyDirectory;

    /// <summary>Keeps a copy of what the key role signed for repositories; <see cref="PublishAsync"/> puts it there.</summary>
    internal void KeepSigned(string objectName, ReadOnlySpan<byte> bytes) => _copies.Keep(objectName, bytes);

    /// <summary>Reads and writes key files.</summary>
    internal IKeyFiles Files => _environment.Files;

    /// <summary>Whether this host is enrolled, and so can write.</summary>
    public bool IsEnrolled => _host is not null;

    /// <summary>Who this host is in the repository.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c></exception>
    public Id16 WriterId => Host.WriterId;

    /// <summary>Signs what this host writes.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c></exception>
    public ISigner Signer => Host.SigningKey;

    /// <summary>Encrypts this host's cache: 32 bytes, HKDF-Expand(spare key, "sting1 host cache").</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c></exception>
    public ReadOnlyMemory<byte> CacheKey
    {
        get
        {
            var key = GC.AllocateUninitializedArray<byte>(32, pinned: true);
            HKDF.Expand(HashAlgorithmName.SHA256, Host.SpareKey.Span, key, "sting1 host cache"u8);
            return key;
        }
    }

    /// <summary>Whether unlocking needs a passphrase.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>KeyFileDamaged</c></exception>
    public bool NeedsPassphrase => Protection == KeyFileProtection.Passphrase;

    /// <summary>Seals the copies of configurations: 32 bytes, HKDF-Expand(directory key, "sting1 configuration"); so the escrow opens them, and every enrolled host.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c></exception>
    internal SecretBytes ConfigurationKey => ConfigurationKeyOf(Host.DirectoryKey);

    /// <inheritdoc cref="ConfigurationKey"/>
    internal static SecretBytes ConfigurationKeyOf(SecretBytes directoryKey)
    {
        var key = new SecretBytes(32);
        HKDF.Expand(HashAlgorithmName.SHA256, directoryKey.Span, key.Writable, "sting1 configuration"u8);
        return key;
    }

    private HostKeys Host => _host ?? throw new StingException(
        "HostNotEnrolled", FailureKind.NotFound, $"This host has no keys in '{HostKeys.FolderOf(_options)}': it can read, but not write.", HostKeys.PathOf(_options),
        "Put the host's key folder back, or run Repair-StingRepository with the key file's passphrase: it enrols the host anew.");

    /// <summary>Plans the keys of a new reserve; changes nothing.</summary>
    /// <exception cref="StingException"><c>KeysExist</c>, <c>KeyPlacesInvalid</c>, <c>KeysInSource</c>, <c>KeysUnderBackupRoot</c></exception>
    public static KeyPlan Plan(KeyOptions options, KeyCreation creation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(creation);
        return new KeyCreator(Environment(TimeProvider.System, null), options).Plan(creation);
    }

    /// <summary>
    /// Executes a plan: key directory, epoch secrets, key store, this host's keys, spares. Nothing is in force before all of it stands, and a try after an interruption
    /// removes what that one left. <see cref="PublishAsync"/> then writes what the repository needs.
    /// </summary>
    /// <exception cref="StingException">As <see cref="Plan"/>; <c>PassphraseNeeded</c> when the plan wants one; <c>KeyFileUnavailable</c></exception>
    public static ValueTask<ReserveKeys> CreateAsync(
        KeyPlan plan, SecretBytes? passphrase, CancellationToken cancel, TimeProvider? clock = null, RandomNumberGenerator? random = null) =>
        CreateInAsync(Environment(clock, random), plan, passphrase, cancel);

    /// <summary>Opens what this host has of a reserve's keys. Reads no secret of the private half.</summary>
    /// <param name="options">Where keys lie.</param>
    /// <param name="pinnedFingerprint">The key role's fingerprint as the configuration has it; null trusts what lies here, as the first run does.</param>
    /// <param name="clock">The time; the system's by default.</param>
    /// <param name="random">Randomness; the system's by default.</param>
    /// <exception cref="StingException"><c>KeysMissing</c>, <c>KeysUnfinished</c>, <c>KeyRoleMismatch</c>, <c>KeyFileDamaged</c>, and where keys may not lie</exception>
    public static ReserveKeys Open(KeyOptions options, string? pinnedFingerprint, TimeProvider? clock = null, RandomNumberGenerator? random = null) =>
        OpenIn(Environment(clock, random), options, pinnedFingerprint);

    internal static async ValueTask<ReserveKeys> CreateInAsync(KeyEnvironment environment, KeyPlan plan, SecretBytes? passphrase, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var sealing = plan.Creation.WithPassphrase && plan.Options.KeyVault is null;
        if (sealing && passphrase is not { Length: > 0 })
        {
            throw new StingException("PassphraseNeeded", FailureKind.Authentication, "The new key file is to be sealed, but there is no passphrase.", plan.Options.KeyDirectory,
                "Give a passphrase, or ask expressly for an open key file.");
        }
        await new KeyCreator(environment, plan.Options).CreateAsync(plan, sealing ? passphrase : null, cancel).ConfigureAwait(false);
        return OpenIn(environment, plan.Options, null);
    }

    internal static ReserveKeys OpenIn(KeyEnvironment environment, KeyOptions options, string? pinnedFingerprint)
    {
        ArgumentNullException.ThrowIfNull(options);
        var warnings = KeyPlaces.Check(options);
        var publicPath = Path.Combine(options.KeyDirectory, PublicHalf.FileName);
        var hostPath = HostKeys.PathOf(options);
        var publicHalf = ReadPublicHalf(environment.Files, publicPath);
        var host = HostKeys.Read(environment.Files, hostPath);
        try
        {
            if (publicHalf is null && (host is null || KeyCreator.IsUnfinished(environment.Files, options)))
            {
                throw Absent(environment.Files, options);
            }
            var learned = KeyRoleMemory.Read(environment.Files, options, publicHalf?.ReserveId ?? host!.ReserveId);
            var own = publicHalf?.Chain ?? KeyRoleChain.Of(host!.KeyRolePublicKey);
            var chain = learned?.Contradicts(own) == true ? throw RepositoryHead.Forked(publicPath) : own.ExtendedBy(learned);
            CheckPin(chain, publicHalf is null ? hostPath : publicPath, pinnedFingerprint);
            if (publicHalf?.Chain.Count < chain.Count)
            {
                warnings = [.. warnings, $"The key role's signing key was renewed to {Fingerprint.Of(chain.Current)}, which '{publicPath}' does not know: the renewal did not end (Update-StingKey -Kind Signing ends it), or the key directory is an older copy."];
            }
            if (publicHalf is not null && host is not null && (publicHalf.ReserveId != host.ReserveId || !chain.Holds(host.KeyRolePublicKey)))
            {
                throw Mismatch($"'{hostPath}' and '{publicPath}' are of different reserves.", hostPath);
            }
            return new ReserveKeys(environment, options, publicHalf, host, warnings, chain);
        }
        catch
        {
            host?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var trust = _trust; trust is not null; trust = trust.Before)
        {
            trust.Verifier.Dispose();
        }
        _host?.Dispose();
    }

    private SignatureVerifier Verifier => _trust.Verifier;

    /// <summary>Trusts what a chain adds to the keys that are trusted already; one that does not hold the key in force here adds nothing. Gives all keys, newest first.</summary>
    /// <exception cref="StingException"><c>KeyRoleForked</c> where it leads from a key that is trusted to another one than is known</exception>
    private byte[] Learn(KeyRoleChain? chain, string where)
    {
        lock (_trusting)
        {
            if (chain is not null && _trust.Chain.Contradicts(chain))
            {
                throw RepositoryHead.Forked(where);
            }
            if (_trust.Chain.ExtendedBy(chain) is var longer && longer != _trust.Chain)
            {
                _trust = new Trust(longer, _trust);
                if (_host is not null)
                {
                    KeyRoleMemory.Write(_environment.Files, _options, longer);
                }
            }
            return _trust.Chain.Joined;
        }
    }

    /// <summary>The key role's keys as far as they are known; earlier ones are kept, since others may hold their verifier.</summary>
    private sealed class Trust(KeyRoleChain chain, Trust? before)
    {
        public KeyRoleChain Chain { get; } = chain;
        public Trust? Before { get; } = before;
        public SignatureVerifier Verifier { get; } = new(chain.Joined);
    }

    private static KeyEnvironment Environment(TimeProvider? clock, RandomNumberGenerator? random)
    {
        var time = clock ?? TimeProvider.System;
        return new KeyEnvironment(time, random ?? RandomNumberGenerator.Create(), new DiskKeyFiles(time));
    }

    private static PublicHalf? ReadPublicHalf(IKeyFiles files, string path)
    {
        try
        {
            return files.Read(path) is { } bytes ? PublicHalf.Read(bytes, path) : null;
        }
        catch (StingException denied) when (denied.Kind == FailureKind.PermissionDenied)
        {
            return null;   // the backup role has no right on the key directory, and needs none
        }
    }

    private static void CheckPin(KeyRoleChain chain, string path, string? pinned)
    {
        if (!string.IsNullOrEmpty(pinned) && !chain.Holds(pinned))
        {
            throw Mismatch($"'{path}' names key role {Fingerprint.Of(chain.Current)}, but the configuration trusts {pinned}.", path);
        }
    }

    private static StingException Mismatch(string message, string path) => new(
        "KeyRoleMismatch", FailureKind.Integrity, message, path,
        "Check keys.directory and repository.key_fingerprint. If neither was changed by you, somebody changed the keys: trust nothing here before you know who. "
        + "Where the key role renewed its signing key, run a command here with the earlier fingerprint once: then the host knows the next key.");

    private static StingException Absent(IKeyFiles files, KeyOptions options) => KeyCreator.IsUnfinished(files, options)
        ? new StingException("KeysUnfinished", FailureKind.NotFound, $"The making of keys in '{options.KeyDirectory}' was interrupted.", options.KeyDirectory,
            "Run Initialize-StingRepository again: it removes what was left and starts anew.")
        : new StingException("KeysMissing", FailureKind.NotFound, $"There are no keys in '{options.KeyDirectory}', and none of this host in '{HostKeys.FolderOf(options)}'.", options.KeyDirectory,
            "Check keys.directory, or make a repository and its keys with Initialize-StingRepository.");
}
