using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Objects as files below a directory. A new object is written under <c>~staging</c>, synced, linked to its name (never over another)
/// and its folder synced; one barrier does that for many. Files are 0640, folders 0750, less the umask. Files of other programs
/// whose names no object can have are passed over. Many processes may use one directory at the same time.
/// </summary>
public sealed class DirectoryObjectStore : IObjectStore, IReplacingStore
{
    internal const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const int OpenReadHandles = 64;

    private readonly string _root;
    private readonly StagingArea _staging;
    private readonly StoreFolders _folders;
    private readonly StagedObjects _staged = new();
    private readonly ReadHandleCache _readers = new(OpenReadHandles);
    private readonly Func<string, SafeFileHandle> _openReader;
    private readonly SemaphoreSlim _oneBarrier = new(1, 1);

    private DirectoryObjectStore(string root)
    {
        _root = root;
        _staging = new StagingArea(root);
        _folders = new StoreFolders(root);
        _openReader = OpenReader;
    }

    /// <inheritdoc/>
    public string Location => _root;

    /// <summary>Opens the store in an existing directory, and removes what dead processes left in its staging folder.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c> when the directory is not there.</exception>
    public static DirectoryObjectStore Open(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        var store = new DirectoryObjectStore(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)));
        store.ThrowIfRootMissing();
        store._staging.Sweep(store._folders.SyncEverything);
        return store;
    }

    /// <summary>Makes the directory (durably, 0750, with its missing parents) unless it stands there, then opens the store.</summary>
    /// <exception cref="StingException"><c>StoreAccessDenied</c>, <c>StoreFull</c>, <c>StoreUnavailable</c></exception>
    public static DirectoryObjectStore Create(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        try
        {
            MakeRoot(root);
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            throw StoreErrors.Wrap(e, "make the repository", root, root);
        }
        return Open(root);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        return await Task.Run(() => Guard("store the object", name, () => Put(name, content.Span)), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        Guard("stage the object", name, () => Stage(name, content.Span));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        await _oneBarrier.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await Task.Run(() => Barrier(cancel), cancel).ConfigureAwait(false);
        }
        finally
        {
            _oneBarrier.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        ObjectName.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancel.ThrowIfCancellationRequested();
        ReadHandleCache.Entry? reader = null;
        try
        {
            reader = _readers.Rent(name, _openReader);
            var done = 0;
            while (done < buffer.Length)
            {
                var read = RandomAccess.Read(reader.File, buffer.Span[done..], offset + done);
                if (read == 0)
                {
                    break;
                }
                done += read;
            }
            return ValueTask.FromResult(done);
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            throw StoreErrors.Wrap(e, $"read the object '{name}'", name, _root);
        }
        finally
        {
            if (reader is not null)
            {
                _readers.Return(reader);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Guard("look up the object", name, () =>
        {
            var file = new FileInfo(_folders.PathOf(name));
            if (file.Exists)
            {
                return file.Length;
            }
            ThrowIfRootMissing();
            return (long?)null;
        }));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        ThrowIfRootMissing();
        // Depth first without recursion: what was found last lies on top, in the order in which it is told.
        var rest = new Stack<FolderItem>([new FolderItem("", IsFolder: true, 0)]);
        while (rest.TryPop(out var item))
        {
            cancel.ThrowIfCancellationRequested();
            if (!item.IsFolder)
            {
                yield return new ObjectInfo(item.Name, item.Length);
                continue;
            }
            var found = await Task.Run(() => Guard("list the folder", item.Name, () => FolderItem.Read(_folders.PathOf(item.Name), item.Name, prefix)), cancel).ConfigureAwait(false);
            _folders.NoteListed(item.Name);
            for (var i = found.Count - 1; i >= 0; i--)
            {
                rest.Push(found[i]);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        return await Task.Run(() => Guard("delete the object", name, () =>
        {
            _readers.Remove(name);
            var removed = Durable.Remove(_folders.PathOf(name));
            if (removed)
            {
                _folders.Sync(StoreFolders.FolderOf(name));
            }
            else
            {
                ThrowIfRootMissing();
            }
            return removed;
        }), cancel).ConfigureAwait(false);
    }

    async ValueTask IReplacingStore.ReplaceAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        await Task.Run(() => Guard("replace the object", name, () =>
        {
            _folders.ThrowIfBroken();
            using var staged = Write(name, content.Span);
            if (!staged.TrySync())
            {
                throw StoreErrors.Wrap(staged.Failure!, $"make the object '{name}' durable", name, _root);
            }
            _folders.Make(name);
            Durable.Replace(staged.Path, _folders.PathOf(name));
            _readers.Remove(name);
            _folders.Sync(StoreFolders.FolderOf(name));
            return true;
        }), cancel).ConfigureAwait(false);
    }

    /// <summary>Closes the store; what was staged and had no barrier is discarded.</summary>
    public ValueTask DisposeAsync()
    {
        _staged.Dispose();
        _readers.Dispose();
        if (_folders.IsBroken)
        {
            _staging.Abandon();
        }
        _staging.Dispose();
        _oneBarrier.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes one folder, 0750, unless it stands there.</summary>
    internal static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, FolderMode);
        }
    }

    private static void MakeRoot(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }
        var parent = Path.GetDirectoryName(path) ?? throw new DriveNotFoundException($"'{path}' is not there.");
        MakeRoot(parent);
        MakeFolder(path);
        Durable.SyncDirectory(parent);
    }

    private bool Put(string name, ReadOnlySpan<byte> content)
    {
        _folders.ThrowIfBroken();
        var created = false;
        if (!File.Exists(_folders.PathOf(name)))
        {
            using var staged = Write(name, content);
            if (!staged.TrySync())
            {
                throw StoreErrors.Wrap(staged.Failure!, $"make the object '{name}' durable", name, _root);
            }
            _folders.Make(name);
            created = Place(staged);
        }
        // The winner of a race may not have synced yet, and whoever hears false builds on its object: so the loser syncs too.
        _folders.Sync(StoreFolders.FolderOf(name));
        return created;
    }

    private bool Stage(string name, ReadOnlySpan<byte> content)
    {
        _folders.ThrowIfBroken();
        var staged = Write(name, content);
        staged.StartWriteback();
        _staged.Add(staged);
        return true;
    }

    private void Barrier(CancellationToken cancel)
    {
        Guard("store objects", null, () =>
        {
            _folders.ThrowIfBroken();
            return true;
        });
        var batch = _staged.TakeAll();
        var placed = 0;
        try
        {
            if (StagedObjects.SyncAll(batch) is { } failed)
            {
                throw StoreErrors.Wrap(failed.Failure!, $"make the object '{failed.Name}' durable", failed.Name, _root);
            }
            foreach (var staged in batch)
            {
                cancel.ThrowIfCancellationRequested();
                try
                {
                    Guard("store the object", staged.Name, () =>
                    {
                        _folders.Make(staged.Name);
                        return Place(staged);
                    });
                }
                catch (StingException e) when (e.ErrorId == "NameNotAllowed")
                {
                    placed++;   // no later barrier could store it either
                    staged.Dispose();
                    throw;
                }
                placed++;
                _folders.NoteChanged(StoreFolders.FolderOf(staged.Name));
                staged.Dispose();
            }
        }
        finally
        {
            _staged.PutBack(batch.Skip(placed));   // after a failure: for the next barrier
        }
        Guard("make new names durable", null, () =>
        {
            _folders.SyncNoted(othersToo: _staging.OthersExist());
            return true;
        });
    }

    private StagedObject Write(string name, ReadOnlySpan<byte> content)
    {
        var path = _staging.NewPath();
        var file = Durable.CreateNew(path, FileMode);
        var staged = new StagedObject(name, path, file);
        try
        {
            DirectWriter.Write(file.SafeFileHandle, content, path);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    private bool Place(StagedObject staged)
    {
        var final = _folders.PathOf(staged.Name);
        return Durable.PlaceNew(staged.Path, final) ? true
            : Directory.Exists(final) ? throw ObjectName.NotAllowed(staged.Name, "Other objects' names start with it, followed by '/'.")
            : false;
    }

    private SafeFileHandle OpenReader(string name)
    {
        var path = _folders.PathOf(name);
        try
        {
            return File.OpenHandle(path, System.IO.FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || (e is UnauthorizedAccessException && Directory.Exists(path)))
        {
            ThrowIfRootMissing();
            throw this.NotFound(name);
        }
    }

    private T Guard<T>(string action, string? name, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            throw StoreErrors.Wrap(e, name is null ? action : $"{action} '{name}'", name, _root);
        }
    }

    private void ThrowIfRootMissing()
    {
        if (!Directory.Exists(_root))
        {
            throw StoreErrors.Missing(_root);
        }
    }
}
