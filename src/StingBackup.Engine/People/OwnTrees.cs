using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>Some subjects' trees in a moment of the reserve, and what could not be read of them.</summary>
internal sealed record OwnState(IReadOnlyList<PointTree> Trees, IReadOnlyList<StingException> Damage);

/// <summary>
/// Finds one person's rows in the subject tables of points, which are in the clear and ascend by pseudonym: of a table of ten thousand it reads a few pages. A tree counts only where its root page says whose it is:
/// a claim, which any host could have written, is not enough.
/// </summary>
internal sealed class OwnTrees(RepositoryReading repository, IReadOnlyDictionary<Id16, string> own, RecentCache<Id32, IReadOnlyList<SubjectRow>> pages)
{
    /// <summary>Classes that nobody looks into as a person: keys and tokens of the installation, captures of whole servers.</summary>
    public static bool IsShown(DataClass dataClass) => dataClass is not (DataClass.Secrets or DataClass.Physical);

    /// <summary>Rows of databases are restored as such, and not looked at as files: among them are hashes of passwords.</summary>
    public static bool IsShown(EntryPath path) => !path.IsWithin(ReserveMounts.PostgreSql);

    /// <summary>The person's trees as of a run, each class from its newest point until then.</summary>
    /// <exception cref="StingException"><c>BackupNotFound</c></exception>
    public async ValueTask<OwnState> AtRunAsync(string backupId, CancellationToken cancel)
    {
        return await InAsync([.. repository.Finder.AtRun(backupId, null).Classes.Where(p => IsShown(p.DataClass))], cancel).ConfigureAwait(false);
    }

    /// <summary>The person's trees in some points.</summary>
    public async ValueTask<OwnState> InAsync(IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var (trees, damage) = (new List<PointTree>(), new List<StingException>());
        foreach (var point in points)
        {
            foreach (var row in await RowsAsync(point, damage.Add, cancel).ConfigureAwait(false))
            {
                if (await TreeAsync(point, row, damage.Add, cancel).ConfigureAwait(false) is { } tree)
                {
                    trees.Add(tree);
                }
            }
        }
        return new OwnState([.. trees.OrderBy(t => t.First)], damage);
    }

    /// <summary>The tree of a row; null where it cannot be read, or is another's.</summary>
    public async ValueTask<PointTree?> TreeAsync(ClassPoint point, SubjectRow row, Action<StingException> damaged, CancellationToken cancel)
    {
        try
        {
            var head = await repository.Subjects.HeadAsync(row, cancel).ConfigureAwait(false);
            if (own.GetValueOrDefault(row.Pseudonym) == head.Subject)
            {
                return new PointTree(point, row, head.Subject, head.First);
            }
            damaged(new StingException("SubjectUnreadable", FailureKind.Integrity, $"The claim of {row.Pseudonym} names another subject than its tree.", row.Pseudonym.ToString(), "Run Test-StingBackupIntegrity to see what is damaged."));
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            damaged(e);
        }
        return null;
    }

    /// <summary>The person's rows in a point's class.</summary>
    public async ValueTask<IReadOnlyList<SubjectRow>> RowsAsync(ClassPoint point, Action<StingException> damaged, CancellationToken cancel)
    {
        var found = new List<SubjectRow>();
        foreach (var pseudonym in own.Keys)
        {
            if (await RowAsync(point.Part.SubjectPages, pseudonym, damaged, cancel).ConfigureAwait(false) is { } row)
            {
                found.Add(row);
            }
        }
        return found;
    }

    private async ValueTask<SubjectRow?> RowAsync(IReadOnlyList<Id32> table, Id16 pseudonym, Action<StingException> damaged, CancellationToken cancel)
    {
        var (from, to) = (0, table.Count);
        while (from < to)
        {
            var at = (from + to) / 2;
            var rows = await PageAsync(table[at], null, cancel).ConfigureAwait(false);
            if (rows is null or [])
            {
                // A page that cannot be read tells no direction: each of the others is looked at.
                return await AnyRowAsync(table, pseudonym, damaged, cancel).ConfigureAwait(false);
            }
            if (pseudonym.CompareTo(rows[0].Pseudonym) < 0)
            {
                to = at;
            }
            else if (pseudonym.CompareTo(rows[^1].Pseudonym) > 0)
            {
                from = at + 1;
            }
            else
            {
                return RowIn(rows, pseudonym);
            }
        }
        return null;
    }

    private async ValueTask<SubjectRow?> AnyRowAsync(IReadOnlyList<Id32> table, Id16 pseudonym, Action<StingException> damaged, CancellationToken cancel)
    {
        var errors = new List<StingException>();
        foreach (var page in table)
        {
            if (await PageAsync(page, errors.Add, cancel).ConfigureAwait(false) is { } rows && RowIn(rows, pseudonym) is { } row)
            {
                return row;
            }
        }
        errors.ForEach(damaged);   // the row may stand in what could not be read
        return null;
    }

    private static SubjectRow? RowIn(IReadOnlyList<SubjectRow> rows, Id16 pseudonym)
    {
        foreach (var row in rows)
        {
            if (row.Pseudonym == pseudonym)
            {
                return row;
            }
        }
        return null;
    }

    private async ValueTask<IReadOnlyList<SubjectRow>?> PageAsync(Id32 page, Action<StingException>? damaged, CancellationToken cancel)
    {
        try
        {
            return await pages.GetAsync(page, () => repository.Reader.ReadSubjectPageAsync(page, cancel)).ConfigureAwait(false);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            damaged?.Invoke(e);
            return null;
        }
    }
}
