using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>Somebody, or a file of somebody's, that a drill brings back.</summary>
/// <param name="Pseudonym">Whose; zero for everybody's.</param>
/// <param name="Subject">By name; empty for everybody.</param>
/// <param name="Path">The file; null for all.</param>
internal sealed record DrillChosen(Id16 Pseudonym, string Subject, EntryPath? Path);

/// <summary>Draws what a drill brings back, out of one state of the reserve as one tier has it. Reads of those that are not drawn what is in the clear, and no more.</summary>
/// <param name="repository">The tier's repository.</param>
/// <param name="odds">Chance.</param>
/// <param name="last">When what was tested last.</param>
/// <param name="tagOf">The tag of a file.</param>
internal sealed class DrillChooser(RepositoryReading repository, DrillOdds odds, IReadOnlyDictionary<(Id16 Pseudonym, Id16 Tag), DateTimeOffset> last, Func<string, EntryPath, Id16> tagOf)
{
    /// <summary>Of one person's million files so many are looked at.</summary>
    private const int MostLookedAt = 200_000;

    /// <summary>What is no file of anybody's: rows, vectors and captures come back as what they are, in the other drills.</summary>
    private static readonly EntryPath[] NoFiles = [ReserveMounts.PostgreSql, ReserveMounts.Vectors, ReserveMounts.Chroma, ReserveMounts.BaseBackup, ReserveMounts.Wal];

    /// <summary>Why somebody who was drawn could not be told by name: damage that a drill must not step around.</summary>
    public List<StingException> Failures { get; } = [];

    /// <summary>Somebody whose name fulfils a condition; null when there is nobody.</summary>
    public async ValueTask<DrillChosen?> SubjectAsync(ReserveState state, Func<string, string?> nameOf, CancellationToken cancel)
    {
        foreach (var rows in await DrawnAsync(state, cancel).ConfigureAwait(false))
        {
            if (await HeadAsync(rows[0].Row, cancel).ConfigureAwait(false) is { } head && nameOf(head.Subject) is { } name)
            {
                return new DrillChosen(rows[0].Row.Pseudonym, name, null);
            }
        }
        return null;
    }

    /// <summary>Files: one each of as many subjects as there are files, and further ones of these where there are fewer.</summary>
    public async ValueTask<IReadOnlyList<DrillChosen>> FilesAsync(ReserveState state, int count, CancellationToken cancel)
    {
        var drawn = await DrawnAsync(state, cancel).ConfigureAwait(false);
        var bySubject = new List<Queue<DrillChosen>>();
        foreach (var rows in drawn)
        {
            if (bySubject.Count == count)
            {
                break;
            }
            if (await FilesOfAsync(rows, count, cancel).ConfigureAwait(false) is { Count: > 0 } files)
            {
                bySubject.Add(new Queue<DrillChosen>(files));
            }
        }
        var chosen = new List<DrillChosen>();
        while (chosen.Count < count && bySubject.Exists(files => files.Count > 0))
        {
            chosen.AddRange(bySubject.Where(files => files.Count > 0).Select(files => files.Dequeue()));
        }
        return chosen.Count > count ? chosen[..count] : chosen;
    }

    /// <summary>The trees of each subject, the subjects in the order in which they are drawn.</summary>
    private async ValueTask<IReadOnlyList<List<(ClassPoint Point, SubjectRow Row)>>> DrawnAsync(ReserveState state, CancellationToken cancel)
    {
        var rows = new Dictionary<Id16, List<(ClassPoint, SubjectRow)>>();
        foreach (var point in state.Classes.Where(c => c.DataClass is not (DataClass.Physical or DataClass.Secrets)))
        {
            foreach (var row in await repository.Subjects.RowsAsync(point, Failures.Add, cancel).ConfigureAwait(false))
            {
                (rows.TryGetValue(row.Pseudonym, out var known) ? known : rows[row.Pseudonym] = []).Add((point, row));
            }
        }
        return [.. rows.OrderByDescending(r => odds.Draw(r.Key.ToArray(), LastOf(r.Key, default))).ThenBy(r => r.Key).Select(r => r.Value)];
    }

    private async ValueTask<IReadOnlyList<DrillChosen>> FilesOfAsync(List<(ClassPoint Point, SubjectRow Row)> rows, int count, CancellationToken cancel)
    {
        var best = new PriorityQueue<DrillChosen, double>();
        var looked = 0;
        foreach (var (_, row) in rows)
        {
            if (await HeadAsync(row, cancel).ConfigureAwait(false) is not { } head)
            {
                continue;
            }
            await foreach (var entry in repository.Walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), EntryPath.Root, damage => Failures.Add(damage.Error), cancel).ConfigureAwait(false))
            {
                if (entry.Kind != ItemKind.File || entry.HardLinkTo is not null || !IsNamed(entry.Path) || Array.Exists(NoFiles, entry.Path.IsWithin))
                {
                    continue;
                }
                best.Enqueue(new DrillChosen(row.Pseudonym, head.Subject, entry.Path), odds.Draw(entry.Path.Bytes, LastOf(row.Pseudonym, tagOf(head.Subject, entry.Path))));
                if (best.Count > count)
                {
                    best.Dequeue();
                }
                if (++looked == MostLookedAt)
                {
                    break;
                }
            }
        }
        var files = new List<DrillChosen>();
        while (best.TryDequeue(out var file, out _))
        {
            files.Insert(0, file);
        }
        return files;
    }

    private DateTimeOffset? LastOf(Id16 pseudonym, Id16 tag) => last.TryGetValue((pseudonym, tag), out var time) ? time : null;

    /// <summary>Whether a request can name it: text that means exactly this path.</summary>
    private static bool IsNamed(EntryPath path)
    {
        try
        {
            return path.ToString().Contains('/', StringComparison.Ordinal) && EntryPath.Parse(path.ToString()) == path;
        }
        catch (StingException)
        {
            return false;
        }
    }

    private async ValueTask<TreeHead?> HeadAsync(SubjectRow row, CancellationToken cancel)
    {
        try
        {
            return await repository.Subjects.HeadAsync(row, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (Basics.Failures.IsOfOneItem(e))
        {
            Failures.Add(e);
            return null;
        }
    }
}
