using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>What each role does with the keys: the backup role writes, the restore role unlocks, the key role mints and mends.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>The format in force in a repository of this reserve.</summary>
    /// <param name="store">The repository.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The format, and format objects that are damaged.</returns>
    /// <exception cref="StingException"><c>RepositoryMissing</c>, <c>RepositoryForeign</c></exception>
    public async ValueTask<(FormatObject Format, IReadOnlyList<StingException> Faults)> LoadFormatAsync(IObjectStore store, CancellationToken cancel)
    {
        var faults = new List<StingException>();
        return (await Head.LoadFormatAsync(store, faults, cancel).ConfigureAwait(false), faults);
    }

    /// <summary>Every enrolled writer, each signature checked; from the key directory's copy where the repository's is damaged or lost.</summary>
    public ValueTask<EnrolledWriters> LoadWritersAsync(IObjectStore store, CancellationToken cancel) => Head.LoadWritersAsync(store, cancel);

    /// <summary>Who was erased. Needs no secret.</summary>
    public ValueTask<ErasureLedger> LoadLedgerAsync(IObjectStore store, CancellationToken cancel) => Head.LoadLedgerAsync(store, cancel);

    /// <summary>The write side on this host. The caller disposes it, and must keep <paramref name="writers"/> as long.</summary>
    /// <param name="store">Where claims lie: the repository that is written.</param>
    /// <param name="writers">Who is enrolled.</param>
    /// <param name="aliasesOf">Other canonical names of a subject, put into its claim as tags; null for none.</param>
    /// <exception cref="StingException"><c>HostNotEnrolled</c>, <c>HostRevoked</c></exception>
    /// <param name="ledger">Who was erased, and is not written for again.</param>
    public SubjectWriter OpenWriter(IObjectStore store, EnrolledWriters writers, Func<string, IEnumerable<string>>? aliasesOf = null, ErasureLedger? ledger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(writers);
        var own = writers.Find(WriterId);
        if (own is null || !own.HasSigningKey(Host.SigningKey.PublicKey.Span))
        {
            throw new StingException("HostNotEnrolled", FailureKind.Refused, $"The key role has not enrolled this host (writer {WriterId}) in {store.Location}.", WriterId.ToString(),
                "Run Repair-StingRepository: it puts the enrolment back, or with the key file's passphrase enrols the host anew.");
        }
        if (own.LastGoodSequence is { } last)
        {
            throw new StingException("HostRevoked", FailureKind.Refused, $"The key role revoked this host (writer {WriterId}); its points up to {last} count.", WriterId.ToString(),
                "Enrol the host anew, under a new writer id.");
        }
        return new SubjectWriter(_environment, Host, HostKeys.FolderOf(_options), store, new ClaimReader(Host, Verifier, writers), OwnMint(), aliasesOf, ledger ?? ErasureLedger.Empty) { Suite = _options.Suite, Target = _options.Spares };
    }

    /// <summary>The read side. The caller disposes it.</summary>
    /// <param name="passphrase">The key file's; null where it has none.</param>
    /// <exception cref="StingException"><c>PassphraseNeeded</c>, <c>WrongPassphrase</c>, <c>KeyDirectoryMissing</c>, <c>KeyFileDamaged</c>, <c>KeyStoreMissing</c>, <c>EpochSecretMissing</c></exception>
    public SubjectReader Unlock(SecretBytes? passphrase)
    {
        var role = UnlockKeyRole(passphrase);
        try
        {
            return new SubjectReader(role, ReserveId);
        }
        catch
        {
            role.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes into a repository what the key role signed for it (format, enrolments), where it is missing or differs. The first time it makes the repository,
    /// later it mends it. Needs no passphrase.
    /// </summary>
    /// <returns>Names put, and copies that are themselves damaged.</returns>
    public async ValueTask<(IReadOnlyList<string> Names, IReadOnlyList<StingException> Faults)> PublishAsync(IObjectStore store, CancellationToken cancel)
    {
        var faults = new List<StingException>();
        LearnFromCopies();
        return (await _copies.PublishAsync(store, ReserveId, _trust.Chain.Joined, faults, cancel).ConfigureAwait(false), faults);
    }

    /// <summary>Mints spares for this host; its stock is filled up to the target, or by <paramref name="count"/>.</summary>
    /// <param name="passphrase">The key file's; null where it has none.</param>
    /// <param name="count">How many more; null fills up.</param>
    /// <param name="cancel">Stops it before anything is handed out.</param>
    /// <returns>How many were minted.</returns>
    public async ValueTask<int> AddSparesAsync(SecretBytes? passphrase, int? count, CancellationToken cancel)
    {
        using var role = UnlockKeyRole(passphrase);
        return await AddSparesAsync(role, count, cancel).ConfigureAwait(false);
    }

    /// <summary>The same, where keys are unlocked already: as many as <paramref name="needed"/> subjects need, and the host's stock beyond them.</summary>
    internal ValueTask<int> AddSparesForAsync(SubjectReader reader, int needed, CancellationToken cancel) => AddSparesAsync(reader.Role, null, cancel, needed);

    private async ValueTask<int> AddSparesAsync(KeyRole role, int? count, CancellationToken cancel, int inUse = 0)
    {
        using var shelf = await SpareShelf.OpenAsync(_environment, Host, HostKeys.FolderOf(_options), cancel, _options.Suite).ConfigureAwait(false);
        var needed = count ?? _options.Spares + inUse - shelf.Free;
        if (needed > 0)
        {
            shelf.Add(await role.MintAsync(needed, cancel).ConfigureAwait(false));
        }
        return Math.Max(0, needed);
    }

    /// <summary>Refills key store replicas and epoch places that are missing, damaged or behind, from those that are sound.</summary>
    /// <param name="passphrase">The key file's; null where it has none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Paths written, and what could not be mended (a folder that is not there is never made).</returns>
    public async ValueTask<(IReadOnlyList<string> Written, IReadOnlyList<StingException> Faults)> RefillKeyStoreAsync(SecretBytes? passphrase, CancellationToken cancel)
    {
        using var role = UnlockKeyRole(passphrase);
        return await role.RefillAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The same, where keys are unlocked already.</summary>
    internal static ValueTask<(IReadOnlyList<string> Written, IReadOnlyList<StingException> Faults)> RefillKeyStoreAsync(SubjectReader reader, CancellationToken cancel) =>
        reader.Role.RefillAsync(cancel);

    /// <summary>
    /// Enrols this host, whose own keys are lost or which is new: fresh keys under a new writer id, signed by the key role, with spares. Claims made before are not
    /// readable by it until <see cref="ResealClaimsAsync"/> makes them anew.
    /// </summary>
    /// <param name="passphrase">The key file's; null where it has none.</param>
    /// <param name="hostName">For people.</param>
    /// <param name="store">The repository; the enrolment is put there.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The keys with this host's; the caller disposes them, and these.</returns>
    /// <exception cref="StingException"><c>KeysExist</c> when the host has keys, <c>PassphraseNeeded</c>, <c>WrongPassphrase</c></exception>
    public async ValueTask<ReserveKeys> EnrollHostAsync(SecretBytes? passphrase, string hostName, IObjectStore store, CancellationToken cancel)
    {
        using var role = UnlockKeyRole(passphrase);
        return await EnrollHostAsync(role, hostName, store, cancel).ConfigureAwait(false);
    }

    /// <summary>The same, where keys are unlocked already.</summary>
    internal ValueTask<ReserveKeys> EnrollHostAsync(SubjectReader reader, string hostName, IObjectStore store, CancellationToken cancel) =>
        EnrollHostAsync(reader.Role, hostName, store, cancel);

    private async ValueTask<ReserveKeys> EnrollHostAsync(KeyRole role, string hostName, IObjectStore store, CancellationToken cancel)
    {
        using (var host = HostKeys.Generate(_environment, ReserveId, hostName, role.Keys.DirectoryKey.Span, role.Public.KeyRolePublicKey))
        {
            role.Enroll(host, _copies);
            using var shelf = await SpareShelf.OpenAsync(_environment, host, HostKeys.FolderOf(_options), cancel).ConfigureAwait(false);
            shelf.Add(await role.MintAsync(_options.Spares, cancel).ConfigureAwait(false));
        }
        await PublishAsync(store, cancel).ConfigureAwait(false);
        return OpenIn(_environment, _options, KeyRoleFingerprint);
    }

    /// <summary>
    /// Makes a subject's claim anew from its name and pseudonym (its root trees hold both), for every host that is enrolled now, and puts it in the place of what
    /// stands there, if anything.
    /// </summary>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c> (an erased subject stays erased), <c>ClaimConflict</c> when a sound claim says otherwise</exception>
    public async ValueTask RebuildClaimAsync(
        IObjectStore store, SubjectReader reader, EnrolledWriters writers, string canonicalName, Id16 pseudonym, IEnumerable<string> aliases, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(writers);
        var claims = new ClaimReader(Host, Verifier, writers);
        var tag = SubjectTags.Compute(Host.DirectoryKey.Span, canonicalName);
        if (await ReadSoundAsync(claims, store, tag, cancel).ConfigureAwait(false) is { } present && present.Key.Pseudonym != pseudonym)
        {
            throw new StingException("ClaimConflict", FailureKind.Integrity,
                $"Subject '{canonicalName}' is claimed as {present.Key.Pseudonym}, but a restore point has it as {pseudonym}.", canonicalName,
                "Keep both: restore points name their subjects by pseudonym, and stay readable. Look for a writer that you do not trust.");
        }
        var claim = MakeClaim(reader, claims, null, tag, pseudonym, [.. aliases.Select(alias => SubjectTags.Compute(Host.DirectoryKey.Span, alias)).Where(alias => alias != tag).Distinct()]);
        await store.DeleteAsync(KeyObjectNames.Claim(tag), cancel).ConfigureAwait(false);
        await store.PutAsync(KeyObjectNames.Claim(tag), claim, cancel).ConfigureAwait(false);   // killed before: the next repair finds none, and makes it from the trees again
    }

    /// <summary>
    /// Makes every sound claim anew that an enrolled host cannot read, for instance one that was enrolled after it was made. Needs no names.
    /// </summary>
    /// <returns>Names of the claims made anew, and what failed.</returns>
    public async ValueTask<(IReadOnlyList<string> Names, IReadOnlyList<StingException> Faults)> ResealClaimsAsync(
        IObjectStore store, SubjectReader reader, EnrolledWriters writers, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(writers);
        var claims = new ClaimReader(Host, Verifier, writers);
        var active = writers.All.Where(writer => writer.LastGoodSequence is null).Select(writer => writer.Id).ToList();
        return await RemakeClaimsAsync(store, reader, claims, claims, claim => active.Except(claim.Secrets.Select(secret => secret.Writer)).Any(), cancel).ConfigureAwait(false);
    }

    private async ValueTask<(IReadOnlyList<string> Names, IReadOnlyList<StingException> Faults)> RemakeClaimsAsync(
        IObjectStore store, SubjectReader reader, ClaimReader old, ClaimReader renewed, Func<SubjectClaim, bool> isMeant, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var replacement = new ClaimReplacement(_environment, _options, renewed, store);
        await replacement.ResumeAsync(reader.Role, cancel).ConfigureAwait(false);
        var names = new List<string>();
        var faults = new List<StingException>();
        foreach (var few in (await TagsAsync(store, cancel).ConfigureAwait(false)).Chunk(ClaimReplacement.Batch))
        {
            var made = new List<ClaimContent>();
            foreach (var tag in few)
            {
                try
                {
                    if (await old.ReadAsync(store, tag, cancel).ConfigureAwait(false) is { } claim && isMeant(claim))
                    {
                        made.Add(new ClaimContent(tag, MakeClaim(reader, renewed, claim, tag, claim.Key.Pseudonym, claim.Aliases)));
                    }
                }
                catch (StingException fault)
                {
                    faults.Add(fault);
                }
            }
            if (made.Count > 0)
            {
                var conflicts = await replacement.ReplaceAsync(made, cancel).ConfigureAwait(false);
                faults.AddRange(conflicts);
                names.AddRange(made.Select(claim => KeyObjectNames.Claim(claim.Tag)).Except(conflicts.Select(conflict => conflict.Target!)));
            }
        }
        return (names, faults);
    }

    private byte[] MakeClaim(SubjectReader reader, ClaimReader claims, SubjectClaim? before, Id16 tag, Id16 pseudonym, IReadOnlyList<Id16> aliases)
    {
        var (key, writerSecret) = reader.Recover(pseudonym);
        using (writerSecret)
        {
            return claims.Make(tag, key, writerSecret, aliases, before?.Key.Generation == key.Generation ? before.CreatedNs : _environment.NowNs).ToBytes(Host.SigningKey);
        }
    }

    /// <summary>
    /// Lists keys as <c>Get-StingKey</c> shows them: this host's, the key role's, the key store's places, and with a repository the other hosts' and the subjects'
    /// by pseudonym. Needs no passphrase.
    /// </summary>
    /// <param name="store">The repository, or null for what lies on this host.</param>
    /// <param name="cancel">Stops it.</param>
    public async IAsyncEnumerable<KeyInfo> ListAsync(IObjectStore? store, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var key in new KeyInventory(_environment, _options, _publicHalf, _host).List())
        {
            cancel.ThrowIfCancellationRequested();
            yield return key;
        }
        if (store is null)
        {
            yield break;
        }
        using var writers = await LoadWritersAsync(store, cancel).ConfigureAwait(false);
        foreach (var writer in writers.All.Where(writer => writer.Id != _host?.WriterId))
        {
            yield return KeyInventory.OfWriter(writer);
        }
        await foreach (var found in store.ListAsync(KeyObjectNames.ClaimPrefix, cancel).ConfigureAwait(false))
        {
            if (await DescribeAsync(store, found.Name, writers, cancel).ConfigureAwait(false) is { } claim)
            {
                yield return claim;
            }
        }
    }

    /// <summary>Null for a claim that is gone since it was listed: it is being renewed, or its subject was erased.</summary>
    private async ValueTask<KeyInfo?> DescribeAsync(IObjectStore store, string name, EnrolledWriters writers, CancellationToken cancel)
    {
        try
        {
            return await ClaimReader.ReadBytesAsync(store, name, cancel).ConfigureAwait(false) is { } bytes ? KeyInventory.OfClaim(SubjectClaim.Read(name, bytes, ReserveId, Verifier, writers)) : null;
        }
        catch (StingException fault) when (fault.Kind == FailureKind.Integrity)
        {
            return KeyInventory.OfDamagedClaim(name, fault);
        }
    }

    private RepositoryHead Head => new(_copies, ReserveId, _trust.Chain.Joined, Learn);

    /// <summary>A renewal of the signing key that died may have signed copies that are not in the repository yet.</summary>
    private void LearnFromCopies()
    {
        foreach (var (name, bytes) in _copies.All().Where(copy => copy.Name.StartsWith(KeyObjectNames.FormatPrefix, StringComparison.Ordinal)))
        {
            Learn(FormatObject.ChainIn(name, bytes, ReserveId), _copies.PathOf(name));
        }
    }

    private static async ValueTask<SubjectClaim?> ReadSoundAsync(ClaimReader claims, IObjectStore store, Id16 tag, CancellationToken cancel)
    {
        try
        {
            return await claims.ReadAsync(store, tag, cancel).ConfigureAwait(false);
        }
        catch (StingException damaged) when (damaged.ErrorId == "ClaimDamaged")
        {
            return null;
        }
    }

    /// <summary>This host mints for itself where the key file lies here, open.</summary>
    private SpareMint? OwnMint()
    {
        try
        {
            return _publicHalf is null || Protection != KeyFileProtection.Open ? null : Mint;
        }
        catch (StingException)
        {
            return null;   // a backup needs no private half; whoever unlocks it is told what is wrong with it
        }

        async ValueTask<IReadOnlyList<Spare>> Mint(int count, CancellationToken cancel)
        {
            using var role = UnlockKeyRole(null);
            return await role.MintAsync(count, cancel).ConfigureAwait(false);
        }
    }

    private KeyRole UnlockKeyRole(SecretBytes? passphrase)
    {
        for (var tries = 3; ; tries--)
        {
            // Read anew each time: another process may renew keys, which changes one file after the other.
            var bytes = ReadPrivateHalf(out var path);
            var now = ReadPublicHalf(_environment.Files, Path.Combine(_options.KeyDirectory, PublicHalf.FileName)) ?? _publicHalf!;
            var half = PrivateHalfFile.Open(bytes, path, ReserveId, passphrase);
            CryptographicOperations.ZeroMemory(bytes);
            if (half.NextKeyRole is { } next && next.PublicKey.Span.SequenceEqual(now.KeyRolePublicKey))
            {
                half.SucceedKeyRole();
            }
            Learn(now.Chain, Path.Combine(_options.KeyDirectory, PublicHalf.FileName));
            if (half.KeyRole.PublicKey.Span.SequenceEqual(now.KeyRolePublicKey) && _trust.Chain.Holds(now.KeyRolePublicKey)
                && half.KekOf(now.KekGeneration) is { } kek && kek.PublicKey.Span.SequenceEqual(now.KekPublicKey))
            {
                return new KeyRole(_environment, _options, now, half);
            }
            half.Dispose();
            if (tries == 0)
            {
                throw KeyFrame.Damaged(path, $"its keys are not those of '{PublicHalf.FileName}'");
            }
        }
    }

    private byte[] ReadPrivateHalf(out string path)
    {
        path = Path.Combine(_options.KeyDirectory, PrivateHalfFile.FileName);
        return (_publicHalf is null ? null : _environment.Files.Read(path)) ?? throw new StingException(
            "KeyDirectoryMissing", FailureKind.NotFound, $"The key file '{path}' is not here: this host can write, but not read.", path,
            "Restore on a host that has the key directory, or mount it and check keys.directory.");
    }
}
