using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Restore;

/// <summary>What a tree's root page tells.</summary>
/// <param name="Subject">The canonical name.</param>
/// <param name="First">The first path.</param>
internal sealed record TreeHead(string Subject, EntryPath First);

/// <summary>A tree, or a page of subjects, that could not be read.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="Items">How many items that hides; 1 where it is not known.</param>
/// <param name="IsCertain">False when it may belong to another subject than the one asked for.</param>
internal sealed record TreeFailure(StingException Error, long Items, bool IsCertain);

/// <summary>Trees in the order of their first paths, and what could not be read.</summary>
internal sealed record TreeSet(IReadOnlyList<PointTree> Trees, IReadOnlyList<TreeFailure> Failures);

/// <summary>
/// Whose the trees of points are. Subject tables are in the clear; names stand in root pages, which need keys. A claim is only a quick
/// way to a pseudonym: what a root page says counts. Remembers what it read. Safe to call from many threads.
/// </summary>
internal sealed class SubjectDirectory(Installation installation, ChunkReader reader)
{
    private readonly ConcurrentDictionary<Id32, IReadOnlyList<SubjectRow>> _pages = new();
    private readonly ConcurrentDictionary<Id32, TreeHead> _heads = new();

    /// <summary>The subjects of a point's data class, less those that were erased. A page that cannot be read goes to <paramref name="damaged"/>; without one it is thrown.</summary>
    public async ValueTask<IReadOnlyList<SubjectRow>> RowsAsync(ClassPoint point, Action<StingException>? damaged, CancellationToken cancel)
    {
        var rows = new List<SubjectRow>();
        foreach (var page in point.Part.SubjectPages)
        {
            try
            {
                if (!_pages.TryGetValue(page, out var known))
                {
                    known = _pages.GetOrAdd(page, await reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false));
                }
                rows.AddRange(known.Where(row => installation.Ledger.Find(row.Pseudonym) is null));
            }
            catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
            {
                damaged(new StingException("SubjectPageDamaged", e.Kind, $"Some subjects of {point.BackupId} ({point.DataClass}) are not known: {e.Message}", e.Target, e.Remedy, e));
            }
        }
        return rows;
    }

    /// <summary>Name and first path of a tree. Needs keys.</summary>
    public async ValueTask<TreeHead> HeadAsync(SubjectRow row, CancellationToken cancel)
    {
        if (_heads.TryGetValue(row.Root, out var known))
        {
            return known;
        }
        var page = await reader.ReadPageAsync(row.Pseudonym, row.Root, cancel).ConfigureAwait(false);
        var name = page.SubjectName ?? throw Failures.Damaged(row.Root.ToString(), "it should be a root page");
        var first = page.Children.Count > 0 ? page.Children[0].First : page.Entries.Count > 0 ? page.Entries[0].Path : EntryPath.Root;
        return _heads.GetOrAdd(row.Root, new TreeHead(name, first));
    }

    /// <summary>The names of all subjects in some points, as far as they can be read: of each pseudonym the newest tree that opens tells it.</summary>
    public async ValueTask<IReadOnlySet<string>> NamesAsync(IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var roots = new Dictionary<Id16, List<SubjectRow>>();
        foreach (var point in points)
        {
            foreach (var row in await RowsAsync(point, static _ => { }, cancel).ConfigureAwait(false))
            {
                var known = roots.TryGetValue(row.Pseudonym, out var list) ? list : roots[row.Pseudonym] = [];
                if (known.Count == 0 || known[^1].Root != row.Root)
                {
                    known.Add(row);
                }
            }
        }
        var names = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(roots.Values, new ParallelOptions { MaxDegreeOfParallelism = installation.Threads, CancellationToken = cancel }, async (rows, token) =>
        {
            for (var i = rows.Count - 1; i >= 0; i--)
            {
                try
                {
                    names[(await HeadAsync(rows[i], token).ConfigureAwait(false)).Subject] = true;
                    return;
                }
                catch (StingException e) when (Failures.IsOfOneItem(e))
                {
                    if (e.ErrorId == "SubjectKeyMissing")
                    {
                        return;
                    }
                }
            }
        }).ConfigureAwait(false);
        return names.Keys.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Every tree of some points.</summary>
    public ValueTask<TreeSet> AllAsync(IEnumerable<ClassPoint> points, CancellationToken cancel) => ReadAsync(points, null, static _ => true, isCertain: true, cancel);

    /// <summary>The trees of a subject in some points: by its claim where that leads there, else by reading every subject's name.</summary>
    public async ValueTask<TreeSet> OfAsync(IReadOnlyList<ClassPoint> points, SubjectChoice choice, CancellationToken cancel)
    {
        if (await ByClaimAsync(points, choice, cancel).ConfigureAwait(false) is { } found && (found.Trees.Count > 0 || found.Failures.Count > 0))
        {
            return found;
        }
        return await ReadAsync(points, null, choice.Matches, isCertain: false, cancel).ConfigureAwait(false);
    }

    /// <summary>The trees of a subject to which its claim leads; null where it leads to none.</summary>
    public async ValueTask<TreeSet?> ByClaimAsync(IReadOnlyList<ClassPoint> points, SubjectChoice choice, CancellationToken cancel) =>
        await ClaimedAsync(choice, cancel).ConfigureAwait(false) is { } claimed ? await ReadAsync(points, claimed, choice.Matches, isCertain: true, cancel).ConfigureAwait(false) : null;

    /// <summary>The pseudonyms that claims give a subject; null when there is none that leads to all of it.</summary>
    public async ValueTask<IReadOnlySet<Id16>?> ClaimedAsync(SubjectChoice choice, CancellationToken cancel)
    {
        var claimed = new HashSet<Id16>();
        foreach (var name in choice.IsOpen ? [] : choice.Names)
        {
            if (await ClaimedAsync(name, cancel).ConfigureAwait(false) is { } pseudonym)
            {
                claimed.Add(pseudonym);
            }
        }
        return claimed.Count > 0 ? claimed : null;
    }

    /// <summary>The pseudonym that a claim gives a name; null when there is no claim, it is damaged, or this host cannot know its tag.</summary>
    public async ValueTask<Id16?> ClaimedAsync(string canonicalName, CancellationToken cancel)
    {
        if (installation.Host is not { } host || installation.Keys is not { } keys)
        {
            return null;
        }
        var name = KeyObjectNames.Claim(host.Subjects.TagOf(canonicalName));
        try
        {
            using var keyRole = new SignatureVerifier(keys.KeyRoleKeys.Span);
            var bytes = await installation.Store.ReadAllAsync(name, cancel).ConfigureAwait(false);
            return SubjectClaim.Read(name, bytes, installation.Reserve, keyRole, installation.Writers).Key.Pseudonym;
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return null;
        }
    }

    private async ValueTask<TreeSet> ReadAsync(
        IEnumerable<ClassPoint> points, IReadOnlySet<Id16>? pseudonyms, Func<string, bool> matches, bool isCertain, CancellationToken cancel)
    {
        var failures = new ConcurrentBag<TreeFailure>();
        var wanted = new List<(ClassPoint Point, SubjectRow Row)>();
        foreach (var point in points)
        {
            var rows = await RowsAsync(point, e => failures.Add(new TreeFailure(e, 1, isCertain)), cancel).ConfigureAwait(false);
            wanted.AddRange(rows.Where(r => pseudonyms is null || pseudonyms.Contains(r.Pseudonym)).Select(r => (point, r)));
        }
        var trees = new PointTree?[wanted.Count];
        var unreadable = new ConcurrentBag<(ClassPoint Point, SubjectRow Row, StingException Error)>();
        // Each root may be the first page under its data key, and opening that is worth a core for a while.
        await Parallel.ForAsync(0, wanted.Count, new ParallelOptions { MaxDegreeOfParallelism = installation.Threads, CancellationToken = cancel }, async (i, token) =>
        {
            var (point, row) = wanted[i];
            try
            {
                var head = await HeadAsync(row, token).ConfigureAwait(false);
                trees[i] = matches(head.Subject) ? new PointTree(point, row, head.Subject, head.First) : null;
            }
            catch (StingException e) when (Failures.IsOfOneItem(e))
            {
                unreadable.Add((point, row, e));
            }
        }).ConfigureAwait(false);
        var found = trees.OfType<PointTree>().ToList();
        var names = await NamesAsync(found, unreadable.Select(u => u.Row.Pseudonym).ToHashSet(), cancel).ConfigureAwait(false);
        foreach (var (point, row, error) in unreadable)
        {
            failures.Add(new TreeFailure(Unreadable(point, row, names.GetValueOrDefault(row.Pseudonym), error), row.Items, isCertain));
        }
        found.Sort(static (a, b) => a.First.CompareTo(b.First));
        return new TreeSet(found, [.. failures.OrderBy(f => f.Error.Message, StringComparer.Ordinal)]);
    }

    /// <summary>Names of subjects whose root pages cannot be read: from trees of theirs that can, and from the claims of whoever the reserve and the users map know now.</summary>
    private async ValueTask<IReadOnlyDictionary<Id16, string>> NamesAsync(IEnumerable<PointTree> readable, HashSet<Id16> wanted, CancellationToken cancel)
    {
        var names = new Dictionary<Id16, string>();
        if (wanted.Count == 0)
        {
            return names;
        }
        foreach (var tree in readable)
        {
            names[tree.Row.Pseudonym] = tree.Subject;
        }
        foreach (var name in wanted.All(names.ContainsKey) ? [] : installation.Map.DiscoverSubjects(installation.ReserveRoot, installation.HostView))
        {
            if (await ClaimedAsync(name, cancel).ConfigureAwait(false) is { } pseudonym)
            {
                names[pseudonym] = name;
            }
        }
        return names;
    }

    private static StingException Unreadable(ClassPoint point, SubjectRow row, string? name, StingException e) => new("SubjectUnreadable", e.Kind,
        $"{(name is null ? $"Subject {row.Pseudonym}" : $"'{name}'")} in {point.BackupId} ({point.DataClass}, {row.Items} items) cannot be read: {e.Message}", name ?? row.Pseudonym.ToString(), e.Remedy, e);
}
