using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering;

/// <summary>A stretch of a sync: packs, and the restore points that should have all they need once these are there.</summary>
/// <param name="Packs">Packs, in the order in which they go.</param>
/// <param name="Points">Restore points, in the order in which they go.</param>
internal sealed record TierWave(IReadOnlyList<PackInfo> Packs, IReadOnlyList<WaitingPoint> Points);

/// <summary>
/// Cuts a long sync into stretches, so that a restore point is on the next tier soon after its own packs are, and what matters most is there first when the rest has to wait. Of each writer the oldest comes
/// first, since a chain without a gap is one that nobody has cut; among writers the one whose next restore point holds the class with the highest priority, then the older one.
/// </summary>
internal static class TierWaves
{
    /// <summary>Stretches at most: between two the index is looked through.</summary>
    private const int Most = 64;

    /// <summary>Plans. What no waiting restore point is known to need comes last.</summary>
    /// <param name="comparison">What the tier lacks.</param>
    /// <param name="priority">Data classes, the first one first.</param>
    /// <param name="length">Bytes of packs of a stretch, about.</param>
    public static IReadOnlyList<TierWave> Plan(TierComparison comparison, IReadOnlyList<DataClass> priority, long length)
    {
        var points = Order(comparison.Points, priority);
        var total = comparison.Packs.Sum(p => p.Length);
        length = Math.Max(length, total / Most);
        if (comparison.Route.Target == Tier.Local || total <= length)
        {
            return [new TierWave(comparison.Packs, points)];   // a local tier that is brought back counts as lost until all is there
        }
        var owned = ByPoint(comparison, points);
        var waves = new List<TierWave>();
        for (var at = 0; at < points.Count;)
        {
            var (packs, ready, sum) = (new List<PackInfo>(), new List<WaitingPoint>(), 0L);
            for (; at < points.Count && (ready.Count == 0 || sum < length); at++)
            {
                packs.AddRange(owned[at]);
                sum += owned[at].Sum(p => p.Length);
                ready.Add(points[at]);
            }
            waves.Add(new TierWave(packs, ready));
        }
        waves.Add(new TierWave(owned[^1], []));
        return waves;
    }

    /// <summary>Restore points in the order in which they go.</summary>
    internal static IReadOnlyList<WaitingPoint> Order(IReadOnlyList<WaitingPoint> points, IReadOnlyList<DataClass> priority)
    {
        var ranks = priority.Index().ToDictionary(p => p.Item, p => p.Index);
        var chains = new PriorityQueue<Queue<WaitingPoint>, (int Rank, long Time, string Name)>();
        foreach (var chain in points.GroupBy(p => ObjectKinds.RunIn(p.Name).Writer))
        {
            Enqueue(new Queue<WaitingPoint>(chain.OrderBy(p => p.Name, StringComparer.Ordinal)));
        }
        var ordered = new List<WaitingPoint>(points.Count);
        while (chains.TryDequeue(out var chain, out _))
        {
            ordered.Add(chain.Dequeue());
            Enqueue(chain);
        }
        return ordered;

        void Enqueue(Queue<WaitingPoint> chain)
        {
            if (chain.TryPeek(out var next))
            {
                // A void point takes no room, and whatever is behind it waits for it.
                chains.Enqueue(chain, (next.Record?.Classes.Select(c => ranks.GetValueOrDefault(c.Class, int.MaxValue)).DefaultIfEmpty(-1).Min() ?? int.MaxValue, next.Record?.CompletedNs ?? long.MaxValue, next.Name));
            }
        }
    }

    /// <summary>Packs by the first restore point of their writer that can need them; behind the last one, what belongs to none.</summary>
    private static List<PackInfo>[] ByPoint(TierComparison comparison, IReadOnlyList<WaitingPoint> points)
    {
        var places = points.Index().GroupBy(p => ObjectKinds.RunIn(p.Item.Name).Writer).ToDictionary(g => g.Key, g => g.Select(p => (ObjectKinds.RunIn(p.Item.Name).Sequence, Place: p.Index)).ToArray());
        var owned = Enumerable.Range(0, points.Count + 1).Select(_ => new List<PackInfo>()).ToArray();
        var lacking = comparison.Packs.Select(p => p.Id).ToHashSet();
        var first = new Dictionary<Id32, int>(lacking.Count);
        foreach (var fragment in comparison.View.Index.Fragments)
        {
            var place = points.Count;
            if (fragment.IsSigned && places.TryGetValue(fragment.Writer, out var chain))
            {
                var at = Array.FindIndex(chain, c => c.Sequence >= fragment.Sequence);
                place = at < 0 ? points.Count : chain[at].Place;
            }
            foreach (var pack in fragment.Packs.Where(p => lacking.Contains(p.Id)))
            {
                first[pack.Id] = Math.Min(place, first.GetValueOrDefault(pack.Id, int.MaxValue));
            }
        }
        foreach (var pack in comparison.Packs)
        {
            owned[first.GetValueOrDefault(pack.Id, points.Count)].Add(pack);
        }
        return owned;
    }
}
