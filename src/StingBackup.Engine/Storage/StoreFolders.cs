using System.Collections.Concurrent;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Storage;

/// <summary>
/// The folders of a directory store, and which of them must still be synced before the names in them may be relied upon.
/// A folder is named by its path in the store, <c>/</c> between components; the empty name is the root.
/// </summary>
internal sealed class StoreFolders(string root)
{
    /// <summary>How many syncs wait for the disk at once; file systems commit them together.</summary>
    public const int Parallelism = 8;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _durable = new(StringComparer.Ordinal) { "" };   // folders whose own name has been synced
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);
    private volatile Exception? _broken;

    /// <summary>Where a name lies on disk.</summary>
    public string PathOf(string name) => name.Length == 0 ? root
        : Path.Combine(root, Path.DirectorySeparatorChar == '/' ? name : name.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The folder that holds a name.</summary>
    public static string FolderOf(string name) => name[..Math.Max(0, name.LastIndexOf('/'))];

    /// <summary>True after a folder could not be synced: what this process linked may vanish with the power.</summary>
    public bool IsBroken => _broken is not null;

    /// <summary>Refuses to write after a folder could not be synced: a second sync would pass although the first one's names are lost.</summary>
    public void ThrowIfBroken()
    {
        if (_broken is { } cause)
        {
            throw new IOException($"An earlier write could not be made durable ({cause.Message}).", cause);
        }
    }

    /// <summary>Makes the folders above an object, unless they stand there.</summary>
    public void Make(string name)
    {
        var folder = FolderOf(name);
        lock (_gate)
        {
            if (_durable.Contains(folder))
            {
                return;
            }
        }
        for (var slash = folder.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = folder.IndexOf('/', slash + 1))
        {
            DirectoryObjectStore.MakeFolder(PathOf(folder[..slash]));
        }
        DirectoryObjectStore.MakeFolder(PathOf(folder));
    }

    /// <summary>Makes the names in one folder durable, and the folder's own.</summary>
    public void Sync(string folder) => SyncAll([folder]);

    /// <summary>Notes that this process linked a name in a folder: <see cref="SyncNoted"/> syncs it.</summary>
    public void NoteChanged(string folder) => Note(_changed, folder);

    /// <summary>Notes that this process saw names in a folder, which may be another's and not durable yet.</summary>
    public void NoteListed(string folder) => Note(_listed, folder);

    /// <summary>Makes the names in all changed folders durable; with <paramref name="othersToo"/> also those of other processes that were listed.</summary>
    public void SyncNoted(bool othersToo)
    {
        ThrowIfBroken();
        string[] folders;
        lock (_gate)
        {
            folders = othersToo ? [.. _changed.Union(_listed, StringComparer.Ordinal)] : [.. _changed];
            _changed.Clear();
            _listed.Clear();
        }
        SyncAll(folders);
    }

    /// <summary>Makes every name in the store durable, whoever made it.</summary>
    public void SyncEverything()
    {
        if (!Durable.SyncFileSystem(root))
        {
            foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Prepend(root))
            {
                Durable.SyncDirectory(folder);
            }
        }
    }

    private void Note(HashSet<string> set, string folder)
    {
        lock (_gate)
        {
            set.Add(folder);
        }
    }

    private void SyncAll(string[] folders)
    {
        var toSync = new HashSet<string>(folders, StringComparer.Ordinal);
        var becomeDurable = new HashSet<string>(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (var start in folders)
            {
                for (var folder = start; !_durable.Contains(folder) && becomeDurable.Add(folder); folder = FolderOf(folder))
                {
                    toSync.Add(FolderOf(folder));
                }
            }
        }
        var failures = new ConcurrentQueue<Exception>();
        Parallel.ForEach(toSync, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, folder =>
        {
            try
            {
                Durable.SyncDirectory(PathOf(folder));
            }
            catch (Exception e) when (StoreErrors.IsFileSystem(e))
            {
                failures.Enqueue(e);
            }
        });
        if (failures.TryPeek(out var first))
        {
            _broken = first;
            throw new IOException(first.Message, first.HResult);
        }
        lock (_gate)
        {
            _durable.UnionWith(becomeDurable);
        }
    }
}
