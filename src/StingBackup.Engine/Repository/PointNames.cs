using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>
/// Names of runs. A run takes a free name, but hosts that begin in the same second do not see each other's, and what was signed stays as it is: of points with one name the first that was committed keeps it, and
/// each other one is known by the next free suffix. Every reader comes to the same names, whatever the order in which it meets the points.
/// </summary>
internal static class PointNames
{
    /// <summary>The same points in the same order, each with a name of its own.</summary>
    public static IReadOnlyList<StoredPoint> Settle(IReadOnlyList<StoredPoint> points)
    {
        var doubles = points.Where(p => p.Record.Name.Length > 0).GroupBy(p => p.Record.Name, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).ToList();
        if (doubles.Count == 0)
        {
            return points;
        }
        var taken = points.Select(p => p.Record.Name).ToHashSet(StringComparer.Ordinal);
        var renamed = new Dictionary<(Id16, long), string>();
        foreach (var point in doubles.SelectMany(g => g.OrderBy(p => p.Record.CompletedNs).ThenBy(p => p.Record.Writer).Skip(1)).OrderBy(p => p.Record.CompletedNs).ThenBy(p => p.Record.Writer))
        {
            var first = BackupId.TryParse(point.Record.Name, out var id) && id.Number > 1 ? point.Record.Name[..point.Record.Name.LastIndexOf('_')] : point.Record.Name;
            var number = 2;
            while (!taken.Add(string.Create(CultureInfo.InvariantCulture, $"{first}_{number}")))
            {
                number++;
            }
            renamed.Add((point.Record.Writer, point.Record.Sequence), string.Create(CultureInfo.InvariantCulture, $"{first}_{number}"));
        }
        return [.. points.Select(p => renamed.TryGetValue((p.Record.Writer, p.Record.Sequence), out var name) ? p with { Record = p.Record with { Name = name } } : p)];
    }

    /// <summary>Points that came since a view was loaded. One that cannot be read names nothing.</summary>
    public static async ValueTask<IReadOnlyList<StoredPoint>> NewSinceAsync(IObjectStore store, RepositoryView view, Func<Id16, ReadOnlyMemory<byte>?> keyOf, CancellationToken cancel)
    {
        var known = view.Points.Select(p => p.Record.ObjectName).Concat(view.DamagedPoints.Select(p => PointRecord.NameOf(p.Writer, p.Sequence))).ToHashSet(StringComparer.Ordinal);
        var fresh = new List<StoredPoint>();
        await foreach (var item in store.ListAsync("points/", cancel).ConfigureAwait(false))
        {
            if (known.Contains(item.Name))
            {
                continue;
            }
            try
            {
                var bytes = await store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false);
                fresh.Add(new StoredPoint(PointRecord.Read(item.Name, bytes, view.Reserve, keyOf), PointRecord.HashOf(bytes)));
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // The next view tells.
            }
        }
        return fresh;
    }
}
