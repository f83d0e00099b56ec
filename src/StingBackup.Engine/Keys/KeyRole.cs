using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// Mints keys and signs what others trust: public keys, enrolments, the format. On a machine with the local key file whoever can unlock it has this role.
/// Every step that writes holds the key directory's lock.
/// </summary>
internal sealed class KeyRole(KeyEnvironment environment, KeyOptions options, PublicHalf publicHalf, PrivateHalf privateHalf) : IDisposable
{
    private const string LockName = "reserve.lock";

    private readonly SignatureVerifier _verifier = new(publicHalf.Chain.Joined);
    private PublicHalf _public = publicHalf;   // as it is now: another process may have renewed keys since
    private readonly Lock _random = new();   // an injected random source need not be safe to share

    /// <summary>The keys it holds.</summary>
    public PrivateHalf Keys => privateHalf;

    /// <summary>Their public half, as it was when the directory was last held.</summary>
    public PublicHalf Public => _public;

    /// <summary>
    /// Mints spares: key pairs made side by side on all cores, private halves to every replica, read back; only then public halves leave. The caller owns what it is given.
    /// </summary>
    public async ValueTask<IReadOnlyList<Spare>> MintAsync(int count, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        using var held = await LockAsync(cancel).ConfigureAwait(false);
        using var keyStore = OpenStore();
        var minted = new (Spare Spare, byte[] Inner)[count];
        try
        {
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancel }, i => minted[i] = MintOne());
            keyStore.Append([.. minted.Select(one => keyStore.Seal(one.Spare.Key.Suite, one.Spare.Key.Pseudonym, one.Spare.Key.Generation, _public.KekGeneration, one.Inner))], cancel);
            return [.. minted.Select(one => one.Spare)];
        }
        catch
        {
            foreach (var (spare, _) in minted)
            {
                spare?.Dispose();
            }
            throw;
        }
    }

    /// <summary>Refills key store replicas and epoch places; gives the paths written, and what could not be mended.</summary>
    public async ValueTask<(IReadOnlyList<string> Written, IReadOnlyList<StingException> Faults)> RefillAsync(CancellationToken cancel)
    {
        using var held = await LockAsync(cancel).ConfigureAwait(false);
        using var keyStore = OpenStore();
        var faults = new List<StingException>();
        return (keyStore.Refill(faults), faults);
    }

    /// <summary>
    /// Leaves subjects behind: turns the epoch where the key store still has them, fills what is behind, and destroys everything of earlier epochs. Whoever calls it holds the
    /// directory (<see cref="HoldAsync"/>), and calls again until nothing is away.
    /// </summary>
    /// <param name="before">The key store as it stands, opened since the directory is held.</param>
    /// <param name="erased">Whom to leave behind.</param>
    /// <param name="cancel">Stops it before the switch.</param>
    public LeftBehind LeaveBehind(KeyStore before, IReadOnlySet<Id16> erased, CancellationToken cancel) => Turn(before, before.Pseudonyms.Any(erased.Contains) ? new TurnOrder(erased) : null, cancel);

    /// <summary>Turns the epoch as <paramref name="order"/> says where the key store as it stands needs it, fills what is behind, and destroys everything of earlier epochs.</summary>
    public LeftBehind TurnWhere(Func<KeyStore, bool> isNeeded, TurnOrder order, CancellationToken cancel)
    {
        using var before = OpenStore();
        return Turn(before, isNeeded(before) ? order : null, cancel);
    }

    private LeftBehind Turn(KeyStore before, TurnOrder? order, CancellationToken cancel)
    {
        var turn = new EpochTurn(environment, options, _public.ReserveId);
        var away = new List<StingException>();
        if (order is not null)
        {
            turn.Run(before, order, privateHalf.KeyRole, cancel);
        }
        using var now = OpenStore();
        now.Refill(away);
        var forgotten = turn.Forget(now.Epoch);
        away.AddRange(forgotten.Pending);
        return new LeftBehind(now.Epoch, now.BegunNs, now.Count, forgotten.Done, [.. away.DistinctBy(fault => fault.Target)], turn.Places);
    }

    /// <summary>Whether the key store has lost the key of any of these.</summary>
    public bool HasLost(IEnumerable<Id16> pseudonyms)
    {
        using var store = OpenStore();
        return pseudonyms.Any(pseudonym => store.NewestGeneration(pseudonym) is null);
    }

    /// <summary>Holds the key directory against everybody else who would change it.</summary>
    public ValueTask<IDisposable> HoldAsync(CancellationToken cancel) => LockAsync(cancel);

    /// <summary>Opens the key store to read.</summary>
    public KeyStore OpenStore() => KeyStore.Open(environment, options, _public.ReserveId, _verifier);

    /// <summary>Makes a new host's keys and enrols it: the keys go to the host's folder, the signed enrolment to the copies and on into the repository.</summary>
    public WriterObject Enroll(HostKeys host, SignedCopies copies)
    {
        var path = HostKeys.PathOf(options);
        environment.Files.MakeFolder(HostKeys.FolderOf(options));
        var bytes = host.ToBytes();
        try
        {
            if (!environment.Files.Create(path, bytes))
            {
                throw new StingException("KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already: this host is enrolled.", path,
                    "To enrol it anew, move its key folder away first.");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
        var enrolment = new WriterObject(_public.ReserveId, 1, host.ToWriter() with { MayMaintain = true }, environment.NowNs);
        copies.Keep(enrolment.ObjectName, enrolment.ToBytes(privateHalf.KeyRole));
        return enrolment;
    }

    /// <summary>Signs a subject's public key.</summary>
    public SubjectPublicKey Sign(Id16 pseudonym, uint generation, byte[] publicKey) =>
        SubjectPublicKey.Sign(privateHalf.KeyRole, _public.ReserveId, pseudonym, generation, publicKey);

    /// <inheritdoc/>
    public void Dispose()
    {
        _verifier.Dispose();
        privateHalf.Dispose();
    }

    private async ValueTask<IDisposable> LockAsync(CancellationToken cancel)
    {
        var held = await environment.Files.LockAsync(Path.Combine(options.KeyDirectory, LockName), cancel).ConfigureAwait(false);
        try
        {
            // What is minted must be sealed to the KEK that is in force now: an older one is destroyed when its rotation ends.
            var path = Path.Combine(options.KeyDirectory, PublicHalf.FileName);
            _public = environment.Files.Read(path) is { } bytes ? PublicHalf.Read(bytes, path) : _public;
            return _public.KeyRolePublicKey.AsSpan().SequenceEqual(privateHalf.KeyRole.PublicKey.Span) ? held
                : throw new StingException("KeyRoleMismatch", FailureKind.Integrity, $"The key role of '{path}' was changed while this ran.", path,
                    "Run the command again. If nobody renewed the signing key, somebody changed the keys: trust nothing here before you know who.");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private (Spare, byte[]) MintOne()
    {
        const uint firstGeneration = 1;
        using var subject = AgreementKey.Generate(options.Suite);
        Id16 pseudonym;
        SecretBytes writerSecret;
        lock (_random)
        {
            pseudonym = environment.NewId();
            writerSecret = SecretBytes.Random(WriterSecret.Size, environment.Random);
        }
        var key = Sign(pseudonym, firstGeneration, subject.PublicKey.ToArray());
        var inner = KeyRecord.SealInner(_public.KekPublicKey, _public.ReserveId, pseudonym, firstGeneration, subject, writerSecret);
        return (new Spare(key, writerSecret), inner);
    }
}
