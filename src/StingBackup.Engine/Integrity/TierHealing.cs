using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Heals a tier from the others: looks, fetches what was found damaged or missing, and looks again, since behind a lost point or page more may show. It ends when a look finds nothing that another tier has.
/// </summary>
internal sealed class TierHealing(Installation there, TierHealer healer, JobOutput output)
{
    private const int MostRounds = 8;
    /// <summary>What is never deleted: what another tier has of it and this one lacks was lost here.</summary>
    private static readonly string[] Permanent = [KeyObjectNames.FormatPrefix, KeyObjectNames.WriterPrefix, KeyObjectNames.ApproverPrefix, KeyObjectNames.LedgerPrefix, Recovery.ConfigurationCopy.Prefix, "points/", DropRecord.Prefix, Governance.AuditRecord.Prefix, Governance.DrillRecord.Prefix];

    /// <summary>Heals.</summary>
    /// <param name="first">How deep the first look goes; later ones look at the structure.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>What the last look found.</returns>
    public async ValueTask<IntegrityResult> RunAsync(IntegrityLevel first, CancellationToken cancel)
    {
        IntegrityResult? deep = null;
        var failed = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 1; ; round++)
        {
            using var writers = there.Keys is { } keys ? await keys.LoadWritersAsync(there.Store, cancel).ConfigureAwait(false) : null;
            var trusted = writers ?? there.Writers;
            var level = round == 1 ? first : IntegrityLevel.Structure;
            var seen = await new VerifyRun(there, trusted, new VerifyRequest { Level = level, Tier = there.AtTier }, output).RunAsync(cancel).ConfigureAwait(false);
            deep ??= seen;
            var before = healer.Healed.Count;
            foreach (var (name, problem) in await WantedAsync(seen, cancel).ConfigureAwait(false))
            {
                if (!failed.Contains(name) && !await healer.HealAsync(name, problem, trusted, cancel).ConfigureAwait(false))
                {
                    failed.Add(name);
                }
            }
            if (healer.Healed.Count == before || round == MostRounds)
            {
                return Remaining(deep, seen);
            }
        }
    }

    /// <summary>What a repair would fetch, by name, and from where: what is known before anything is fetched.</summary>
    public async ValueTask<IReadOnlyList<HealedObject>> PlanAsync(IntegrityResult seen, CancellationToken cancel)
    {
        var plan = new List<HealedObject>();
        foreach (var (name, problem) in await WantedAsync(seen, cancel).ConfigureAwait(false))
        {
            var before = plan.Count;
            await foreach (var (tier, store) in healer.OthersAsync(cancel).ConfigureAwait(false))
            {
                if (ObjectKinds.Of(name) is not (ObjectKind.Session or ObjectKind.Mark or ObjectKind.Parity) && await store.GetLengthAsync(name, cancel).ConfigureAwait(false) is { } length)
                {
                    plan.Add(new HealedObject { Object = name, Tier = there.AtTier, From = tier, Problem = problem, Length = length });
                    break;
                }
            }
            if (plan.Count == before && await healer.RecoverAsync(name, cancel).ConfigureAwait(false) is { } own)
            {
                plan.Add(new HealedObject { Object = name, Tier = there.AtTier, From = there.AtTier, Problem = problem, Length = own.Length });
            }
        }
        return plan;
    }

    /// <summary>Faults by the object that each is about; where one is about several, those that another tier has of them. What others are checked with comes first.</summary>
    private async ValueTask<List<(string Name, string Problem)>> WantedAsync(IntegrityResult seen, CancellationToken cancel)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var fault in seen.Faults.Where(f => ObjectKinds.Of(f.Object) is not null))
        {
            wanted.TryAdd(fault.Object, fault.Problem);
        }
        await foreach (var (tier, store) in healer.OthersAsync(cancel).ConfigureAwait(false))
        {
            // A further tier that lacks what the local one has waits for its synchronisation.
            if (there.AtTier == Tier.Local)
            {
                foreach (var prefix in Permanent)
                {
                    await AddLackingAsync(store, prefix, $"it is missing; the {tier} tier has it", wanted, cancel).ConfigureAwait(false);
                }
            }
            if (seen.Faults.Any(f => f.Object == KeyObjectNames.ClaimPrefix))
            {
                await AddLackingAsync(store, KeyObjectNames.ClaimPrefix, "it is missing", wanted, cancel).ConfigureAwait(false);
            }
            // The archive's packs, and so its index, are its own.
            if (tier != Tier.Archive && there.AtTier != Tier.Archive && seen.Faults.Any(f => f.Object is "index/" or "meta/" or "data/"))
            {
                await AddFragmentsAsync(store, wanted, cancel).ConfigureAwait(false);
            }
        }
        return [.. wanted.Select(w => (w.Key, w.Value)).OrderBy(w => Array.IndexOf(Permanent, w.Key[..(w.Key.IndexOf('/', StringComparison.Ordinal) + 1)]) is var at && at >= 0 ? at : Permanent.Length).ThenBy(w => w.Key, StringComparer.Ordinal)];
    }

    private async ValueTask AddLackingAsync(IObjectStore source, string prefix, string problem, Dictionary<string, string> wanted, CancellationToken cancel)
    {
        var here = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var item in there.Store.ListAsync(prefix, cancel).ConfigureAwait(false))
        {
            here.Add(item.Name);
        }
        // Hosts with local tiers of their own may share a further one: chains that this tier never had are theirs.
        var chains = here.Where(IsOfChain).Select(name => ObjectKinds.RunIn(name).Writer).Concat(there.Host is { } host ? [host.Writer] : []).ToHashSet();
        await foreach (var item in source.ListAsync(prefix, cancel).ConfigureAwait(false))
        {
            if (!here.Contains(item.Name) && ObjectKinds.Of(item.Name) is not null && (!IsOfChain(item.Name) || chains.Contains(ObjectKinds.RunIn(item.Name).Writer)))
            {
                wanted.TryAdd(item.Name, problem);
            }
        }
    }

    private static bool IsOfChain(string name) => ObjectKinds.Of(name) is ObjectKind.Point or ObjectKind.Audit;

    /// <summary>Fragments that the source has and that say something which the index here does not: not those that a merge here replaced, nor those of packs that were deleted here.</summary>
    private async ValueTask AddFragmentsAsync(IObjectStore source, Dictionary<string, string> wanted, CancellationToken cancel)
    {
        var here = await RepositoryView.LoadAsync(there.Store, there.Reserve, there.Writers, cancel).ConfigureAwait(false);
        var others = await RepositoryView.LoadAsync(source, there.Reserve, there.Writers, cancel).ConfigureAwait(false);
        var known = here.Index.Packs.Select(p => p.Id).Concat(here.Index.Fragments.SelectMany(f => f.Removes)).ToHashSet();
        var replaced = here.Index.Fragments.SelectMany(f => f.Supersedes).Select(s => s.Name).Concat(here.Index.Fragments.Select(f => f.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var fragment in others.Index.Fragments.Where(f => !replaced.Contains(f.Name) && f.Packs.Any(p => !known.Contains(p.Id))))
        {
            wanted.TryAdd(fragment.Name, "it is missing, and restore points need what it names");
        }
    }

    /// <summary>Of a deep look what was not healed, and all that the last look found.</summary>
    private IntegrityResult Remaining(IntegrityResult deep, IntegrityResult last)
    {
        var healed = healer.Healed.Select(h => h.Object).Concat(last.Faults.Select(f => f.Object)).ToHashSet(StringComparer.Ordinal);
        // What only reading whole packs shows, a look at the structure does not see again.
        var unseen = deep == last ? [] : deep.Faults.Where(f => !healed.Contains(f.Object) && ObjectKinds.Of(f.Object) is (ObjectKind.MetaPack or ObjectKind.DataPack));
        return last with { Level = deep.Level, Packs = deep.Packs, BytesRead = deep.BytesRead, Faults = [.. last.Faults.Concat(unseen).OrderBy(f => f.Object, StringComparer.Ordinal)] };
    }
}
