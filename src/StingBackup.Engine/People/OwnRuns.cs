using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>Runs that hold something of a person. Of each class the point before the first one asked for is looked at too, to say what changed.</summary>
internal sealed class OwnRuns(PointFinder finder, OwnTrees trees)
{
    public async ValueTask<IReadOnlyList<OwnRun>> ReadAsync(DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel)
    {
        var parts = new List<(ClassPoint Point, IReadOnlyList<SubjectRow> Rows, bool Changed)>();
        // An imported point stands by itself: between two points of the reserve it would show changes that never were.
        foreach (var ofClass in finder.All.Where(p => OwnTrees.IsShown(p.DataClass)).GroupBy(p => (p.DataClass, Import: p.Point.Record.IsImported ? p.BackupId : "")))
        {
            IReadOnlyList<SubjectRow>? before = null;
            var points = ofClass.ToList();
            for (var i = Math.Max(0, points.FindIndex(p => from is null || p.Time >= from) is >= 0 and var first ? first - 1 : points.Count); i < points.Count && (to is null || points[i].Time < to); i++)
            {
                var rows = await trees.RowsAsync(points[i], static _ => { }, cancel).ConfigureAwait(false);
                var changed = before is null ? rows.Count > 0 : !before.Select(r => r.Root).Order().SequenceEqual(rows.Select(r => r.Root).Order());
                before = rows;
                if ((rows.Count > 0 || changed) && (from is null || points[i].Time >= from))
                {
                    parts.Add((points[i], rows, changed));
                }
            }
        }
        return [.. parts.GroupBy(p => p.Point.Point).OrderByDescending(g => g.Key.Record.TimeNs).ThenByDescending(g => g.Key.Record.Sequence).Select(Describe)];
    }

    private static OwnRun Describe(IGrouping<StoredPoint, (ClassPoint Point, IReadOnlyList<SubjectRow> Rows, bool Changed)> run)
    {
        var record = run.Key.Record;
        return new OwnRun
        {
            BackupId = record.Name, Time = run.First().Point.Time, Type = record.Type, Classes = [.. run.Where(p => p.Rows.Count > 0).Select(p => p.Point.DataClass).Order()],
            Items = run.Sum(p => p.Rows.Sum(r => r.Items)), Length = run.Sum(p => p.Rows.Sum(r => r.Length)), Changed = run.Any(p => p.Changed), IsWhole = run.All(p => p.Point.Part.Errors == 0),
            ImportedFrom = record.Origin?.Archive,
        };
    }
}
