using System.Security.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Cryptography;

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
    private readonly byte[] _keyRole;
    private readonly SignatureVerifier _verifier;

    private ReserveKeys(KeyEnvironment environment, KeyOptions options, PublicHalf? publicHalf, HostKeys? host, IReadOnlyList<string> warnings)
    {
        _environment = environment;
        _options = options;
        _publicHalf = publicHalf;
        _host = host;
        _copies = new SignedCopies(environment.Files, options);
        Warnings = warnings;
        ReserveId = publicHalf?.ReserveId ?? host!.ReserveId;
        _keyRole = publicHalf?.KeyRolePublicKey ?? host!.KeyRolePublicKey;
        _verifier = new SignatureVerifier(_keyRole);
    }

    /// <summary>The reserve.</summary>
    public Id16 ReserveId { get; }

    /// <summary>Public key of the key role, 65 bytes.</summary>
    public ReadOnlyMemory<byte> KeyRolePublicKey => _keyRole;

    /// <summary>Its fingerprint, for the configuration: 64 hexadecimal digits.</summary>
    public string KeyRoleFingerprint => Fingerprint.Of(_keyRole);

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
            CheckPin(publicHalf?.KeyRolePublicKey, publicPath, pinnedFingerprint);
            CheckPin(host?.KeyRolePublicKey, hostPath, pinnedFingerprint);
            if (publicHalf is not null && host is not null
                && (publicHalf.ReserveId != host.ReserveId || !publicHalf.KeyRolePublicKey.AsSpan().SequenceEqual(host.KeyRolePublicKey)))
            {
                throw Mismatch($"'{hostPath}' and '{publicPath}' are of different reserves.", hostPath);
            }
            return new ReserveKeys(environment, options, publicHalf, host, warnings);
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
        _verifier.Dispose();
        _host?.Dispose();
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

    private static void CheckPin(byte[]? keyRole, string path, string? pinned)
    {
        if (keyRole is not null && !string.IsNullOrEmpty(pinned) && !Fingerprint.Matches(pinned, keyRole))
        {
            throw Mismatch($"'{path}' names key role {Fingerprint.Of(keyRole)}, but the configuration trusts {pinned}.", path);
        }
    }

    private static StingException Mismatch(string message, string path) => new(
        "KeyRoleMismatch", FailureKind.Integrity, message, path,
        "Check keys.directory and repository.key_fingerprint. If neither was changed by you, somebody changed the keys: trust nothing here before you know who.");

    private static StingException Absent(IKeyFiles files, KeyOptions options) => KeyCreator.IsUnfinished(files, options)
        ? new StingException("KeysUnfinished", FailureKind.NotFound, $"The making of keys in '{options.KeyDirectory}' was interrupted.", options.KeyDirectory,
            "Run Initialize-StingRepository again: it removes what was left and starts anew.")
        : new StingException("KeysMissing", FailureKind.NotFound, $"There are no keys in '{options.KeyDirectory}', and none of this host in '{HostKeys.FolderOf(options)}'.", options.KeyDirectory,
            "Check keys.directory, or make a repository and its keys with Initialize-StingRepository.");
}
