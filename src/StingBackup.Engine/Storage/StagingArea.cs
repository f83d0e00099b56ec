using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Where a directory store's objects wait until they are durable: <c>~staging/&lt;random&gt;/</c>, one folder a process, locked while that
/// process lives. <c>~</c> stands in no object's name, so nothing here is ever taken for an object.
/// </summary>
internal sealed class StagingArea(string root) : IDisposable
{
    /// <summary>The folder in the store's root.</summary>
    public const string FolderName = "~staging";
    private const string LockName = "lock";
    private const UnixFileMode FolderMode = DirectoryObjectStore.FolderMode;

    private readonly string _all = Path.Combine(root, FolderName);
    private readonly Lock _gate = new();
    private string? _own;
    private FileLock? _ownLock;
    private long _count;

    /// <summary>Removes what dead processes left, once <paramref name="settle"/> has made durable what they may have linked and not synced. Without the right to do so (a store that is only read) it leaves all as it is.</summary>
    public void Sweep(Action settle)
    {
        if (!Directory.Exists(_all))
        {
            return;
        }
        try
        {
            using var all = FileLock.TryAcquire(AllLock, out var sweeping);
            if (sweeping)
            {
                return;
            }
            var settled = false;
            foreach (var folder in Directory.EnumerateDirectories(_all))
            {
                var lockPath = Path.Combine(folder, LockName);
                // Folders are made and locked under the lock of all, so one without its lock file was half removed.
                var halfRemoved = !File.Exists(lockPath);
                var dead = halfRemoved ? null : FileLock.TryAcquire(lockPath, out _);
                if (!halfRemoved && dead is null)
                {
                    continue;
                }
                using (dead)
                {
                    if (!settled)
                    {
                        settle();
                        settled = true;
                    }
                    TryRemove(folder, dead);
                }
            }
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            // Leftovers cost room, nothing else; whoever may write removes them the next time.
        }
    }

    /// <summary>Whether other processes are writing, or have died and were not swept: only then may a listed name be less than durable.</summary>
    public bool OthersExist()
    {
        var own = Volatile.Read(ref _own);
        return Directory.Exists(_all) && Directory.EnumerateDirectories(_all).Any(folder => folder != own);
    }

    /// <summary>A path for a new file, on the store's own file system.</summary>
    public string NewPath()
    {
        lock (_gate)
        {
            _own ??= MakeOwn();
            return Path.Combine(_own, (++_count).ToString("x", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Leaves the folder to whoever opens the store next: it is the sign that something here may not be durable.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _ownLock?.Dispose();
            _own = null;
        }
    }

    /// <summary>Removes this process's folder and whatever is still in it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_own is null)
            {
                return;
            }
            TryRemove(_own, _ownLock);   // the next process that opens the store removes the rest
            _own = null;
        }
    }

    private string AllLock => Path.Combine(_all, LockName);

    private string MakeOwn()
    {
        DirectoryObjectStore.MakeFolder(_all);
        using var all = LockAll();
        var own = Path.Combine(_all, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        DirectoryObjectStore.MakeFolder(own);
        // Null only where the file system has no locks: there nobody can lock it, so nobody takes it for dead.
        _ownLock = FileLock.TryAcquire(Path.Combine(own, LockName), out _);
        return own;
    }

    // Others hold it while they sweep or make a folder. Null only where the file system has no locks.
    private FileLock? LockAll()
    {
        const int attempts = 3_000, pauseMs = 10;
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            if (FileLock.TryAcquire(AllLock, out var held) is { } taken)
            {
                return taken;
            }
            if (!held)
            {
                return null;
            }
            Thread.Sleep(pauseMs);
        }
        throw new IOException($"Another process has held '{AllLock}' for {attempts * pauseMs / 1000} seconds.");
    }

    // What cannot be removed stays, and keeps nothing else from going.
    private static void TryRemove(string folder, FileLock? held)
    {
        try
        {
            Remove(folder, held);
        }
        catch (Exception e) when (StoreErrors.IsFileSystem(e))
        {
            // It costs room, nothing else.
        }
    }

    // The lock goes last: while other files are left, the folder still says whose it is.
    private static void Remove(string folder, FileLock? held)
    {
        using (held)
        {
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                if (Path.GetFileName(file) != LockName)
                {
                    File.Delete(file);
                }
            }
        }
        File.Delete(Path.Combine(folder, LockName));
        Directory.Delete(folder);
    }
}
