using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Storage;

/// <summary>What is staged between two barriers. Open files and dirty pages stay bounded, however much that is.</summary>
internal sealed class StagedObjects : IDisposable
{
    private const int MostUnsynced = 16;

    private readonly Lock _gate = new();
    private readonly Queue<StagedObject> _unsynced = new();
    private List<StagedObject> _staged = [];

    /// <summary>Adds one; the oldest is synced when too many are not. Its failure, if any, is told by the barrier.</summary>
    public void Add(StagedObject staged)
    {
        StagedObject? oldest = null;
        lock (_gate)
        {
            _staged.Add(staged);
            _unsynced.Enqueue(staged);
            if (_unsynced.Count > MostUnsynced)
            {
                oldest = _unsynced.Dequeue();
            }
        }
        oldest?.TrySync();
    }

    /// <summary>Takes all.</summary>
    public List<StagedObject> TakeAll()
    {
        lock (_gate)
        {
            var all = _staged;
            _staged = [];
            _unsynced.Clear();
            return all;
        }
    }

    /// <summary>Puts back what the barrier did not come to.</summary>
    public void PutBack(IEnumerable<StagedObject> rest)
    {
        lock (_gate)
        {
            _staged.InsertRange(0, rest);
        }
    }

    /// <summary>Syncs each. Those that fail leave the batch and are discarded: what the disk refused once cannot be stored any more.</summary>
    /// <returns>The first that failed, or null.</returns>
    public static StagedObject? SyncAll(List<StagedObject> batch)
    {
        Parallel.ForEach(batch, new ParallelOptions { MaxDegreeOfParallelism = StoreFolders.Parallelism }, staged => staged.TrySync());
        var failed = batch.FindAll(staged => staged.Failure is not null);
        batch.RemoveAll(staged => staged.Failure is not null);
        failed.ForEach(staged => staged.Dispose());
        return failed.FirstOrDefault();
    }

    /// <summary>Discards all.</summary>
    public void Dispose() => TakeAll().ForEach(staged => staged.Dispose());
}

/// <summary>
/// A file that waits to get its name. It stays open from its first byte to its fsync: the kernel tells a write error once,
/// to those who had the file open by then.
/// </summary>
internal sealed class StagedObject(string name, string path, FileStream file) : IDisposable
{
    private readonly Lock _gate = new();
    private FileStream? _file = file;

    /// <summary>The object's name.</summary>
    public string Name => name;

    /// <summary>Where its bytes are until then.</summary>
    public string Path => path;

    /// <summary>Why it could not be made durable. Final: the kernel drops the pages that it could not write, and a second fsync would pass.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Makes its bytes durable, once; false when that failed, now or before.</summary>
    public bool TrySync()
    {
        lock (_gate)
        {
            if (_file is null)
            {
                return Failure is null;
            }
            try
            {
                Durable.SyncFile(_file.SafeFileHandle, path);
            }
            catch (Exception e) when (StoreErrors.IsFileSystem(e))
            {
                Failure = e;
            }
            _file.Dispose();
            _file = null;
            return Failure is null;
        }
    }

    /// <summary>Starts to write it out without waiting, so that the barrier finds little left to do.</summary>
    public void StartWriteback()
    {
        lock (_gate)
        {
            if (Libc.IsSupported && _file is not null)
            {
                Libc.StartWriteback((int)_file.SafeFileHandle.DangerousGetHandle());
            }
        }
    }

    /// <summary>Closes it and removes its staging name.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            // It costs room, nothing else; it goes with the staging folder.
        }
    }
}
