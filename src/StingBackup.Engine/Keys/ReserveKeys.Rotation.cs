using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Rotation: what the key role renews. No pack is touched by any of it, and whatever was readable stays readable.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>Key store replicas and epoch places, for plans.</summary>
    internal IReadOnlyList<KeyPlaceKind> Places => new EpochTurn(_environment, _options, ReserveId).Places;

    /// <summary>The public half as it lies there now.</summary>
    internal PublicHalf PublicNow => ReadPublicHalf(_environment.Files, Path.Combine(_options.KeyDirectory, PublicHalf.FileName)) ?? throw new StingException(
        "KeyDirectoryMissing", FailureKind.NotFound, "The key directory is not here: keys are renewed by the key role.", _options.KeyDirectory, "Run it on the machine that has the key directory.");

    /// <summary>The turn that began the current epoch.</summary>
    internal Turn TurnNow => new Turns(_environment.Files, _options.KeyStoreReplicas).Current(ReserveId, Verifier, []);

    /// <summary>Opens the key store, whose outer layer needs no passphrase. The caller disposes it.</summary>
    internal KeyStore OpenKeyStore() => KeyStore.Open(_environment, _options, ReserveId, Verifier);

    /// <summary>A turn of the epoch that leaves nobody behind.</summary>
    internal static async ValueTask<LeftBehind> RenewEpochAsync(SubjectReader reader, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        return reader.Role.TurnWhere(static _ => true, new TurnOrder(new HashSet<Id16>()), cancel);
    }

    /// <summary>The next generation of subjects' keys.</summary>
    /// <param name="store">The repository.</param>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="writers">Who is enrolled.</param>
    /// <param name="order">Whose keys, and whether with a new writer secret.</param>
    /// <param name="tell">Told how many are done, as it goes on.</param>
    /// <param name="cancel">Stops it between batches; a further call goes on.</param>
    internal async ValueTask<SubjectsRenewed> RenewSubjectsAsync(
        IObjectStore store, SubjectReader reader, EnrolledWriters writers, SubjectOrder order, Action<int> tell, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var began = _environment.NowNs;
        var claims = new ClaimReader(Host, Verifier, writers);
        var renewal = new SubjectRenewal(_environment, _options, Host, claims, store);
        await new ClaimReplacement(_environment, _options, claims, store).ResumeAsync(reader.Role, cancel).ConfigureAwait(false);   // before they are listed: a claim that is not there is in no list
        var renewed = await renewal.RunAsync(reader.Role, order.Tags ?? await TagsAsync(store, cancel).ConfigureAwait(false), order.NewWriterSecret, tell, cancel).ConfigureAwait(false);
        if (order.Tags is null && renewed.Faults.Count == 0)
        {
            _environment.Files.Replace(Path.Combine(_options.KeyDirectory, PublicHalf.FileName), (reader.Role.Public with { SubjectsSinceNs = began }).ToBytes(reader.Role.Keys.KeyRole));
        }
        return renewed;
    }

    /// <summary>A claim that a run was replacing when it died, so that it may stand nowhere else; null for none.</summary>
    internal byte[]? FindUnfinishedClaim(Id16 tag) => ClaimReplacement.Unfinished(_environment.Files, ClaimReplacement.JournalOf(_options)).FirstOrDefault(claim => claim.Tag == tag).Bytes;

    /// <summary>How many subjects are claimed; those too whose claims a run had taken away when it died.</summary>
    internal async ValueTask<int> CountClaimsAsync(IObjectStore store, CancellationToken cancel) =>
        (await TagsAsync(store, cancel).ConfigureAwait(false)).Union(ClaimReplacement.Unfinished(_environment.Files, ClaimReplacement.JournalOf(_options)).Select(claim => claim.Tag)).Count();

    /// <summary>Tags of every claim.</summary>
    internal static async ValueTask<IReadOnlyList<Id16>> TagsAsync(IObjectStore store, CancellationToken cancel)
    {
        var tags = new List<Id16>();
        await foreach (var found in store.ListAsync(KeyObjectNames.ClaimPrefix, cancel).ConfigureAwait(false))
        {
            if (Id16.TryParse(found.Name[KeyObjectNames.ClaimPrefix.Length..], out var tag))
            {
                tags.Add(tag);
            }
        }
        return tags;
    }

    /// <summary>
    /// A new signing key for this host, under the same writer id: <c>host.next</c> gets it → the next revision of the enrolment names it → it becomes <c>host.key</c>. What the earlier key signed
    /// stays good, since its enrolment stays; so at every point in between this host can write. A further call goes on with the key that was begun.
    /// </summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="store">The repository.</param>
    /// <param name="cancel">Stops it between steps.</param>
    internal async ValueTask RenewWriterAsync(SubjectReader reader, IObjectStore store, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var files = _environment.Files;
        var path = Path.Combine(HostKeys.FolderOf(_options), HostKeys.NextName);
        var begun = HostKeys.Read(files, path);
        using var next = begun ?? Host.WithNewSigningKey(_environment.NowNs);
        if (begun is null)
        {
            var bytes = next.ToBytes();
            files.Replace(path, bytes);
            CryptographicOperations.ZeroMemory(bytes);
        }
        using (var writers = await LoadWritersAsync(store, cancel).ConfigureAwait(false))
        {
            var own = writers.Find(next.WriterId);
            if (own is null || next.WriterId != Host.WriterId || own.LastGoodSequence is not null)
            {
                throw new StingException("HostNotEnrolled", FailureKind.Refused, $"'{path}' is of a writer ({next.WriterId}) that is not enrolled any more.", path,
                    "Delete it if the host was enrolled anew since, and run the command again.");
            }
            if (!own.SigningKey.AsSpan().SequenceEqual(next.SigningKey.PublicKey.Span))
            {
                Keep(reader, new WriterObject(ReserveId, await NewestRevisionAsync(store, next.WriterId, cancel).ConfigureAwait(false) + 1, next.ToWriter() with { MayMaintain = true }, _environment.NowNs));
            }
        }
        await PublishAsync(store, cancel).ConfigureAwait(false);
        files.Rename(path, HostKeys.PathOf(_options));
    }

    /// <summary>A new signing key of the key role; ends one that was begun. A reader that was unlocked before mints no more: unlock anew.</summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="secret">What opens the key file; null for an open one.</param>
    /// <param name="store">The repository, whose format object tells others of it.</param>
    /// <param name="cancel">Stops it; a further call goes on.</param>
    internal async ValueTask<KeyRoleChain> RenewSigningAsync(SubjectReader reader, SecretBytes? secret, IObjectStore store, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        using var role = UnlockKeyRole(secret);   // as the files are now that nobody else changes them
        if (new FormatRenewal(_environment.Files, _copies).Newest(role.Public.Chain, ReserveId) is null)
        {
            await TakeSignedCopiesAsync(store, cancel).ConfigureAwait(false);
        }
        await CheckIsNewestAsync(role, store, cancel).ConfigureAwait(false);
        var renewed = await new SigningRenewal(_environment, _options, _copies).RunAsync(role, secret, async chain =>
        {
            Learn(chain, "reserve.key");
            if ((await PublishAsync(store, cancel).ConfigureAwait(false)).Faults.FirstOrDefault(fault => fault.Target?.StartsWith(_copies.PathOf(KeyObjectNames.FormatPrefix), StringComparison.Ordinal) == true) is { } fault)
            {
                throw fault;
            }
        }, cancel).ConfigureAwait(false);
        await PublishAsync(store, cancel).ConfigureAwait(false);
        return renewed;
    }

    /// <summary>
    /// Refuses what would sign for everybody with a key that was followed by one which this key directory does not have: an older copy of it was brought back. It can restore and mint, since what an
    /// earlier key signs counts; but a second successor of one key would split the hosts, and a format object without the newer key would hide it from them.
    /// </summary>
    /// <exception cref="StingException"><c>KeyDirectoryOutdated</c>, and as <see cref="LoadFormatAsync"/></exception>
    private async ValueTask CheckIsNewestAsync(KeyRole role, IObjectStore store, CancellationToken cancel)
    {
        await LoadFormatAsync(store, cancel).ConfigureAwait(false);
        var known = _trust.Chain;
        if (known.Count > role.Public.Chain.Count && role.Keys.NextKeyRole?.PublicKey.Span.SequenceEqual(known.Current) != true)
        {
            throw new StingException("KeyDirectoryOutdated", FailureKind.Refused,
                $"'{_options.KeyDirectory}' holds key role {Fingerprint.Of(role.Public.KeyRolePublicKey)}, which was followed by {Fingerprint.Of(known.Current)}: it is an older copy.", _options.KeyDirectory,
                "Bring back the newest copy of the key directory, or an escrow made since. Where there is none, this reserve can be read and written, but no key of the key role renewed: make a new reserve.");
        }
    }

    /// <summary>The next revision of the format object, in the key directory's copies and then in the repository. What was begun by a call that died is ended by a further one; where nothing changes, nothing is written.</summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="store">The repository.</param>
    /// <param name="change">What changes.</param>
    /// <param name="cancel">Stops it.</param>
    internal async ValueTask RenewFormatAsync(SubjectReader reader, IObjectStore store, Func<FormatObject, FormatObject> change, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var format = new FormatRenewal(_environment.Files, _copies);
        var now = PublicNow;
        if (format.Newest(now.Chain, ReserveId) is null)
        {
            await TakeSignedCopiesAsync(store, cancel).ConfigureAwait(false);
        }
        await CheckIsNewestAsync(reader.Role, store, cancel).ConfigureAwait(false);
        if (!format.Run(now, now.Chain, reader.Role.Keys.KeyRole, change))
        {
            throw KeyFrame.Damaged(_copies.PathOf(KeyObjectNames.Format(1)), "it is not there, nor in the repository");
        }
        await PublishAsync(store, cancel).ConfigureAwait(false);
    }

    /// <summary>When this host's signing key was made; null where it has none.</summary>
    internal long? WriterSinceNs => _host?.CreatedNs;

    /// <summary>A new KEK; ends one that was begun. A reader that was unlocked before opens records of before alone: unlock anew.</summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="secret">What opens the key file; null for an open one.</param>
    /// <param name="store">The repository, whose format object names the KEK; null where the caller publishes.</param>
    /// <param name="cancel">Stops it; a further call goes on.</param>
    internal async ValueTask<KekRenewed> RenewKekAsync(SubjectReader reader, SecretBytes? secret, IObjectStore? store, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        using var role = UnlockKeyRole(secret);   // as the files are now that nobody else changes them
        if (store is not null)
        {
            await CheckIsNewestAsync(role, store, cancel).ConfigureAwait(false);
        }
        var renewed = await new KekRenewal(_environment, _options, _copies).RunAsync(role, secret, cancel).ConfigureAwait(false);
        if (store is not null)
        {
            await PublishAsync(store, cancel).ConfigureAwait(false);
        }
        return renewed;
    }
}
