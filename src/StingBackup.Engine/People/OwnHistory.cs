using StingBackup.Engine.Basics;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>A person's trees over time, by data class.</summary>
internal sealed class OwnHistory(PointFinder finder, OwnTrees trees, IReadOnlyDictionary<Id16, string> own)
{
    public async ValueTask<IReadOnlyList<SubjectHistory>> ReadAsync(CancellationToken cancel)
    {
        var histories = new List<SubjectHistory>();
        // An imported point is a history of its own: between two points of the reserve it would part what did not change from the one to the other.
        foreach (var ofClass in finder.All.Where(p => OwnTrees.IsShown(p.DataClass)).GroupBy(p => (p.DataClass, Import: p.Point.Record.IsImported ? p.BackupId : "")).OrderBy(g => g.Key.DataClass))
        {
            var points = ofClass.ToList();
            var runs = own.Keys.ToDictionary(pseudonym => pseudonym, static _ => new List<RootRun>());
            for (var i = 0; i < points.Count; i++)
            {
                foreach (var row in await trees.RowsAsync(points[i], static _ => { }, cancel).ConfigureAwait(false))
                {
                    var known = runs[row.Pseudonym];
                    if (known.Count > 0 && known[^1].Last == i - 1 && known[^1].Root == row.Root)
                    {
                        known[^1] = known[^1] with { Last = i };
                    }
                    else if (await trees.TreeAsync(points[i], row, static _ => { }, cancel).ConfigureAwait(false) is not null)
                    {
                        known.Add(new RootRun(row.Root, i, i));
                    }
                }
            }
            histories.AddRange(runs.Where(r => r.Value.Count > 0).Select(r => new SubjectHistory(points, own[r.Key], r.Key, r.Value)));
        }
        return histories;
    }
}
