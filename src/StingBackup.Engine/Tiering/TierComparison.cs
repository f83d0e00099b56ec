using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>A restore point that a tier lacks.</summary>
/// <param name="Name">Its object.</param>
/// <param name="Record">What it says; null when it cannot be read.</param>
internal sealed record WaitingPoint(string Name, PointRecord? Record);

/// <summary>What a tier lacks of another one. Changes nothing.</summary>
internal sealed class TierComparison
{
    private TierComparison(TierRoute route, TierListing source, TierListing target, RepositoryView view) => (Route, Source, Target, View) = (route, source, target, view);

    /// <summary>Whether what the target has was remembered and not listed.</summary>
    public bool IsRecalled { get; private init; }


    /// <summary>The tiers.</summary>
    public TierRoute Route { get; }
    /// <summary>What the one has.</summary>
    public TierListing Source { get; }
    /// <summary>What the other has.</summary>
    public TierListing Target { get; }
    /// <summary>Points and index of the one.</summary>
    public RepositoryView View { get; }
    /// <summary>Packs to be copied, those that were written first first.</summary>
    public IReadOnlyList<PackInfo> Packs { get; private set; } = [];
    /// <summary>Packs that the target has with another length than they were written with.</summary>
    public IReadOnlyList<PackInfo> Damaged { get; private set; } = [];
    /// <summary>Packs that the index names and neither tier has.</summary>
    public IReadOnlyList<PackInfo> Missing { get; private set; } = [];
    /// <summary>Restore points to be copied, in the order in which they were committed.</summary>
    public IReadOnlyList<WaitingPoint> Points { get; private set; } = [];
    /// <summary>Names that stand for different objects on the two tiers.</summary>
    public IReadOnlyList<string> Conflicts { get; private set; } = [];
    /// <summary>Claims and format records to be replaced on the target.</summary>
    public IReadOnlyList<string> Renewed { get; private set; } = [];
    /// <summary>Claims of erased subjects that the target still has.</summary>
    public IReadOnlyList<string> Erased { get; private set; } = [];

    /// <summary>Names of a step that the target lacks.</summary>
    /// <remarks>To the archive points come with their content, in cold packs, which have an index of their own (ColdRecut).</remarks>
    public IEnumerable<string> Lacking(TierStep step) => Route.Target == Tier.Archive && step is (TierStep.Index or TierStep.Points) ? [] : Source.Of(step).Where(name => !Target.Objects.ContainsKey(name) && !IsOfErased(name));

    private Func<string, bool> IsOfErased { get; init; } = _ => false;

    /// <summary>Looks at both tiers; with <paramref name="recalls"/> the target is remembered where that can be relied on.</summary>
    public static async ValueTask<TierComparison> TakeAsync(Installation installation, TierRoute route, JobOutput output, bool recalls, CancellationToken cancel)
    {
        var source = await TierListing.TakeAsync(route.From, cancel).ConfigureAwait(false);
        var recalled = recalls ? await TierRecall.TryAsync(installation, route, source, cancel).ConfigureAwait(false) : null;
        var target = recalled ?? await TierListing.TakeAsync(route.To, cancel).ConfigureAwait(false);
        var view = await RepositoryView.LoadAsync(route.From, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var erased = installation.Ledger.Entries.SelectMany(e => e.Aliases.Append(e.Tag)).Select(KeyObjectNames.Claim).ToHashSet(StringComparer.Ordinal);
        var made = new TierComparison(route, source, target, view)
        {
            IsRecalled = recalled is not null, IsOfErased = erased.Contains, Erased = [.. target.Of(TierStep.Heads).Where(erased.Contains)],
        };
        made.Points = await made.ReadPointsAsync(installation, cancel).ConfigureAwait(false);
        await made.ComparePacksAsync(installation, output, cancel).ConfigureAwait(false);
        made.Conflicts = [.. await made.FindConflictsAsync(cancel).ConfigureAwait(false)];
        made.Renewed = await new ClaimComparison(installation, route).RenewedAsync(source, target, cancel).ConfigureAwait(false);
        return made;
    }

    /// <summary>The plan for people.</summary>
    public TierSyncPlan ToPlan(Installation installation)
    {
        var others = Enum.GetValues<TierStep>().Where(s => s is not (TierStep.Packs or TierStep.Points)).SelectMany(Lacking).ToList();
        var oldest = Points.Select(p => p.Record?.CompletedNs).Min();
        return new TierSyncPlan
        {
            Tier = Route.Target, Source = Route.Source, From = Route.From.Location, To = Route.To.Location, Points = Points.Count,
            OldestTime = oldest is { } ns ? TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(ns, 0), installation.Zone) : null,
            Packs = new PackSum(Packs.Count, Packs.Sum(p => p.Length)), Claims = Renewed.Count + Erased.Count, Missing = Missing.Count,
            Others = new ObjectSum(others.Count, others.Concat(Points.Select(p => p.Name)).Sum(name => Source.Objects[name])),
        };
    }

    /// <summary>What still waits, less what was copied since.</summary>
    public TierBacklog BacklogWithout(IReadOnlySet<string> copied)
    {
        var names = Enum.GetValues<TierStep>().Where(s => s is not (TierStep.Packs or TierStep.Points)).SelectMany(Lacking).Concat(Packs.Select(p => p.Name)).Concat(Points.Select(p => p.Name)).Where(n => !copied.Contains(n)).ToList();
        var points = Points.Where(p => !copied.Contains(p.Name)).ToList();
        return new TierBacklog(points.Count, new ObjectSum(names.Count, names.Sum(n => Source.Objects[n])), points.Min(p => p.Record?.CompletedNs) is { } ns ? NanosecondTime.FromNs(ns, 0) : null);
    }

    private async ValueTask<IReadOnlyList<WaitingPoint>> ReadPointsAsync(Installation installation, CancellationToken cancel)
    {
        var waiting = new List<WaitingPoint>();
        foreach (var name in Lacking(TierStep.Points))
        {
            PointRecord? record = null;
            try
            {
                record = PointRecord.Read(name, await Route.From.ReadAllAsync(name, cancel).ConfigureAwait(false), installation.Reserve, installation.Writers.SigningKeyOf);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // It is told when it is to be copied.
            }
            waiting.Add(new WaitingPoint(name, record));
        }
        // An imported point has the date of what it was made of: the moment of its commit is what orders it.
        return [.. waiting.OrderBy(p => p.Record?.CompletedNs ?? long.MaxValue).ThenBy(p => p.Name, StringComparer.Ordinal)];
    }

    /// <summary>Packs that the index names: of a run that is in progress the next look knows more.</summary>
    private async ValueTask ComparePacksAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        if (Route.Target == Tier.Archive)
        {
            return;   // pages and content get there with the points that reach them (ColdRecut), under names of their own
        }
        var named = new Dictionary<Id32, (PackInfo Pack, long Sequence)>();
        foreach (var fragment in View.Index.Fragments)
        {
            foreach (var pack in fragment.Packs)
            {
                if (!named.TryGetValue(pack.Id, out var known) || fragment.Sequence < known.Sequence)
                {
                    named[pack.Id] = (pack, fragment.Sequence);
                }
            }
        }
        var counting = View.Index.Packs.Select(p => p.Id).ToHashSet();
        var ordered = named.Values.Where(p => counting.Contains(p.Pack.Id)).OrderBy(p => p.Pack.Kind == ObjectKind.MetaPack ? 0 : 1).ThenBy(p => p.Sequence).ThenBy(p => p.Pack.Name, StringComparer.Ordinal).Select(p => p.Pack).ToList();
        Missing = [.. ordered.Where(p => !Source.Objects.ContainsKey(p.Name) && !Target.Objects.ContainsKey(p.Name))];
        var wanted = ordered.Where(p => Source.Objects.ContainsKey(p.Name));
        wanted = [.. Route.Target == Tier.Local ? await WithinDaysAsync(installation, wanted, output, cancel).ConfigureAwait(false) : wanted];
        Damaged = [.. wanted.Where(p => Target.Objects.TryGetValue(p.Name, out var there) && there != p.Length && Source.Objects[p.Name] == p.Length)];
        Packs = [.. wanted.Where(p => !Target.Objects.ContainsKey(p.Name)), .. Damaged];
    }

    /// <summary>A local tier that is brought back gets what its days hold; the rest is read where it lies.</summary>
    private async ValueTask<IEnumerable<PackInfo>> WithinDaysAsync(Installation installation, IEnumerable<PackInfo> packs, JobOutput output, CancellationToken cancel)
    {
        var near = new ReadThroughStore(Route.To, [new FurtherPlace(Route.Source, _ => ValueTask.FromResult(Route.From))], installation.Clock);
        var reach = await TierReach.WalkAsync(installation, near, View.Index, PointSelection.Within(View.Points, installation.Retention.LocalDays, installation.Clock.GetUtcNow()), output, cancel).ConfigureAwait(false);
        return packs.Where(p => p.Kind == ObjectKind.MetaPack || reach.Faults.Count > 0 || reach.Packs.Contains(p.Id));
    }

    /// <summary>
    /// One name is one object. Lengths tell most of it; of each writer the newest point that both have tells whether its chain went two ways: after a disk that was thought lost came back.
    /// </summary>
    private async ValueTask<List<string>> FindConflictsAsync(CancellationToken cancel)
    {
        var conflicts = Source.Objects.Where(o => !ObjectName.IsPack(o.Key) && !ClaimComparison.IsRenewable(o.Key)
            && Target.Objects.TryGetValue(o.Key, out var there) && there != o.Value).Select(o => o.Key).ToList();
        if (IsRecalled)
        {
            return conflicts;   // a chain that went two ways refuses the point that is copied now
        }
        foreach (var writer in Source.Of(TierStep.Points).Where(Target.Objects.ContainsKey).GroupBy(name => ObjectKinds.RunIn(name).Writer))
        {
            var name = writer.Max(StringComparer.Ordinal)!;
            var (here, there) = (await Route.From.ReadAllAsync(name, cancel).ConfigureAwait(false), await Route.To.ReadAllAsync(name, cancel).ConfigureAwait(false));
            if (!conflicts.Contains(name) && !here.AsSpan().SequenceEqual(there))
            {
                conflicts.Add(name);
            }
        }
        return conflicts;
    }
}
