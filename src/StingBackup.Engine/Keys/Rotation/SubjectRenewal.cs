using System.Collections.Concurrent;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

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
/// The caller holds the key directory's lock, and has resumed what an earlier run left (<see cref="ClaimReplacement"/>).
/// </summary>
internal sealed class SubjectRenewal(KeyEnvironment environment, KeyOptions options, HostKeys host, ClaimReader claims, IObjectStore store)
{
    private const int KeyBatch = 20_000;

    private readonly ClaimReplacement _replacement = new(environment, options, claims, store);
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
            foreach (var few in made.Chunk(ClaimReplacement.Batch))
            {
                var conflicts = await _replacement.ReplaceAsync([.. few.Select(renewal => renewal.Claim)], cancel).ConfigureAwait(false);
                renewed += few.Length - conflicts.Count;
                conflicts.ToList().ForEach(faults.Add);
                tell(few.Length);
            }
        }
        return new SubjectsRenewed(keys, renewed, [.. faults.OrderBy(fault => fault.Target, StringComparer.Ordinal)]);
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
        return new Renewal(record, new ClaimContent(claim.Tag, claims.Make(claim.Tag, signed, writerSecret, claim.Aliases, environment.NowNs).ToBytes(host.SigningKey)));
    }

    private SecretBytes NewSecret()
    {
        lock (_random)
        {
            return SecretBytes.Random(WriterSecret.Size, environment.Random);
        }
    }

    private sealed record Renewal(KeyRecord? Record, ClaimContent Claim);
}
