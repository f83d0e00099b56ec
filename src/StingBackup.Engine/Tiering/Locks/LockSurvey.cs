using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tiering.Locks;

/// <summary>
/// Until when each object of a tier has to be locked: what is reached is told from the local tier, whose pages are the same, without any key and without reading from the bucket. Memory: four bytes for each row of the
/// index, twice where the tier lets content go by its days.
/// </summary>
internal sealed class LockSurvey
{
    private readonly Installation _installation;
    private readonly Tier _tier;
    private readonly RepositoryView _view;
    private readonly Dictionary<string, int> _needs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _physical = new(StringComparer.Ordinal);

    private readonly HashSet<string> _current = new(StringComparer.Ordinal);

    private LockSurvey(Installation installation, Tier tier, RepositoryView view, TierListing listing) => (_installation, _tier, _view, Listing) = (installation, tier, view, listing);

    /// <summary>What lies on the tier.</summary>
    public TierListing Listing { get; }
    /// <summary>The day until which each object is to be locked.</summary>
    public IReadOnlyDictionary<string, int> Needs => _needs;
    /// <summary>Packs that hold content of captures of whole servers, and the day on which the last of these ends.</summary>
    public IReadOnlyDictionary<string, int> Physical => _physical;

    /// <summary>Looks.</summary>
    public static async ValueTask<LockSurvey> TakeAsync(Installation installation, TierRoute route, ILockingStore locking, JobOutput output, CancellationToken cancel)
    {
        var listing = await TierListing.TakeAsync(route.To, cancel).ConfigureAwait(false);
        var view = await RepositoryView.LoadAsync(route.From, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var survey = new LockSurvey(installation, route.Target, view, listing);
        var now = installation.Clock.GetUtcNow();
        int? tierDays = installation.NextOf(route.Target) is null ? null : installation.Retention.RemoteDays;
        var points = view.Backups.Where(p => listing.Objects.ContainsKey(p.Record.ObjectName)).Select(p => p.Record);
        var parts = new LockRule(installation.Retention, installation.Zone, now, locking.AtLeast, tierDays)
            .Decide(points.SelectMany(p => (route.Target == Tier.Archive ? ColdSurvey.PartsOf(p) : p.Classes).Select(c => (p, c))));
        await survey.PacksAsync(route.From, parts, tierDays is not null, LockRule.DayOf(now), output, cancel).ConfigureAwait(false);
        if (parts.Count > 0)
        {
            survey.SmallObjects(parts.Max(p => p.Pages));
        }
        return survey;
    }

    private async ValueTask PacksAsync(IObjectStore source, IReadOnlyList<LockedPart> parts, bool lets, int today, JobOutput output, CancellationToken cancel)
    {
        var pages = await WalkAsync(source, parts, p => p.Pages, today, output, cancel).ConfigureAwait(false);
        var content = lets ? await WalkAsync(source, parts, p => p.Content, today, output, cancel).ConfigureAwait(false) : pages;
        if (_tier == Tier.Archive)
        {
            await ColdAsync(pages, cancel).ConfigureAwait(false);
            return;
        }
        var physical = parts.Where(p => p.Part.Class == DataClass.Physical).ToList();
        var mixed = physical.Count == 0 ? null : await WalkAsync(source, physical, p => p.Content, 0, output, cancel).ConfigureAwait(false);
        for (var rank = 0; rank < pages.Length; rank++)
        {
            if ((pages[rank] | content[rank] | (mixed?[rank] ?? 0)) != 0 && _view.Index.TryPlaceAt(rank, out var place))
            {
                var isContent = place.Segment.Pack.Kind == ObjectKind.DataPack;
                Need(_needs, place.Segment.Pack.Name, isContent ? content[rank] : pages[rank]);
                if (isContent && mixed is not null)
                {
                    Need(_physical, place.Segment.Pack.Name, mixed[rank]);
                }
            }
        }
    }

    /// <summary>The day of each row: that of the part that stays longest.</summary>
    private async ValueTask<int[]> WalkAsync(IObjectStore source, IEnumerable<LockedPart> parts, Func<LockedPart, int> dayOf, int after, JobOutput output, CancellationToken cancel)
    {
        using var reader = new ChunkReader(source, _view.Index, _installation.Reserve, null);
        var walk = new ReachWalk(reader, null, _installation.Ledger, new FaultBook(), _installation.Threads, output);
        var days = new int[checked((int)_view.Index.Count)];
        var seen = walk.Reached.NewCopy();
        foreach (var group in parts.Where(p => dayOf(p) > after).GroupBy(dayOf).OrderByDescending(g => g.Key))
        {
            await walk.RunAsync([.. group.Select(p => PointSelection.PartOf(p.Point, p.Part))], cancel).ConfigureAwait(false);
            walk.Reached.TakeNew(seen, rank => days[rank] = group.Key);
        }
        return days;
    }

    /// <summary>In the archive chunks lie in other packs; pages in the same ones.</summary>
    private async ValueTask ColdAsync(int[] days, CancellationToken cancel)
    {
        var archive = await ArchiveIndex.LoadAsync(_installation, cancel).ConfigureAwait(false);
        var local = _view.Index;
        var ranks = new int[ReachWalk.MostPlaces];
        for (var row = 0; row < archive.Index.Count; row++)
        {
            if (!archive.Index.TryPlaceAt(row, out var cold))
            {
                continue;
            }
            foreach (var rank in ranks.AsSpan(0, local.FindRanks(cold.Entry.Id, ranks)))
            {
                if (days[rank] > 0 && local.TryPlaceAt(rank, out var place) && place.Segment.Header.Pseudonym == cold.Segment.Header.Pseudonym)
                {
                    Need(_needs, cold.Segment.Pack.Name, days[rank]);
                }
            }
        }
        foreach (var fragment in archive.Index.Fragments)
        {
            _current.Add(fragment.Name);
        }
    }

    /// <summary>
    /// What is small is locked as long as the restore point that stays longest: points as links of their chains, drops, audit and ledger as what says whom to believe, and the index, less what was replaced.
    /// </summary>
    private void SmallObjects(int day)
    {
        if (_tier != Tier.Archive)
        {
            _current.UnionWith(_view.Index.Fragments.Select(f => f.Name));
        }
        foreach (var name in Listing.Objects.Keys.Where(name => LockedNames.Covers(name) && !ObjectName.IsPack(name)))
        {
            if (ObjectKinds.Of(name) != ObjectKind.Index || _current.Contains(name))
            {
                Need(_needs, name, day);
            }
        }
    }

    private void Need(Dictionary<string, int> where, string name, int day)
    {
        if (day > where.GetValueOrDefault(name) && Listing.Objects.ContainsKey(name))
        {
            where[name] = day;
        }
    }
}
