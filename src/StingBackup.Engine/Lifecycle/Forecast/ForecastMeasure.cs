using StingBackup.Engine.Backup;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>What the restore points of an installation say of each data class: told from what is in the clear, without a key.</summary>
internal sealed class ForecastMeasure(Installation installation, RepositoryView view, JobOutput output)
{
    /// <summary>What is assumed to change where there is only one restore point.</summary>
    public const double AssumedChange = 0.01;

    /// <summary>What is assumed of a segment's header where there is none yet.</summary>
    public const double AssumedSegment = 220;

    private const int SegmentPlace = 6;

    /// <summary>How far back the point lies that the newest is compared with, about.</summary>
    private const int Days = 7;

    private const int RecordOverhead = 36;

    /// <summary>How long a segment's header is, and its place in a footer or fragment: it holds a sealed key, whose length the suite decides.</summary>
    public static double SegmentLengthOf(RepositoryIndex index) => index.Fragments.SelectMany(f => f.Segments).Select(s => s.Header.Size + (double)SegmentPlace).DefaultIfEmpty(AssumedSegment).Average();

    /// <summary>Measures every class that has content.</summary>
    public async ValueTask<IReadOnlyList<ForecastClass>> MeasureAsync(CancellationToken cancel)
    {
        var schedule = DueClasses.ScheduleOf(installation);
        var found = new List<ForecastClass>();
        foreach (var ofClass in view.Backups.Where(p => !p.Record.IsImported).SelectMany(p => p.Record.Classes.Select(c => (Point: p.Record, Part: c))).GroupBy(p => p.Part.Class).OrderBy(g => g.Key))
        {
            var all = ofClass.ToList();
            if (all[^1].Part.Items > 0)
            {
                found.Add(await MeasureAsync(all, schedule[ofClass.Key], cancel).ConfigureAwait(false));
            }
        }
        return found;
    }

    private async ValueTask<ForecastClass> MeasureAsync(List<(PointRecord Point, PointClass Part)> all, TimeSpan interval, CancellationToken cancel)
    {
        var (newest, part) = all[^1];
        using var reader = new ChunkReader(installation.Store, view.Index, installation.Reserve, null);
        var now = await SumAsync(NewWalk(reader), [all[^1]], cancel).ConfigureAwait(false);
        var wanted = newest.TimeNs - (Days * 86_400_000_000_000L);
        var before = all.MinBy(p => Math.Abs(p.Point.TimeNs - wanted));
        var days = (newest.TimeNs - before.Point.TimeNs) / 86_400e9;
        var change = AssumedChange;
        if (days >= 0.5 && now.Content > 0)
        {
            // What the newest reaches and the earlier one did not. Some content is replaced twice: what of it stands tells how much was not replaced.
            var walk = NewWalk(reader);
            var then = await SumAsync(walk, [before], cancel).ConfigureAwait(false);
            var both = await SumAsync(walk, [all[^1]], cancel).ConfigureAwait(false);
            var share = Math.Clamp((both.Content - then.Content) / (double)now.Content, 0, 0.999);
            change = -Math.Log(1 - share) / days;
        }
        return new ForecastClass
        {
            DataClass = part.Class, Length = part.Length, Items = part.Items, Subjects = part.Subjects, ChangedPerDay = change, Interval = interval, IsMeasured = true,
            StoredShare = part.Length == 0 ? 1 : Math.Max(0, now.Content - (RecordOverhead * now.Chunks)) / (double)part.Length, PageLength = now.Pages / (double)part.Items,
        };
    }

    private ReachWalk NewWalk(ChunkReader reader) => new(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);

    /// <summary>Stored bytes that a walk has reached so far.</summary>
    private async ValueTask<(long Content, long Pages, long Chunks)> SumAsync(ReachWalk walk, IReadOnlyList<(PointRecord Point, PointClass Part)> parts, CancellationToken cancel)
    {
        await walk.RunAsync([.. parts.Select(p => PointSelection.PartOf(p.Point, p.Part))], cancel).ConfigureAwait(false);
        return Sum(walk.Reached);
    }

    private (long Content, long Pages, long Chunks) Sum(ReachedRows reached)
    {
        long content = 0, pages = 0, chunks = 0;
        Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
        for (var rank = 0; rank < view.Index.Count; rank++)
        {
            // Of a chunk that lies in several packs the first place counts.
            if (!reached.Contains(rank) || !view.Index.TryPlaceAt(rank, out var place) || view.Index.FindRanks(place.Entry.Id, ranks) is var count && count > 1 && ranks[..count].IndexOf(rank) > 0)
            {
                continue;
            }
            if (place.Segment.Pack.Kind == ObjectKind.MetaPack)
            {
                pages += place.Entry.StoredLength;
            }
            else
            {
                content += place.Entry.StoredLength;
                chunks++;
            }
        }
        return (content, pages, chunks);
    }
}
