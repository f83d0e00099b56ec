using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>A tree that did not change over consecutive points.</summary>
/// <param name="Root">Its root page.</param>
/// <param name="First">Number of the first point that holds it.</param>
/// <param name="Last">Number of the last one in a row.</param>
internal readonly record struct RootRun(Id32 Root, int First, int Last);

/// <summary>One subject's trees of one data class over time.</summary>
/// <param name="Points">All points of the data class, oldest first: what run numbers count.</param>
/// <param name="Subject">Its canonical name.</param>
/// <param name="Pseudonym">Its pseudonym.</param>
/// <param name="Runs">Its trees, oldest first; points without one hold nothing of it.</param>
internal sealed record SubjectHistory(IReadOnlyList<ClassPoint> Points, string Subject, Id16 Pseudonym, IReadOnlyList<RootRun> Runs)
{
    /// <summary>Histories of the subjects in some points, by data class and name.</summary>
    /// <param name="directory">Reads subjects.</param>
    /// <param name="points">The points, oldest first.</param>
    /// <param name="choice">Only this subject, or null for all.</param>
    /// <param name="damaged">Takes what could not be read; without it, it is thrown.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<IReadOnlyList<SubjectHistory>> ReadAsync(
        SubjectDirectory directory, IReadOnlyList<ClassPoint> points, SubjectChoice? choice, Action<StingException>? damaged, CancellationToken cancel)
    {
        if (choice is not null && await directory.ClaimedAsync(choice, cancel).ConfigureAwait(false) is { } claimed)
        {
            var found = await ReadAsync(directory, points, claimed, choice, damaged, cancel).ConfigureAwait(false);
            if (found.Count > 0)
            {
                return found;
            }
        }
        return await ReadAsync(directory, points, null, choice, damaged, cancel).ConfigureAwait(false);
    }

    private static async ValueTask<IReadOnlyList<SubjectHistory>> ReadAsync(SubjectDirectory directory, IReadOnlyList<ClassPoint> points,
        IReadOnlySet<Id16>? pseudonyms, SubjectChoice? choice, Action<StingException>? damaged, CancellationToken cancel)
    {
        var histories = new List<SubjectHistory>();
        // An imported point is a history of its own: between two points of the reserve it would part what did not change from the one to the other.
        foreach (var ofClass in points.GroupBy(p => (p.DataClass, Import: p.Point.Record.IsImported ? p.BackupId : "")).OrderBy(g => g.Key.DataClass))
        {
            var classPoints = ofClass.ToList();
            foreach (var (pseudonym, runs) in await ReadRunsAsync(directory, classPoints, pseudonyms, damaged, cancel).ConfigureAwait(false))
            {
                var name = await NameAsync(directory, pseudonym, runs, damaged, cancel).ConfigureAwait(false);
                if (name is not null && choice?.Matches(name) != false)
                {
                    histories.Add(new SubjectHistory(classPoints, name, pseudonym, runs));
                }
            }
        }
        return [.. histories.OrderBy(h => h.Points[0].DataClass).ThenBy(h => h.Subject, StringComparer.Ordinal)];
    }

    private static async ValueTask<Dictionary<Id16, List<RootRun>>> ReadRunsAsync(
        SubjectDirectory directory, List<ClassPoint> points, IReadOnlySet<Id16>? pseudonyms, Action<StingException>? damaged, CancellationToken cancel)
    {
        var found = new Dictionary<Id16, List<RootRun>>();
        for (var i = 0; i < points.Count; i++)
        {
            foreach (var row in await directory.RowsAsync(points[i], damaged, cancel).ConfigureAwait(false))
            {
                if (pseudonyms?.Contains(row.Pseudonym) == false)
                {
                    continue;
                }
                if (!found.TryGetValue(row.Pseudonym, out var runs))
                {
                    found.Add(row.Pseudonym, runs = []);
                }
                if (runs.Count > 0 && runs[^1].Last == i - 1 && runs[^1].Root == row.Root)
                {
                    runs[^1] = runs[^1] with { Last = i };
                }
                else
                {
                    runs.Add(new RootRun(row.Root, i, i));
                }
            }
        }
        return found;
    }

    /// <summary>The name from the newest root page that can be read; null when none can.</summary>
    private static async ValueTask<string?> NameAsync(
        SubjectDirectory directory, Id16 pseudonym, List<RootRun> runs, Action<StingException>? damaged, CancellationToken cancel)
    {
        StingException? first = null;
        for (var i = runs.Count - 1; i >= 0; i--)
        {
            try
            {
                return (await directory.HeadAsync(new SubjectRow(pseudonym, runs[i].Root, 0, 0), cancel).ConfigureAwait(false)).Subject;
            }
            catch (StingException e) when (Failures.IsOfOneItem(e))
            {
                first ??= e;
                if (e.ErrorId == "SubjectKeyMissing")
                {
                    break;
                }
            }
        }
        var unreadable = new StingException("SubjectUnreadable", first!.Kind, $"Subject {pseudonym} cannot be read: {first.Message}", pseudonym.ToString(), first.Remedy, first);
        (damaged ?? (e => throw e))(unreadable);
        return null;
    }
}
