using StingBackup.Engine.Basics;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// One walk through a KV mount in path order: folders are listed ahead of the walk, and the metadata of the next secrets is asked for ahead of it, so that the server always has
/// as many requests as the client allows. No value is read. Memory: a window of requests, and the names of the folders that the walk is in.
/// </summary>
internal sealed class VaultWalk(VaultKv kv, string prefix, Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) : IDisposable
{
    private const int MostNamed = 100;

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private readonly int _ahead = 2 * kv.Client.Parallel;
    private readonly HashSet<Task> _running = [];
    private readonly List<string> _named = [];
    private long _secrets, _deleted, _destroyed, _vanished;

    public VaultWalkSummary Summary => new(_secrets, _deleted, _destroyed, _vanished, [.. _named]);

    /// <summary>The entries in order.</summary>
    public IEnumerable<SourceEntry> Run()
    {
        // One stage lists and hands out nodes in order, the other asks for what the next ones are.
        var window = new Queue<(Node Node, Task<KvMetadata?>? Metadata)>();
        foreach (var node in Nodes())
        {
            window.Enqueue((node, node.IsFolder ? null : Begin(kv.ReadMetadataAsync(node.Secret, _stop.Token))));
            if (window.Count > _ahead && Take(window.Dequeue()) is { } entry)
            {
                yield return entry;
            }
        }
        while (window.TryDequeue(out var rest))
        {
            if (Take(rest) is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>Ends what is under way.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            Task.WaitAll([.. _running], CancellationToken.None);
        }
        catch (AggregateException)
        {
            // They were ended; what failed before was told.
        }
        _stop.Dispose();
    }

    private IEnumerable<Node> Nodes()
    {
        var root = new Node(EntryPath.Root, "", true);
        foreach (var part in prefix.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            root = new Node(root.Path.Append(VaultPaths.ToFileName(part, false)), root.Secret.Length == 0 ? part : $"{root.Secret}/{part}", true);
            if (choose(root.Path, ItemKind.Directory) == ScanChoice.Exclude)
            {
                yield break;
            }
            yield return root;
        }
        var folders = new Stack<Folder>();
        // What hinders at the top hinders all of it: no item's failure, but the source's.
        folders.Push(new Folder(Children(root, Wait(Begin(kv.ListAsync(root.Secret, _stop.Token))) ?? [])));
        while (folders.TryPeek(out var folder))
        {
            cancel.ThrowIfCancellationRequested();
            if (folder.Next == folder.Children.Count)
            {
                folders.Pop();
                continue;
            }
            ListAhead(folder);
            var node = folder.Children[folder.Next++];
            yield return node;
            if (node.IsFolder && Names(node) is { } names)
            {
                node.Listing = null;
                folders.Push(new Folder(Children(node, names)));
            }
        }
    }

    /// <summary>Starts listing the folders that come next.</summary>
    private void ListAhead(Folder folder)
    {
        for (var i = folder.Next; i < folder.Children.Count && i < folder.Next + _ahead; i++)
        {
            if (folder.Children[i] is { IsFolder: true, Listing: null } next)
            {
                next.Listing = Begin(kv.ListAsync(next.Secret, _stop.Token));
            }
        }
    }

    private IReadOnlyList<string>? Names(Node folder)
    {
        try
        {
            return Wait(folder.Listing!);   // null: gone since it was told
        }
        catch (StingException e) when (VaultItems.IsOfOneItem(e))
        {
            failed(VaultItems.Unreadable(kv.Location, folder.Path, e));
            return null;
        }
    }

    private List<Node> Children(Node folder, IReadOnlyList<string> names)
    {
        var children = new List<Node>(names.Count);
        var folders = names.Where(n => n.EndsWith('/')).Select(n => n[..^1]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names)
        {
            try
            {
                var isFolder = name.EndsWith('/');
                var plain = isFolder ? name[..^1] : name;
                var child = new Node(folder.Path.Append(VaultPaths.ToFileName(plain, !isFolder && folders.Contains(plain))), folder.Secret.Length == 0 ? plain : $"{folder.Secret}/{plain}", isFolder);
                if (choose(child.Path, isFolder ? ItemKind.Directory : ItemKind.File) == ScanChoice.Include)
                {
                    children.Add(child);
                }
            }
            catch (StingException e) when (e.ErrorId == "NameNotAllowed")
            {
                failed(VaultItems.Unreadable(kv.Location, folder.Path, e));
            }
        }
        children.Sort(static (a, b) => a.Path.CompareTo(b.Path));
        return children;
    }

    private SourceEntry? Take((Node Node, Task<KvMetadata?>? Metadata) next)
    {
        var (node, task) = next;
        if (task is null)
        {
            return new SourceEntry(node.Path, ItemKind.Directory, default, new ItemMetadata());
        }
        KvMetadata? metadata;
        try
        {
            metadata = Wait(task);
        }
        catch (StingException e) when (VaultItems.IsOfOneItem(e))
        {
            failed(VaultItems.Unreadable(kv.Location, node.Path, e));
            return null;
        }
        switch (metadata?.Current.State)
        {
            case null:
                _vanished++;
                return null;
            case KvState.Live:
                _secrets++;
                return new SourceEntry(node.Path, ItemKind.File, SecretFacts.StampOf(metadata), SecretFacts.MetadataOf(metadata));
            case KvState.Deleted:
                _deleted++;
                break;
            default:
                _destroyed++;
                break;
        }
        if (_named.Count < MostNamed)
        {
            _named.Add(node.Secret);
        }
        return null;
    }

    private Task<T> Begin<T>(Task<T> task)
    {
        _running.Add(task);
        return task;
    }

    /// <summary>A scan has a thread of its own.</summary>
    private T Wait<T>(Task<T> task)
    {
        _running.Remove(task);
        return task.GetAwaiter().GetResult();
    }

    private sealed class Node(EntryPath path, string secret, bool isFolder)
    {
        public EntryPath Path => path;
        public string Secret => secret;
        public bool IsFolder => isFolder;
        public Task<IReadOnlyList<string>?>? Listing { get; set; }
    }

    private sealed class Folder(List<Node> children)
    {
        public List<Node> Children => children;
        public int Next { get; set; }
    }
}
