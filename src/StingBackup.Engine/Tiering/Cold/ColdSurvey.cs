using System.Collections;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>Chunks that end together, about: rows of the source's index, ascending.</summary>
/// <param name="Quarter">Until when they are kept: quarters of 90 days since 1970.</param>
/// <param name="Rows">Ranks.</param>
/// <param name="Length">Bytes of their records.</param>
internal sealed record ColdBand(long Quarter, int[] Rows, long Length)
{
    /// <summary>The days that storage classes for archives charge at least: packs that end within them together may as well be one.</summary>
    public const int Days = 90;

    /// <summary>The quarter in which a part of a point ends.</summary>
    public static long QuarterOf(PointRecord point, int days) => (point.TimeNs / 86_400_000_000_000L + days) / Days;

    /// <summary>When the last of it ends, about.</summary>
    public DateTimeOffset End => DateTimeOffset.UnixEpoch.AddDays((Quarter + 1) * Days);
}

/// <summary>What a filling of the archive could not take.</summary>
/// <param name="Chunks">Chunks that no place gave.</param>
/// <param name="Meta">Packs of pages.</param>
internal sealed record ColdLeft(IReadOnlySet<Id32> Chunks, IReadOnlySet<Id32> Meta)
{
    public bool IsNothing => Chunks.Count + Meta.Count == 0;
}

/// <summary>
/// What the archive tier lacks: points that are old enough, and of what they reach the chunks and pages that the archive's index does not name. Told from what is in the clear, without any key.
/// Memory: a bit or two for each row of the source's index, four bytes for each row that is to be moved.
/// </summary>
internal sealed class ColdSurvey
{
    private readonly Installation _installation;
    private readonly IObjectStore _source;
    private ReachedRows _reached = null!;

    private ColdSurvey(Installation installation, IObjectStore source, RepositoryView view, ArchiveIndex archive) => (_installation, _source, View, Archive) = (installation, source, view, archive);

    /// <summary>Points and index of the source.</summary>
    public RepositoryView View { get; }
    /// <summary>What the archive holds.</summary>
    public ArchiveIndex Archive { get; }
    /// <summary>Points that enter, void ones and those that were let go included, since they are links of their chains; by writer and number.</summary>
    public IReadOnlyList<StoredPoint> Points { get; private set; } = [];
    /// <summary>Points that are too young.</summary>
    public long Younger { get; private set; }
    /// <summary>Chunks to recut, those that end first, first.</summary>
    public IReadOnlyList<ColdBand> Bands { get; private set; } = [];
    /// <summary>Packs of pages to copy as they are.</summary>
    public IReadOnlyList<PackInfo> Meta { get; private set; } = [];
    /// <summary>What points reach and nothing holds.</summary>
    public IReadOnlyList<StingException> Faults { get; private set; } = [];

    /// <summary>Looks.</summary>
    public static async ValueTask<ColdSurvey> TakeAsync(Installation installation, IObjectStore source, JobOutput output, CancellationToken cancel)
    {
        var view = await RepositoryView.LoadAsync(source, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        installation.Ledger.Require(view.Backups);
        var survey = new ColdSurvey(installation, source, view, await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false));
        await survey.ChooseAsync(cancel).ConfigureAwait(false);
        await survey.WalkAsync(output, cancel).ConfigureAwait(false);
        return survey;
    }

    /// <summary>The parts of a point that enter: captures of whole servers mix people, and outlive no erasure.</summary>
    public static IEnumerable<PointClass> PartsOf(PointRecord point) => point.Classes.Where(part => part.Class != DataClass.Physical);

    /// <summary>
    /// Whether all that a point reaches was met by the walk that chose what is copied, and could be had; asked only where something could not. What could not be read then may be readable now: what lies behind it was not copied.
    /// </summary>
    public async ValueTask<bool> IsWholeAsync(StoredPoint point, ColdLeft left, JobOutput output, CancellationToken cancel)
    {
        using var reader = new ChunkReader(_source, View.Index, _installation.Reserve, null);
        var walk = new ReachWalk(reader, null, _installation.Ledger, new FaultBook(), _installation.Threads, output);
        await walk.RunAsync([.. PartsOf(point.Record).Select(part => PointSelection.PartOf(point.Record, part))], cancel).ConfigureAwait(false);
        return walk.Missing.Count + walk.Unreadable.Count == 0 && WasTaken(walk.Reached, left);
    }

    private bool WasTaken(ReachedRows reached, ColdLeft left)
    {
        var wasTaken = true;
        reached.TakeNew(reached.NewCopy(), rank => wasTaken &= _reached.Contains(rank) && View.Index.TryPlaceAt(rank, out var place) && !left.Chunks.Contains(place.Entry.Id) && !left.Meta.Contains(place.Segment.Pack.Id));
        return wasTaken;
    }

    /// <summary>Of each writer's chain the part that is old enough, without gaps: age counts from the commit, since an imported point has an older date than it has been here.</summary>
    private async ValueTask ChooseAsync(CancellationToken cancel)
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var item in Archive.Store.ListAsync("points/", cancel).ConfigureAwait(false))
        {
            there.Add(item.Name);
        }
        var youngest = _installation.NowNs - _installation.Archiving.AfterDays * 86_400_000_000_000L;
        var points = new List<StoredPoint>();
        foreach (var chain in View.Points.GroupBy(point => point.Record.Writer).OrderBy(chain => chain.Key))
        {
            var old = chain.OrderBy(point => point.Record.Sequence).TakeWhile(point => point.Record.CompletedNs <= youngest).ToList();
            Younger += chain.Count() - old.Count;
            points.AddRange(old.Where(point => !there.Contains(point.Record.ObjectName)));
        }
        Points = points;
    }

    private async ValueTask WalkAsync(JobOutput output, CancellationToken cancel)
    {
        output.Progress.Status = "what the restore points reach";
        using var reader = new ChunkReader(_source, View.Index, _installation.Reserve, null);
        var walk = new ReachWalk(reader, null, _installation.Ledger, new FaultBook(), _installation.Threads, output);
        _reached = walk.Reached;
        var sorted = new Sorting(this, walk.Reached);
        var bands = new List<ColdBand>();
        var parts = Points.SelectMany(point => PartsOf(point.Record).Select(part => (Point: point.Record, Part: part)));
        // What stays longest first: a chunk belongs to the longest life that needs it.
        foreach (var band in parts.GroupBy(p => ColdBand.QuarterOf(p.Point, _installation.Retention.ClassDays[p.Part.Class])).OrderByDescending(band => band.Key))
        {
            await walk.RunAsync([.. band.Select(p => PointSelection.PartOf(p.Point, p.Part))], cancel).ConfigureAwait(false);
            var (rows, length) = sorted.TakeNew(cancel);
            if (rows.Length > 0)
            {
                bands.Add(new ColdBand(band.Key, rows, length));
            }
        }
        bands.Reverse();
        (Bands, Meta) = (bands, [.. sorted.Meta.Values.OrderBy(pack => pack.Name, StringComparer.Ordinal)]);
        Faults = [.. walk.Unreadable.Values, .. walk.Missing.Select(m => new StingException("ChunkMissing", FailureKind.Integrity, $"Chunk {m.Id}, which '{m.From}' names, is in no pack that the index names.", m.From,
            "Run Test-StingBackupIntegrity, then Repair-StingRepository."))];
    }

    /// <summary>Sorts what a walk marked anew: rows to recut, packs of pages to copy, and what the archive has.</summary>
    private sealed class Sorting(ColdSurvey survey, ReachedRows reached)
    {
        private readonly BitArray _done = new(checked((int)survey.View.Index.Count));

        public Dictionary<Id32, PackInfo> Meta { get; } = [];

        public (int[] Rows, long Length) TakeNew(CancellationToken cancel)
        {
            var rows = new List<int>();
            var length = 0L;
            for (var rank = 0; rank < _done.Count; rank++)
            {
                if (_done[rank] || !reached.Contains(rank))
                {
                    continue;
                }
                cancel.ThrowIfCancellationRequested();
                _done[rank] = true;
                if (!survey.View.Index.TryPlaceAt(rank, out var place) || !IsFirst(rank, place) || survey.Archive.Has(place.Entry.Id, place.Segment.Header.Pseudonym))
                {
                    continue;
                }
                if (place.Segment.Pack.Kind == ObjectKind.MetaPack)
                {
                    Meta.TryAdd(place.Segment.Pack.Id, place.Segment.Pack);
                }
                else
                {
                    rows.Add(rank);
                    length += place.Entry.StoredLength;
                }
            }
            return ([.. rows], length);
        }

        /// <summary>Of several places of one chunk one is enough.</summary>
        private bool IsFirst(int rank, in ChunkPlace place)
        {
            Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
            foreach (var other in ranks[..survey.View.Index.FindRanks(place.Entry.Id, ranks)])
            {
                if (survey.View.Index.TryPlaceAt(other, out var there) && there.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym)
                {
                    return other == rank;
                }
            }
            return true;
        }
    }
}
