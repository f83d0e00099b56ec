using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Escrow: what stands in the way of losing the key file, and how it comes back.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>Escrows that were made of these keys, as the key directory remembers them, newest first. Needs no secret; empty on a host without the key directory.</summary>
    public IReadOnlyList<KeyEscrow> Escrows => _publicHalf is null ? [] : [.. new EscrowShelf(_environment.Files, _options).List(_publicHalf)];

    /// <summary>The KEK in force: its fingerprint and generation.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c></exception>
    internal (string Fingerprint, uint Generation) Kek
    {
        get
        {
            ReadPrivateHalf(out _);   // says that the key directory is not here
            return (Fingerprint.Of(_publicHalf!.KekPublicKey), _publicHalf.KekGeneration);
        }
    }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock => _environment.Clock;

    /// <summary>The key role, by keys that were opened elsewhere; it takes them over.</summary>
    internal KeyRole RoleOf(PrivateHalf keys) => new(_environment, _options, _publicHalf!, keys);

    /// <summary>Makes an escrow of the keys. The caller disposes the shares, and keeps the escrow by <see cref="Keep(SealedEscrow)"/> once it lies where it should.</summary>
    internal (SealedEscrow Escrow, EscrowShare[] Shares) MakeEscrow(SubjectReader reader, int shares, int threshold) =>
        SealedEscrow.Make(reader.Role.Keys, PublicNow, shares, threshold, _environment);

    /// <summary>Remembers an escrow, and forgets those of keys that are no more.</summary>
    internal void Keep(SealedEscrow escrow) => new EscrowShelf(_environment.Files, _options).Keep(escrow, PublicNow);

    /// <summary>Whether an escrow's keys are the ones in force: here by the public half, on a host without one by the repository's format.</summary>
    internal async ValueTask<EscrowState> StateOfAsync(SealedEscrow escrow, IObjectStore store, CancellationToken cancel)
    {
        if (escrow.ReserveId != ReserveId)
        {
            throw new StingException("EscrowForeign", FailureKind.Integrity, $"Escrow {escrow.Id} is of reserve {escrow.ReserveId}; this one is {ReserveId}.", escrow.Id.ToString(),
                "Give shares of an escrow of this reserve; the reserve's id stands on each page.");
        }
        var kek = _publicHalf is { } half ? Fingerprint.Of(half.KekPublicKey) : (await LoadFormatAsync(store, cancel).ConfigureAwait(false)).Format.KekFingerprint;
        return EscrowShelf.IsCurrent(escrow, kek, KeyRoleFingerprint) ? EscrowState.Current : EscrowState.Stale;
    }

    /// <summary>Opens every record of the key store with an escrow's keys: what proves that they would do. None is kept.</summary>
    /// <returns>How many there are, how many of them opened, and what was wrong with places.</returns>
    internal (int Records, int Opened, IReadOnlyList<StingException> Faults) Prove(PrivateHalf keys, CancellationToken cancel)
    {
        using var store = KeyStore.Open(_environment, _options, ReserveId, Verifier);
        var faults = new List<StingException>(store.Faults);
        var opened = 0;
        Parallel.ForEach(store.Records, new ParallelOptions { CancellationToken = cancel }, () => new Dictionary<uint, AgreementKey>(), (record, _, own) =>
        {
            // A key serves one thread at a time: each thread takes copies of its own.
            AgreementKey? KekOf(uint generation) => own.TryGetValue(generation, out var copy) ? copy
                : keys.KekOf(generation) is { } kek ? own[generation] = kek.Copy() : null;
            try
            {
                store.Open(record.Pseudonym, record.Generation, KekOf).Dispose();
                Interlocked.Increment(ref opened);
            }
            catch (StingException fault)
            {
                lock (faults)
                {
                    faults.Add(fault);
                }
            }
            return own;
        }, static own => own.Values.ToList().ForEach(key => key.Dispose()));
        return (store.Count, opened, faults);
    }

    /// <summary>Puts what the key role signed into the key directory's copies, from a repository: after a loss they are there alone. What is damaged is passed over.</summary>
    /// <returns>How many copies were made.</returns>
    internal ValueTask<int> TakeSignedCopiesAsync(IObjectStore store, CancellationToken cancel) => _copies.TakeAsync(store, ReserveId, _trust.Chain.Joined, cancel);

    /// <summary>Checks that an escrow's keys may be put where the configuration has the keys. Changes nothing.</summary>
    /// <returns>What is weaker than it should be.</returns>
    /// <exception cref="StingException"><c>KeysExist</c>, <c>KeyRoleMismatch</c>, and where keys may not lie</exception>
    internal static IReadOnlyList<string> CheckImport(KeyEnvironment environment, KeyOptions options, SealedEscrow escrow, string? pinnedFingerprint)
    {
        var warnings = KeyPlaces.Check(options);
        var publicPath = Path.Combine(options.KeyDirectory, PublicHalf.FileName);
        var keyPath = Path.Combine(options.KeyDirectory, PrivateHalfFile.FileName);
        if (environment.Files.Read(publicPath) is not null || KeyCreator.IsUnfinished(environment.Files, options) || (environment.Files.Read(keyPath) is { } present && !IsOfReserve(present, keyPath, escrow.ReserveId)))
        {
            throw new StingException("KeysExist", FailureKind.AlreadyExists, $"There are keys in '{options.KeyDirectory}' already.", publicPath,
                "An escrow is imported where the keys are lost. If these are damaged or another reserve's, move the folder away first.");
        }
        if (!string.IsNullOrEmpty(pinnedFingerprint) && !SameFingerprint(pinnedFingerprint, escrow.KeyFingerprint) && escrow.Chain?.Holds(pinnedFingerprint) != true)
        {
            throw new StingException("KeyRoleMismatch", FailureKind.Integrity, $"Escrow {escrow.Id} holds key role {escrow.KeyFingerprint}, but the configuration trusts {pinnedFingerprint}.", escrow.Id.ToString(),
                "Correct repository.key_fingerprint from a page of the escrow, if you trust that page; otherwise bring shares of the right escrow.");
        }
        return warnings;
    }

    /// <summary>
    /// Puts an escrow's keys into the key directory: the key file, then the public half, signed anew, which puts them in force. A try that was cut off is simply repeated. Folders within the key
    /// directory that hold a replica or an epoch place are made; others are not, since what is not mounted must not be written to.
    /// </summary>
    internal static async ValueTask<ReserveKeys> ImportAsync(
        KeyEnvironment environment, KeyOptions options, SealedEscrow escrow, PrivateHalf keys, Func<PrivateHalfWriter, ValueTask<byte[]>> write)
    {
        var files = environment.Files;
        var bytes = await write(new PrivateHalfWriter(environment, options)).ConfigureAwait(false);   // before anything is made: a Vault that refuses leaves nothing behind
        files.MakeFolder(options.KeyDirectory);
        using var held = await files.LockAsync(Path.Combine(options.KeyDirectory, "reserve.lock"), CancellationToken.None).ConfigureAwait(false);
        CheckImport(environment, options, escrow, null);
        foreach (var place in options.KeyStoreReplicas.Concat(options.EpochPlaces).Where(place => KeyPlaces.IsWithin(place, options.KeyDirectory)))
        {
            files.MakeFolder(place);
        }
        files.Replace(Path.Combine(options.KeyDirectory, PrivateHalfFile.FileName), bytes);
        var half = new PublicHalf
        {
            ReserveId = escrow.ReserveId, KekPublicKey = keys.Kek.PublicKey.ToArray(), KekGeneration = keys.KekGeneration, KeyRolePublicKey = keys.KeyRole.PublicKey.ToArray(), CreatedNs = escrow.ReserveCreatedNs,
            Handovers = escrow.Chain?.Handovers ?? [],
        };
        new EscrowShelf(files, options).Keep(escrow, half);
        files.Replace(Path.Combine(options.KeyDirectory, PublicHalf.FileName), half.ToBytes(keys.KeyRole));
        return OpenIn(environment, options, null);
    }

    private static bool SameFingerprint(string written, string own) =>
        new string([.. written.Where(c => c is not (':' or ' '))]).Equals(own, StringComparison.OrdinalIgnoreCase);

    private static bool IsOfReserve(byte[] keyFile, string path, Id16 reserveId)
    {
        try
        {
            return PrivateHalfFile.ReserveOf(keyFile, path) == reserveId;
        }
        catch (StingException)
        {
            return false;
        }
    }
}
