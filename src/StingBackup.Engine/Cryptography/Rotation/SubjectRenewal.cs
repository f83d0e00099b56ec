using System.Collections.Concurrent;
using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Cryptography;

/// <summary>What new subject keys took.</summary>
/// <param name="Keys">Key pairs made.</param>
/// <param name="Claims">Claims that name a new key now.</param>
/// <param name="Faults">Claims that could not be renewed, each named; they serve as they were.</param>
internal sealed record SubjectsRenewed(int Keys, int Claims, IReadOnlyList<StingException> Faults);

/// <summary>Whose keys are to be renewed, and how.</summary>
/// <param name="Tags">Whose; null for every subject that is claimed.</param>
/// <param name="NewWriterSecret">Whether they get a new writer secret too, so that the next run stores what they have again, under other ids.</param>
internal sealed record SubjectOrder(IReadOnlyList<Id16>? Tags, bool NewWriterSecret = false);

/// <summary>
/// Gives subjects a next generation of their key: the private half to every replica, read back → the claim names the public half, so that new data keys are sealed to it. Older generations
/// stay, and open what was sealed to them. The writer secret stays too, unless a new one is asked for: then ids and cut points are others from that generation on, and everything is read and stored again;
/// what lies under an earlier generation has its ids by that one's secret.
/// A claim is replaced by deleting and creating it; what is to be created stands in <c>claims.renewal</c> before, so that a run that died in between is ended by the next one.
/// The caller holds the key directory's lock.
/// </summary>
internal sealed class SubjectRenewal(KeyEnvironment environment, KeyOptions options, HostKeys host, ClaimReader claims, IObjectStore store)
{
    private const int KeyBatch = 20_000;
    private const int ClaimBatch = 500;   // claims that are not there for a moment

    private readonly string _journal = JournalOf(options);
    private readonly Lock _random = new();   // an injected random source need not be safe to share

    /// <summary>Renews the keys of subjects by their tags. One whose newest key no claim names yet, since an earlier run died, gets that one and no other.</summary>
    public async ValueTask<SubjectsRenewed> RunAsync(KeyRole role, IReadOnlyList<Id16> tags, bool newWriterSecret, Action<int> tell, CancellationToken cancel)
    {
        using var keyStore = role.OpenStore();
        var faults = new ConcurrentBag<StingException>();
        var (keys, renewed) = (0, 0);
        foreach (var batch in tags.Chunk(KeyBatch))
        {
            var made = new ConcurrentBag<Renewal>();
            await Parallel.ForEachAsync(batch, cancel, async (tag, stop) =>
            {
                try
                {
                    if (await claims.ReadAsync(store, tag, stop).ConfigureAwait(false) is { } claim)
                    {
                        made.Add(Make(role, keyStore, claim, newWriterSecret));
                    }
                }
                catch (StingException fault) when (fault.Kind is FailureKind.Integrity or FailureKind.NotFound or FailureKind.NotSupported)
                {
                    faults.Add(fault);
                }
            }).ConfigureAwait(false);
            KeyRecord[] records = [.. made.Where(renewal => renewal.Record is not null).Select(renewal => renewal.Record!)];
            keyStore.Append(records, cancel);
            keys += records.Length;
            foreach (var few in made.Chunk(ClaimBatch))
            {
                renewed += await ReplaceAsync(few, faults, cancel).ConfigureAwait(false);
                tell(few.Length);
            }
        }
        return new SubjectsRenewed(keys, renewed, [.. faults.OrderBy(fault => fault.Target, StringComparer.Ordinal)]);
    }

    /// <summary>Where claims that are being replaced stand.</summary>
    public static string JournalOf(KeyOptions options) => Path.Combine(options.KeyDirectory, "claims.renewal");

    /// <summary>Claims that a run was replacing when it died, as they are to be.</summary>
    public static IReadOnlyList<(Id16 Tag, byte[] Claim)> Unfinished(IKeyFiles files, string path) =>
        files.Read(path) is { } bytes ? ReadJournal(KeyFrame.ReadWhole(bytes, KeyFileKind.ClaimRenewal, path), path) : [];

    /// <summary>Creates the claims that a run had deleted when it died; but not those of subjects that were erased since, whose keys are gone.</summary>
    public async ValueTask ResumeAsync(KeyRole role, CancellationToken cancel)
    {
        var unfinished = Unfinished(environment.Files, _journal);
        if (unfinished.Count == 0)
        {
            return;
        }
        using var keyStore = role.OpenStore();
        foreach (var (tag, bytes) in unfinished)
        {
            if (keyStore.NewestGeneration(claims.Check(tag, bytes).Key.Pseudonym) is not null)
            {
                await store.PutAsync(KeyObjectNames.Claim(tag), bytes, cancel).ConfigureAwait(false);   // changes nothing where it stands
            }
        }
        environment.Files.Delete(_journal);
    }

    private Renewal Make(KeyRole role, KeyStore keyStore, SubjectClaim claim, bool newWriterSecret)
    {
        var pseudonym = claim.Key.Pseudonym;
        var newest = keyStore.NewestGeneration(pseudonym) ?? claim.Key.Generation;   // no record: opening says so
        using var secret = keyStore.Open(pseudonym, newest, role.Keys.KekOf);
        using var named = newest == claim.Key.Generation ? null : keyStore.Open(pseudonym, claim.Key.Generation, role.Keys.KekOf);
        // A key that no claim names yet is what a run made that died. It is taken over where that run was to do the same with the writer secret as this one.
        var isSameSecret = named is null || CryptographicOperations.FixedTimeEquals(named.Span[KemSuite.PrivateSize..], secret.Span[KemSuite.PrivateSize..]);
        var isKept = newest > claim.Key.Generation && isSameSecret != newWriterSecret;
        using var writerSecret = newWriterSecret && !isKept ? NewSecret() : SecretBytes.CopyOf((isKept ? secret : named ?? secret).Span[KemSuite.PrivateSize..]);
        using var key = isKept ? AgreementKey.From(keyStore.SuiteOf(pseudonym, newest), secret.Span[..KemSuite.PrivateSize]) : AgreementKey.Generate(options.Suite);
        var generation = isKept ? newest : Math.Max(newest, claim.Key.Generation) + 1;
        var record = isKept ? null : keyStore.Seal(key.Suite, pseudonym, generation, role.Public.KekGeneration,
            KeyRecord.SealInner(role.Public.KekPublicKey, role.Public.ReserveId, pseudonym, generation, key, writerSecret));
        var signed = role.Sign(pseudonym, generation, key.PublicKey.ToArray());
        return new Renewal(claim.Tag, record, claims.Make(claim.Tag, signed, writerSecret, claim.Aliases, environment.NowNs).ToBytes(host.SigningKey));
    }

    private SecretBytes NewSecret()
    {
        lock (_random)
        {
            return SecretBytes.Random(WriterSecret.Size, environment.Random);
        }
    }

    private async ValueTask<int> ReplaceAsync(Renewal[] renewals, ConcurrentBag<StingException> faults, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        environment.Files.Replace(_journal, KeyFrame.Write(KeyFileKind.ClaimRenewal, WriteJournal(renewals)));
        // No way back from here: what is deleted must be created.
        await Parallel.ForEachAsync(renewals, CancellationToken.None, async (renewal, stop) => await store.DeleteAsync(KeyObjectNames.Claim(renewal.Tag), stop).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (var renewal in renewals)
        {
            await store.StageAsync(KeyObjectNames.Claim(renewal.Tag), renewal.Claim, CancellationToken.None).ConfigureAwait(false);
        }
        await store.BarrierAsync(CancellationToken.None).ConfigureAwait(false);
        var stands = 0;
        foreach (var renewal in renewals)
        {
            var name = KeyObjectNames.Claim(renewal.Tag);
            if ((await ClaimReader.ReadBytesAsync(store, name, CancellationToken.None).ConfigureAwait(false)).AsSpan().SequenceEqual(renewal.Claim))
            {
                stands++;
            }
            else
            {
                faults.Add(new StingException("ClaimConflict", FailureKind.Integrity, $"Another host claimed '{name}' anew while its key was renewed.", name,
                    "Keep both: restore points name their subjects by pseudonym, and stay readable. Renew keys when no other host runs a backup."));
            }
        }
        environment.Files.Delete(_journal);
        return stands;
    }

    /// <summary>An array of [tag, claim].</summary>
    private static byte[] WriteJournal(Renewal[] renewals)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(renewals.Length);
        foreach (var renewal in renewals)
        {
            cbor.WriteStartArray(2);
            cbor.WriteByteString(renewal.Tag.ToArray());
            cbor.WriteByteString(renewal.Claim);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        return cbor.Encode();
    }

    private static List<(Id16 Tag, byte[] Claim)> ReadJournal(ReadOnlyMemory<byte> payload, string path)
    {
        try
        {
            var cbor = new CborReader(payload, CborConformanceMode.Ctap2Canonical);
            var found = new List<(Id16, byte[])>();
            for (cbor.ReadStartArray(); cbor.PeekState() != CborReaderState.EndArray;)
            {
                cbor.ReadStartArray();
                found.Add((new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadByteString()));
                cbor.ReadEndArray();
            }
            return found;
        }
        catch (Exception wrong) when (wrong is CborContentException or InvalidOperationException or ArgumentException)
        {
            throw KeyFrame.Damaged(path, "its content is no list of claims", wrong);
        }
    }

    private sealed record Renewal(Id16 Tag, KeyRecord? Record, byte[] Claim);
}
