using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Restore.Thawing;

/// <summary>
/// Tells of a restore which packs it reads on which tier: the nearest that has one. What no hot tier has is looked for in the archive's index, chunk by chunk, since cold packs are cut otherwise.
/// Asks stores for names and states, and for nothing that costs by the byte.
/// </summary>
internal sealed class PackPlanner(Installation installation)
{
    private const int Looks = 16;
    /// <summary>From so many packs on a tier is listed rather than asked for each.</summary>
    private const int ListFrom = 200;

    private readonly List<string> _notes = [];
    private readonly List<RestorePack> _packs = [];

    /// <summary>The archive tier, once something was looked for there.</summary>
    public ArchiveIndex? Archive { get; private set; }

    /// <summary>Cold packs of chunks that are on no hot tier, by the pack that they lay in there.</summary>
    public Dictionary<(Id32 Chunk, Id16 Pseudonym), Id32> Cold { get; } = [];

    public async ValueTask<RestorePackPlan> PlanAsync(RestorePlan plan, CancellationToken cancel)
    {
        var tally = (plan.Selection as RestoreSelection)?.Packs ?? throw new ArgumentException("The plan was not made here.", nameof(plan));
        var left = tally.All.ToDictionary(p => p.Pack.Id);
        foreach (var tier in installation.Tiers.Where(t => t != Tier.Archive))
        {
            await TakeAsync(tier, left, cancel).ConfigureAwait(false);
        }
        if (left.Count > 0 && installation.Tiers.Contains(Tier.Archive))
        {
            await TakeFromArchiveAsync(tally, left, cancel).ConfigureAwait(false);
        }
        _packs.AddRange(left.Values.Select(p => new RestorePack(p.Pack.Name, Tier.Local, "", p.Pack.Length, p.Needed, PackReadiness.Missing, null)));
        if (tally.Unknown.Count > 0)
        {
            _notes.Add($"{tally.Unknown.Count} chunks are in no pack that the index names: their files will fail by name.");
        }
        return Sum(plan);
    }

    private RestorePackPlan Sum(RestorePlan plan)
    {
        var sorted = _packs.OrderBy(p => p.Tier).ThenBy(p => p.Name, StringComparer.Ordinal).ToArray();
        var archived = sorted.Where(p => p.State is PackReadiness.Archived or PackReadiness.Thawing or PackReadiness.Thawed).ToList();
        var toThaw = archived.Where(p => p.State == PackReadiness.Archived).ToList();
        var id = archived.Count == 0 ? "" : IdOf(archived.Select(p => p.Name));
        return new RestorePackPlan
        {
            Id = id, Scope = plan.Scope, BackupIds = [.. plan.Points.Select(p => p.BackupId).Distinct(StringComparer.Ordinal)], Files = plan.Files, Length = plan.Length,
            Tiers = [.. sorted.Where(p => p.State != PackReadiness.Missing).GroupBy(p => p.Tier).Select(g => new RestoreShare(g.Key, SumOf(g), g.Sum(p => p.Needed)))], Packs = sorted,
            ToThaw = SumOf(toThaw), Thawing = SumOf(sorted.Where(p => p.State == PackReadiness.Thawing)), Missing = SumOf(sorted.Where(p => p.State == PackReadiness.Missing)),
            Estimates = Estimates(installation, id, toThaw), Prices = ArchiveSettings.PricesOf, Notes = [.. _notes], Restore = plan,
        };
    }

    /// <summary>What thawing takes at each speed that every class among the packs has. The limit counts what was asked for in the last 24 hours, too: many small retrievals cost as much as one.</summary>
    public static RetrievalEstimate[] Estimates(Installation installation, string id, IReadOnlyCollection<RestorePack> packs)
    {
        var options = installation.Archiving;
        var book = new ThawBook(installation);
        var classes = packs.GroupBy(p => p.StorageClass).Select(g => (Class: g.Key, Packs: g.Count(), Gigabytes: g.Sum(p => p.Length) / 1_000_000_000m)).ToList();
        var estimates = new List<RetrievalEstimate>();
        foreach (var speed in Enum.GetValues<RetrievalSpeed>())
        {
            var times = classes.Select(c => ColdClasses.Duration(c.Class, speed)).ToList();
            if (classes.Count == 0 || times.Contains(null))
            {
                continue;
            }
            var cost = classes.Sum(c => options.Prices.GetValueOrDefault((c.Class, speed)) is var price
                ? c.Gigabytes * (price.PerGigabyte + options.HotMonth * options.ThawDays / 30) + price.PerThousandRequests * c.Packs / 1000 : 0);
            cost = decimal.Round(cost, 4);
            estimates.Add(new RetrievalEstimate(speed, cost, options.Currency, times.Max(t => t!.Value.From), times.Max(t => t!.Value.To), cost + book.CostOfDay(id, speed, installation.Clock.GetUtcNow()) > options.CostLimit));
        }
        return [.. estimates];
    }

    private async ValueTask TakeAsync(Tier tier, Dictionary<Id32, (PackInfo Pack, long Needed)> left, CancellationToken cancel)
    {
        if (left.Count == 0)
        {
            return;
        }
        try
        {
            var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
            var there = await ThereAsync(store, [.. left.Values.Select(p => p.Pack)], cancel).ConfigureAwait(false);
            // The first tier may itself lie in storage classes for archives.
            var states = store.Location.StartsWith("glacier://", StringComparison.Ordinal) ? await StatesAsync(store, there, cancel).ConfigureAwait(false) : [];
            foreach (var pack in there)
            {
                Add(tier, pack, left[pack.Id].Needed, states.GetValueOrDefault(pack.Id));
                left.Remove(pack.Id);
            }
        }
        catch (StingException e) when (tier != Tier.Local && e.ErrorId.StartsWith("Store", StringComparison.Ordinal))
        {
            _notes.Add($"The {tier} tier could not be looked at: {e.Message}");
        }
    }

    private static async ValueTask<List<PackInfo>> ThereAsync(IObjectStore store, List<PackInfo> packs, CancellationToken cancel)
    {
        if (packs.Count >= ListFrom)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var item in store.ListAsync("data/", cancel).ConfigureAwait(false))
            {
                names.Add(item.Name);
            }
            return [.. packs.Where(p => names.Contains(p.Name))];
        }
        var there = new ConcurrentBag<PackInfo>();
        await Parallel.ForEachAsync(packs, new ParallelOptions { MaxDegreeOfParallelism = Looks, CancellationToken = cancel }, async (pack, stop) =>
        {
            if (await store.GetLengthAsync(pack.Name, stop).ConfigureAwait(false) is not null)
            {
                there.Add(pack);
            }
        }).ConfigureAwait(false);
        return [.. there];
    }

    private async ValueTask TakeFromArchiveAsync(PackTally tally, Dictionary<Id32, (PackInfo Pack, long Needed)> left, CancellationToken cancel)
    {
        Archive = await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false);
        var needed = new Dictionary<Id32, (PackInfo Pack, long Needed)>();
        var still = new Dictionary<Id32, (PackInfo Pack, long Needed)>();
        foreach (var place in tally.ChunksOf(left.Keys.ToHashSet()))
        {
            var (chunk, pseudonym) = (place.Entry.Id, place.Segment.Header.Pseudonym);
            if (Archive.Find(chunk, pseudonym) is not { } cold)
            {
                var pack = place.Segment.Pack;
                still[pack.Id] = (pack, still.GetValueOrDefault(pack.Id).Needed + place.Entry.StoredLength);
                continue;
            }
            Cold[(chunk, pseudonym)] = cold.Segment.Pack.Id;
            needed[cold.Segment.Pack.Id] = (cold.Segment.Pack, needed.GetValueOrDefault(cold.Segment.Pack.Id).Needed + cold.Entry.StoredLength);
        }
        var states = await StatesAsync(Archive.Store, [.. needed.Values.Select(p => p.Pack)], cancel).ConfigureAwait(false);
        foreach (var (pack, bytes) in needed.Values)
        {
            Add(Tier.Archive, pack, bytes, states.GetValueOrDefault(pack.Id));
        }
        left.Clear();
        foreach (var (id, pack) in still)
        {
            left.Add(id, pack);
        }
    }

    /// <summary>How packs are; one that is not there is left out. A store that archives nothing has all of them ready.</summary>
    public static async ValueTask<Dictionary<Id32, StoredState>> StatesAsync(IObjectStore store, IReadOnlyCollection<PackInfo> packs, CancellationToken cancel)
    {
        var states = new ConcurrentDictionary<Id32, StoredState>();
        await Parallel.ForEachAsync(packs, new ParallelOptions { MaxDegreeOfParallelism = Looks, CancellationToken = cancel }, async (pack, stop) =>
        {
            var state = store.Thawing is { } thawing ? await thawing.GetStateAsync(pack.Name, stop).ConfigureAwait(false)
                : await store.GetLengthAsync(pack.Name, stop).ConfigureAwait(false) is { } length ? new StoredState(new StoredObject(pack.Name, length, "", default), ThawState.Ready, null) : null;
            if (state is not null)
            {
                states[pack.Id] = state;
            }
        }).ConfigureAwait(false);
        return new Dictionary<Id32, StoredState>(states);
    }

    private void Add(Tier tier, PackInfo pack, long needed, StoredState? state)
    {
        var readiness = (tier, state?.State) switch
        {
            (Tier.Archive, null) => PackReadiness.Missing, (_, ThawState.Archived) => PackReadiness.Archived, (_, ThawState.Thawing) => PackReadiness.Thawing, (_, ThawState.Thawed) => PackReadiness.Thawed, _ => PackReadiness.Ready,
        };
        _packs.Add(new RestorePack(pack.Name, tier, state?.Object.StorageClass ?? "", pack.Length, needed, readiness, state?.ThawedUntil));
    }

    private static PackSum SumOf(IEnumerable<RestorePack> packs) => packs.Aggregate(default(PackSum), static (sum, pack) => new PackSum(sum.Packs + 1, sum.Length + pack.Length));

    /// <summary>SHA-256 of the names, its first 16 digits: whoever asks for the same packs finds the same request.</summary>
    private static string IdOf(IEnumerable<string> names) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', names.Order(StringComparer.Ordinal)))))[..16];
}
