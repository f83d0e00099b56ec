using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Restore;

/// <summary>
/// Files that are named by their whole paths lie where the reserve's rules put them: in one class, with one subject. Where that is so nobody else's keys and pages are opened, so that a file comes back as fast out of
/// ten thousand people's data as out of ten's. Whatever else is asked for (names, globs, folders, links to a first name, paths of earlier rules) is looked for in all trees.
/// </summary>
internal sealed class NamedFiles(Installation installation, RepositoryReading repository)
{
    /// <summary>The trees that hold the files; null where one of them is not where the rules put it, or may be elsewhere too.</summary>
    /// <param name="texts">What was asked.</param>
    /// <param name="points">The newest point of each class.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<TreeSet?> FindAsync(IReadOnlyList<string> texts, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var trees = new List<PointTree>();
        // An older class's point may hold a path that has moved to another class since, by a rule of then.
        var newest = points.Select(p => p.Point.Record.TimeNs).DefaultIfEmpty(0).Max();
        foreach (var text in texts)
        {
            if (PathOf(text) is not { } path || installation.Map.Classify(path, ItemKind.File) is not { IsExcluded: false } placement
                || points.FirstOrDefault(p => p.DataClass == placement.DataClass && p.Point.Record.TimeNs == newest) is not { } point
                || await TreeOfAsync(trees, point, placement.Subject, cancel).ConfigureAwait(false) is not { } tree
                || !await HoldsAsync(tree, path, cancel).ConfigureAwait(false))
            {
                return null;
            }
            trees.AddRange(trees.Contains(tree) ? [] : [tree]);
        }
        return new TreeSet([.. trees.OrderBy(t => t.First)], []);
    }

    private static EntryPath? PathOf(string text)
    {
        try
        {
            return text.Contains('/', StringComparison.Ordinal) ? EntryPath.Parse(text) : null;
        }
        catch (StingException e) when (e.ErrorId == "NameNotAllowed")
        {
            return null;
        }
    }

    private async ValueTask<PointTree?> TreeOfAsync(List<PointTree> known, ClassPoint point, string subject, CancellationToken cancel)
    {
        if (known.Find(t => t.Subject == subject && ReferenceEquals(t.Point, point)) is { } tree)
        {
            return tree;
        }
        var set = await repository.Subjects.ByClaimAsync([point], new SubjectChoice([subject], WithContributors: false), cancel).ConfigureAwait(false);
        return set is { Failures.Count: 0, Trees: [var only] } ? only : null;
    }

    private async ValueTask<bool> HoldsAsync(PointTree tree, EntryPath path, CancellationToken cancel)
    {
        try
        {
            return await repository.Walker.FindAsync(tree.Root, path, cancel).ConfigureAwait(false) is { HardLinkTo: null, Kind: not ItemKind.Directory };
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            // Told by the search through everything, with what it hides.
            return false;
        }
    }
}
