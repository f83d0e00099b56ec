using System.Security.Cryptography;
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

    /// <summary>The turn that began the current epoch.</summary>
    internal Turn TurnNow => new Turns(_environment.Files, _options.KeyStoreReplicas).Current(ReserveId, _verifier, []);

    /// <summary>Opens the key store, whose outer layer needs no passphrase. The caller disposes it.</summary>
    internal KeyStore OpenKeyStore() => KeyStore.Open(_environment, _options, ReserveId, _verifier);

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
    /// <param name="tags">Whose keys; null for every subject that is claimed.</param>
    /// <param name="tell">Told how many are done, as it goes on.</param>
    /// <param name="cancel">Stops it between batches; a further call goes on.</param>
    internal async ValueTask<SubjectsRenewed> RenewSubjectsAsync(
        IObjectStore store, SubjectReader reader, EnrolledWriters writers, IReadOnlyList<Id16>? tags, Action<int> tell, CancellationToken cancel)
    {
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var began = _environment.NowNs;
        var renewal = new SubjectRenewal(_environment, _options, Host, new ClaimReader(Host, _verifier, writers), store);
        await renewal.ResumeAsync(reader.Role, cancel).ConfigureAwait(false);   // before they are listed: a claim that is not there is in no list
        var renewed = await renewal.RunAsync(reader.Role, tags ?? await TagsAsync(store, cancel).ConfigureAwait(false), tell, cancel).ConfigureAwait(false);
        if (tags is null && renewed.Faults.Count == 0)
        {
            _environment.Files.Replace(Path.Combine(_options.KeyDirectory, PublicHalf.FileName), (reader.Role.Public with { SubjectsSinceNs = began }).ToBytes(reader.Role.Keys.KeyRole));
        }
        return renewed;
    }

    /// <summary>A claim that a run of <c>Update-StingKey</c> was replacing when it died, so that it may stand nowhere else; null for none.</summary>
    internal byte[]? FindUnfinishedClaim(Id16 tag) => SubjectRenewal.Unfinished(_environment.Files, SubjectRenewal.JournalOf(_options)).FirstOrDefault(claim => claim.Tag == tag).Claim;

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
        var renewed = await new KekRenewal(_environment, _options, _copies).RunAsync(role, secret, cancel).ConfigureAwait(false);
        if (store is not null)
        {
            await PublishAsync(store, cancel).ConfigureAwait(false);
        }
        return renewed;
    }
}
