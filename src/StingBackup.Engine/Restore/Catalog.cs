using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>
/// What a repository holds: points, items, versions, differences. Reads points and index once, when first asked, and asks for keys only where names
/// or items are needed. Not safe to use from two threads at once.
/// </summary>
/// <param name="installation">The installation.</param>
/// <param name="damaged">Takes objects that cannot be read, each named, while the rest is told; without it the first one is thrown.</param>
public sealed class Catalog(Installation installation, Action<StingException>? damaged = null) : IDisposable
{
    private RepositoryView? _view;
    private RepositoryReading? _open;
    private RepositoryReading? _unlocked;

    /// <summary>Restore points, oldest first, one for each run and data class. Needs keys only to find a subject that no claim leads to.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>UserNotFound</c></exception>
    public async IAsyncEnumerable<RestorePoint> PointsAsync(PointQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        var points = Matching(await OpenAsync(cancel).ConfigureAwait(false), query);
        if (query.Subject is { } subject)
        {
            points = await WithKeysIfNeededAsync(r => HoldersAsync(r, points, subject, cancel), cancel).ConfigureAwait(false);
        }
        foreach (var point in query.Latest ? NewestOfEach(points) : points)
        {
            yield return point.ToRestorePoint();
        }
    }

    /// <summary>
    /// Items of the reserve as it was at a run, in path order over all subjects: each data class from its newest point at or before the run. Without
    /// <paramref name="recurse"/> those directly in the folder; without <paramref name="path"/> the reserve's root, or the own folder of the subject asked for.
    /// </summary>
    /// <param name="backupId">The run.</param>
    /// <param name="dataClass">Only this data class.</param>
    /// <param name="subject">Only this subject: a canonical name, or a person's or jar's name.</param>
    /// <param name="path">A file, or the folder to look into.</param>
    /// <param name="recurse">Whether to go into folders.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>UserNotFound</c>, <c>ItemNotFound</c>, <c>NameNotAllowed</c></exception>
    public async IAsyncEnumerable<RestorePointItem> ItemsAsync(
        string backupId, DataClass? dataClass, string? subject, string? path, bool recurse, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(backupId);
        var repository = await UnlockAsync(cancel).ConfigureAwait(false);
        var state = repository.Finder.AtRun(backupId, dataClass is null ? null : [dataClass.Value]);
        var trees = subject is null
            ? await repository.Subjects.AllAsync(state.Classes, cancel).ConfigureAwait(false)
            : await repository.Subjects.OfAsync(state.Classes, await ResolveAsync(repository, subject, state.Classes, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        foreach (var failure in trees.Failures)
        {
            Report(failure.Error);
        }
        var under = path is null ? CommonFolder(trees.Trees) : EntryPath.Parse(path);
        await LookTrail.NoteAsync(installation, "Get-StingRestorePointItem", trees.Trees.Where(t => t.OwnFolder is not { } own || own.IsWithin(under) || under.IsWithin(own)).Select(t => t.Row.Pseudonym), cancel).ConfigureAwait(false);
        var found = false;
        await foreach (var (tree, entry) in new MergedTrees(repository.Walker, trees.Trees).WalkAsync(under, recurse, (t, d) => Report(TreeDamage.Describe(t, d)), cancel).ConfigureAwait(false))
        {
            found = true;
            if (entry.Kind != ItemKind.Directory || entry.Path != under)
            {
                yield return tree.ToItem(entry);
            }
        }
        if (!found && path is not null)
        {
            throw new StingException("ItemNotFound", FailureKind.NotFound, $"There is no '{under}' in the reserve as it was at {backupId}.", path,
                "Look one folder up, or find its versions with Find-StingItem.");
        }
    }

    /// <summary>Every version of items over time, by data class, subject, path and time: points in a row with the same content and attributes make one.</summary>
    /// <param name="pattern">A name, found in any folder; a path, when it has a <c>/</c>, from the reserve's root or the subject's own folder; or a glob of either.</param>
    /// <param name="subject">Only this subject: a canonical name, or a person's or jar's name.</param>
    /// <param name="query">Only in these points.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>FileNotUnderstood</c>, <c>BackupNotFound</c>, <c>UserNotFound</c></exception>
    public async IAsyncEnumerable<ItemVersion> FindAsync(string pattern, string? subject, PointQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        var wanted = ItemPattern.Parse(pattern);
        var repository = await UnlockAsync(cancel).ConfigureAwait(false);
        var points = Matching(repository, query);
        points = query.Latest ? [.. NewestOfEach(points)] : points;
        var choice = (subject ?? query.Subject) is { } name ? await ResolveAsync(repository, name, points, cancel).ConfigureAwait(false) : null;
        var search = new VersionSearch(repository, wanted, damaged);
        var histories = await SubjectHistory.ReadAsync(repository.Subjects, points, choice, damaged, cancel).ConfigureAwait(false);
        await LookTrail.NoteAsync(installation, "Find-StingItem", histories.Select(h => h.Pseudonym), cancel).ConfigureAwait(false);
        foreach (var history in histories)
        {
            foreach (var version in await search.FindAsync(history, cancel).ConfigureAwait(false))
            {
                yield return version;
            }
        }
    }

    /// <summary>What changed in the reserve from one run to another, by data class, subject and path. At either run each data class is taken from its newest point at or before it.</summary>
    /// <param name="fromId">The earlier run.</param>
    /// <param name="toId">The later run.</param>
    /// <param name="dataClass">Only this data class.</param>
    /// <param name="subject">Only this subject: a canonical name, or a person's or jar's name.</param>
    /// <param name="path">Only at or below this path within the reserve.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>UserNotFound</c>, <c>NameNotAllowed</c></exception>
    public async IAsyncEnumerable<RestorePointDifference> CompareAsync(
        string fromId, string toId, DataClass? dataClass, string? subject, string? path, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(fromId);
        ArgumentNullException.ThrowIfNull(toId);
        var repository = await UnlockAsync(cancel).ConfigureAwait(false);
        DataClass[]? classes = dataClass is null ? null : [dataClass.Value];
        var from = repository.Finder.AtRun(fromId, classes).Classes;
        var to = repository.Finder.AtRun(toId, classes).Classes;
        var choice = subject is null ? null : await ResolveAsync(repository, subject, [.. from, .. to], cancel).ConfigureAwait(false);
        var comparison = new PointComparison(repository, choice, path is null ? EntryPath.Root : EntryPath.Parse(path), damaged);
        var changed = new List<ChangedSubject>();
        foreach (var each in from.Concat(to).Select(p => p.DataClass).Distinct().Order())
        {
            changed.AddRange(await comparison.SubjectsAsync(from.FirstOrDefault(p => p.DataClass == each), to.FirstOrDefault(p => p.DataClass == each), cancel).ConfigureAwait(false));
        }
        await LookTrail.NoteAsync(installation, "Compare-StingRestorePoint", changed.Select(c => c.Pseudonym), cancel).ConfigureAwait(false);
        foreach (var each in changed)
        {
            await foreach (var difference in comparison.CompareAsync(each, cancel).ConfigureAwait(false))
            {
                yield return difference;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _open?.Dispose();
        _unlocked?.Dispose();
    }

    private static List<ClassPoint> Matching(RepositoryReading repository, PointQuery query)
    {
        var run = query.BackupId is null ? null : repository.Finder.Named(query.BackupId);
        return [.. repository.Finder.All.Where(p => (run is null || p.Point == run) && (query.DataClass is null || p.DataClass == query.DataClass)
            && (query.From is null || p.Time >= query.From) && (query.To is null || p.Time <= query.To))];
    }

    private static IEnumerable<ClassPoint> NewestOfEach(List<ClassPoint> points) =>
        points.GroupBy(p => p.DataClass).Select(g => g.LastOrDefault(p => !p.Point.Record.IsImported) ?? g.Last()).OrderBy(p => p.Point.Record.TimeNs).ThenBy(p => p.DataClass);

    private static ValueTask<SubjectChoice> ResolveAsync(RepositoryReading repository, string subject, IReadOnlyList<ClassPoint> points, CancellationToken cancel) =>
        repository.Resolver.ResolveAsync(RestoreScope.File, subject, points, cancel);

    /// <summary>The points that hold something of a subject.</summary>
    private async ValueTask<List<ClassPoint>> HoldersAsync(RepositoryReading repository, List<ClassPoint> points, string subject, CancellationToken cancel)
    {
        var choice = await ResolveAsync(repository, subject, points, cancel).ConfigureAwait(false);
        var pseudonyms = await repository.Subjects.ClaimedAsync(choice, cancel).ConfigureAwait(false)
            ?? (await SubjectHistory.ReadAsync(repository.Subjects, points, choice, damaged, cancel).ConfigureAwait(false)).Select(h => h.Pseudonym).ToHashSet();
        var holders = new List<ClassPoint>();
        foreach (var point in points)
        {
            if ((await repository.Subjects.RowsAsync(point, damaged, cancel).ConfigureAwait(false)).Any(r => pseudonyms.Contains(r.Pseudonym)))
            {
                holders.Add(point);
            }
        }
        if (repository == _unlocked)
        {
            await LookTrail.NoteAsync(installation, "Get-StingRestorePoint", pseudonyms, cancel).ConfigureAwait(false);
        }
        return holders;
    }

    /// <summary>The folder that all trees have as their own, or that all their own folders are in.</summary>
    private static EntryPath CommonFolder(IReadOnlyList<PointTree> trees)
    {
        var common = trees.Count == 0 ? EntryPath.Root : trees[0].OwnFolder ?? EntryPath.Root;
        foreach (var tree in trees)
        {
            while (!(tree.OwnFolder ?? EntryPath.Root).IsWithin(common))
            {
                common = common.Parent;
            }
        }
        return common;
    }

    /// <summary>Looks without keys, and again with them when they turn out to be needed.</summary>
    private async ValueTask<T> WithKeysIfNeededAsync<T>(Func<RepositoryReading, ValueTask<T>> look, CancellationToken cancel)
    {
        try
        {
            return await look(await OpenAsync(cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (StingException e) when (e.ErrorId == "KeysLocked")
        {
            return await look(await UnlockAsync(cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    private async ValueTask<RepositoryReading> OpenAsync(CancellationToken cancel) =>
        _unlocked ?? (_open ??= new RepositoryReading(installation, await ViewAsync(cancel).ConfigureAwait(false), null));

    private async ValueTask<RepositoryReading> UnlockAsync(CancellationToken cancel) =>
        _unlocked ??= new RepositoryReading(installation, await ViewAsync(cancel).ConfigureAwait(false), await installation.UnlockAsync(cancel).ConfigureAwait(false));

    private async ValueTask<RepositoryView> ViewAsync(CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRestorePoint");
        if (_view is null)
        {
            _view = await installation.LoadViewAsync(new CopiesRead(installation).Reader, cancel).ConfigureAwait(false);
            foreach (var damage in _view.Damage)
            {
                Report(damage);
            }
        }
        return _view;
    }

    private void Report(StingException error)
    {
        if (damaged is null)
        {
            throw error;
        }
        damaged(error);
    }
}
