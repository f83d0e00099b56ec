using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>Which items of trees are meant: all, or those that names, paths and globs name, and what is in folders so named.</summary>
internal sealed class ItemSelector
{
    private readonly Wish[] _wishes;
    private EntryPath? _except;

    private ItemSelector(Wish[] wishes, EntryPath under) => (_wishes, Under) = (wishes, under);

    /// <summary>Every item.</summary>
    public static ItemSelector All { get; } = new([], EntryPath.Root);

    /// <summary>These very items, and what is in those that are folders.</summary>
    public static ItemSelector Of(IReadOnlyList<EntryPath> paths) =>
        new([.. paths.Select(path => new Wish(path.ToString(), [path], null))], paths is [var only] ? only : EntryPath.Root);

    /// <summary>The same without a folder and what is in it.</summary>
    public ItemSelector Except(EntryPath folder) => new(_wishes, Under) { _except = folder };

    /// <summary>A path at or below which all selected items lie.</summary>
    public EntryPath Under { get; }

    /// <summary>True when nothing is left out.</summary>
    public bool IsAll => _wishes.Length == 0 && _except is null;

    /// <summary>What was asked, as written.</summary>
    public IEnumerable<string> Texts => _wishes.Select(w => w.Text);

    /// <summary>Reads what a person wrote, with the trees at hand: what names an existing path exactly is that path, even where it looks like a glob.</summary>
    /// <exception cref="StingException"><c>FileNotUnderstood</c></exception>
    public static async ValueTask<ItemSelector> ParseAsync(IReadOnlyList<string> texts, IReadOnlyList<PointTree> trees, TreeWalker walker, CancellationToken cancel)
    {
        var wishes = new List<Wish>();
        foreach (var text in texts)
        {
            wishes.Add(text.Contains('/', StringComparison.Ordinal) && await FindPathsAsync(text, trees, walker, cancel).ConfigureAwait(false) is { Count: > 0 } paths
                ? new Wish(text, paths, null) : new Wish(text, [], ItemPattern.Parse(text)));
        }
        // One exact path narrows the walk to its pages.
        return new ItemSelector([.. wishes], wishes is [{ Paths: [var only] }] ? only : EntryPath.Root);
    }

    /// <summary>Whether an item is meant.</summary>
    /// <param name="subject">Its subject.</param>
    /// <param name="path">Its path.</param>
    /// <param name="isDirectory">Whether it is a folder.</param>
    /// <param name="fulfilled">Takes each text that means it.</param>
    public bool Selects(string subject, EntryPath path, bool isDirectory, HashSet<string>? fulfilled = null)
    {
        if (_except is not null && path.IsWithin(_except))
        {
            return false;
        }
        var selected = _wishes.Length == 0;
        foreach (var wish in _wishes)
        {
            if (wish.Selects(subject, path, isDirectory))
            {
                selected = true;
                fulfilled?.Add(wish.Text);
            }
        }
        return selected;
    }

    private static async ValueTask<List<EntryPath>> FindPathsAsync(string text, IReadOnlyList<PointTree> trees, TreeWalker walker, CancellationToken cancel)
    {
        var found = new HashSet<EntryPath>();
        EntryPath path;
        try
        {
            path = EntryPath.Parse(text);
        }
        catch (StingException e) when (e.ErrorId == "NameNotAllowed")
        {
            return [];
        }
        foreach (var tree in trees)
        {
            foreach (var candidate in tree.OwnFolder is { } own ? [path, EntryPath.FromBytes([.. own.Bytes, (byte)'/', .. path.Bytes])] : new[] { path })
            {
                await foreach (var entry in walker.WalkAsync(tree.Root, candidate, false, static _ => { }, cancel).ConfigureAwait(false))
                {
                    found.Add(candidate);
                    break;
                }
            }
        }
        return [.. found];
    }

    /// <summary>One name, path or glob, or the existing paths that it names exactly; then nothing else counts.</summary>
    private sealed record Wish(string Text, IReadOnlyList<EntryPath> Paths, ItemPattern? Pattern)
    {
        public bool Selects(string subject, EntryPath path, bool isDirectory)
        {
            foreach (var wanted in Paths)
            {
                if (path.IsWithin(wanted))
                {
                    return true;
                }
            }
            return Pattern?.MatchesOrAbove(subject, path, isDirectory) == true;
        }
    }
}
