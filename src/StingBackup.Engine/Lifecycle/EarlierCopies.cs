using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>
/// What restore points hold of contributors as their jars' own: the destruction of a contributor's key does not reach that. Documents from runs that did not know who brought them, found by path: what
/// stands in a contributor's tree in one point, and in the jar's in another. And vectors: a collection whose own metadata name nobody holds everybody's, under the jar's key.
/// </summary>
internal static class EarlierCopies
{
    /// <summary>Looks for them; needs keys. A jar that is among the names goes itself, and nothing of it stays.</summary>
    public static async ValueTask<IReadOnlyList<ResidualCopy>> FindAsync(RepositoryReading repository, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var copies = new List<ResidualCopy>();
        foreach (var name in names.Where(name => SubjectNames.ContributorOf(name) is not null))
        {
            var jar = name[..name.IndexOf('/', StringComparison.Ordinal)];
            if (!names.Contains(jar))
            {
                copies.AddRange(await OfAsync(repository, name, jar, cancel).ConfigureAwait(false));
                copies.AddRange(await VectorsAsync(repository, jar, cancel).ConfigureAwait(false));
            }
        }
        return copies;
    }

    private static async ValueTask<IEnumerable<ResidualCopy>> OfAsync(RepositoryReading repository, string contributor, string jar, CancellationToken cancel)
    {
        ClassPoint[] points = [.. repository.Finder.All.Where(point => point.DataClass == DataClass.HoneyJars)];
        var paths = new HashSet<EntryPath>();
        foreach (var (pseudonym, root) in await RootsAsync(repository, points, contributor, cancel).ConfigureAwait(false))
        {
            await foreach (var entry in repository.Walker.WalkAsync(new TreeRoot(pseudonym, root), EntryPath.Root, static _ => { }, cancel).ConfigureAwait(false))
            {
                if (entry.Kind != ItemKind.Directory)
                {
                    paths.Add(entry.Path);
                }
            }
        }
        var (found, holding) = paths.Count == 0 ? ([], []) : await JarsOwnAsync(repository, points, jar, paths.Contains, cancel).ConfigureAwait(false);
        return found.Count == 0 ? [] : [new ResidualCopy(FormattableString.Invariant($"{found.Count} documents in {Span(holding)}, with their rows, kept as the honey jar's own since nothing said who brought them then"), null)];
    }

    /// <summary>Which of its vectors are of whose document a mixed collection does not tell for sure, so it counts whole: rather one copy too many is named than one too few.</summary>
    private static async ValueTask<IEnumerable<ResidualCopy>> VectorsAsync(RepositoryReading repository, string jar, CancellationToken cancel)
    {
        ClassPoint[] points = [.. repository.Finder.All.Where(point => point.DataClass == DataClass.Embeddings)];
        var (found, holding) = points.Length == 0 ? ([], []) : await JarsOwnAsync(repository, points, jar, static _ => true, cancel).ConfigureAwait(false);
        return found.Count == 0 ? [] : [new ResidualCopy(FormattableString.Invariant(
            $"{found.Count} vector {(found.Count == 1 ? "collection" : "collections")} in {Span(holding)}, kept as the honey jar's own since the collection's metadata name nobody: vectors of what the contributor brought, and the text kept with them, are among the others'"), null)];
    }

    private static string Span(SortedSet<string> points) => FormattableString.Invariant($"{points.Count} restore points ({points.Min}{(points.Count > 1 ? $" to {points.Max}" : "")})");

    /// <summary>Which files stand in the jar's own trees, and which restore points hold one.</summary>
    private static async ValueTask<(HashSet<EntryPath> Found, SortedSet<string> Holding)> JarsOwnAsync(
        RepositoryReading repository, ClassPoint[] points, string jar, Func<EntryPath, bool> isMeant, CancellationToken cancel)
    {
        var found = new HashSet<EntryPath>();
        var holding = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var history in await SubjectHistory.ReadAsync(repository.Subjects, points, new SubjectChoice([jar], WithContributors: false), static _ => { }, cancel).ConfigureAwait(false))
        {
            foreach (var run in history.Runs)
            {
                var hits = await HitsAsync(repository, new TreeRoot(history.Pseudonym, run.Root), isMeant, cancel).ConfigureAwait(false);
                if (hits.Count > 0)
                {
                    found.UnionWith(hits);
                    holding.UnionWith(history.Points.Take(run.Last + 1).Skip(run.First).Select(point => point.BackupId));
                }
            }
        }
        return (found, holding);
    }

    private static async ValueTask<HashSet<EntryPath>> HitsAsync(RepositoryReading repository, TreeRoot tree, Func<EntryPath, bool> isMeant, CancellationToken cancel)
    {
        var hits = new HashSet<EntryPath>();
        await foreach (var entry in repository.Walker.WalkAsync(tree, EntryPath.Root, static _ => { }, cancel).ConfigureAwait(false))
        {
            if (entry.Kind != ItemKind.Directory && isMeant(entry.Path))
            {
                hits.Add(entry.Path);
            }
        }
        return hits;
    }

    private static async ValueTask<IEnumerable<(Id16 Pseudonym, Id32 Root)>> RootsAsync(RepositoryReading repository, ClassPoint[] points, string subject, CancellationToken cancel)
    {
        var histories = await SubjectHistory.ReadAsync(repository.Subjects, points, new SubjectChoice([subject], WithContributors: false), static _ => { }, cancel).ConfigureAwait(false);
        return histories.SelectMany(history => history.Runs.Select(run => (history.Pseudonym, run.Root))).Distinct();
    }
}
