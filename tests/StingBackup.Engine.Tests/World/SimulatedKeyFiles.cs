using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.World;

/// <summary>The disks that key files lie on, in memory: places can be away and come back, and all that is written is durable when the call returns, as the real ones promise.</summary>
internal sealed class SimulatedDisk
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private readonly Dictionary<string, object> _locks = new(StringComparer.Ordinal);

    public SimulatedDisk()
    {
    }

    private SimulatedDisk(SimulatedDisk of)
    {
        _files = of._files.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
        _folders = of._folders.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The same files, on disks of their own. Files are replaced as a whole, so their bytes may be shared.</summary>
    public SimulatedDisk Copy() => new(this);

    public IReadOnlyCollection<string> Away => _away;

    public void Unmount(string place)
    {
        lock (_lock)
        {
            _away.Add(place);
        }
    }

    public void Mount(string place)
    {
        lock (_lock)
        {
            _away.Remove(place);
        }
    }

    /// <summary>Every file, those of places that are away too: what somebody finds who gets hold of all disks.</summary>
    public IReadOnlyDictionary<string, byte[]> All
    {
        get
        {
            lock (_lock)
            {
                return _files.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
            }
        }
    }

    public T Do<T>(string path, bool writes, Func<Dictionary<string, byte[]>, HashSet<string>, T> act)
    {
        lock (_lock)
        {
            if (writes && IsAway(path))
            {
                throw new StingException("KeyFileUnavailable", FailureKind.Io, $"'{path}': the place is not mounted (simulated).", path, "Mount it.");
            }
            return act(_files, _folders);
        }
    }

    public bool IsAway(string path) => _away.Any(place => path.StartsWith(place, StringComparison.Ordinal));

    public bool TryLock(string path, object holder)
    {
        lock (_lock)
        {
            return _locks.TryAdd(path, holder);
        }
    }

    public void Unlock(object holder)
    {
        lock (_lock)
        {
            foreach (var (path, _) in _locks.Where(held => ReferenceEquals(held.Value, holder)).ToList())
            {
                _locks.Remove(path);
            }
        }
    }
}

/// <summary>One running host's way to key files: each write is a step of the schedule, in which the host can crash.</summary>
internal class HostKeyFiles(SimulatedDisk disk, Gate gate) : IKeyFiles
{
    private readonly List<object> _held = [];

    public virtual byte[]? Read(string path, long offset = 0) =>
        gate.IsDown ? throw new HostCrashed() : disk.Do(path, false, (files, _) => !disk.IsAway(path) && files.TryGetValue(path, out var bytes) ? bytes[(int)Math.Min(offset, bytes.Length)..] : null);

    public virtual bool Create(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        return gate.Enter("create", path, () => disk.Do(path, true, (files, folders) => Within(folders, path) && files.TryAdd(path, bytes)));
    }

    public virtual void Replace(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        gate.Enter("replace", path, () => disk.Do(path, true, (files, folders) => Within(folders, path) ? files[path] = bytes : bytes));
    }

    public void Append(string path, long length, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        bool Add(int count) => disk.Do(path, true, (files, _) =>
        {
            files[path] = [.. files.TryGetValue(path, out var before) ? before.AsSpan(0, (int)length) : throw Failed(path), .. bytes.AsSpan(0, count)];
            return true;
        });
        gate.Enter("append", path, () => Add(bytes.Length), random => Add(random.Next(bytes.Length + 1)));
    }

    public void Rename(string path, string newPath) => gate.Enter("rename", newPath, () => disk.Do(newPath, true, (files, _) => files.Remove(path, out var bytes) ? files[newPath] = bytes : throw Failed(path)));

    public void Delete(string path) => gate.Enter("delete", path, () => disk.Do(path, true, (files, _) => files.Remove(path)));

    public virtual void Destroy(string path) => gate.Enter("destroy", path, () => disk.Do(path, true, (files, _) => files.Remove(path)), _ => disk.Do(path, true, (files, _) => files.ContainsKey(path) ? files[path] = [] : []));

    public IReadOnlyList<string>? List(string folder) => gate.IsDown ? throw new HostCrashed()
        : disk.Do(folder, false, (files, folders) => disk.IsAway(folder) || !folders.Contains(folder) ? null : (IReadOnlyList<string>)[.. files.Keys.Where(path => Path.GetDirectoryName(path) == folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)]);

    public void MakeFolder(string path) => gate.Enter("mkdir", path, () => disk.Do(path, true, (_, folders) =>
    {
        for (var folder = path; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            folders.Add(folder);
        }
        return true;
    }));

    public bool IsExposed(string path) => false;

    /// <summary>A lock that another host holds is not waited for: simulated people try again later.</summary>
    public ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel)
    {
        var holder = new Held(this);
        return disk.TryLock(path, holder) ? ValueTask.FromResult<IDisposable>(holder)
            : throw new StingException("KeysBusy", FailureKind.Busy, $"Another job holds the keys: '{path}' is locked (simulated).", path, "Wait for the other job to end, then try again.");
    }

    /// <summary>The system drops the locks of a host that is gone.</summary>
    public void DropLocks()
    {
        foreach (var holder in _held.ToList())
        {
            disk.Unlock(holder);
        }
    }

    private static bool Within(HashSet<string> folders, string path) => folders.Contains(Path.GetDirectoryName(path)!) ? true : throw Failed(path);

    private static StingException Failed(string path) => new("KeyFileUnavailable", FailureKind.Io, $"'{path}': no such file or folder (simulated).", path, "Look.");

    private sealed class Held : IDisposable
    {
        private readonly HostKeyFiles _of;

        public Held(HostKeyFiles of)
        {
            _of = of;
            of._held.Add(this);
        }

        public void Dispose()
        {
            if (!_of.GateIsDown)
            {
                _of.Disk.Unlock(this);   // a host that is down has lost them already, to whoever came since
            }
        }
    }

    private bool GateIsDown => gate.IsDown;
    protected SimulatedDisk Disk => disk;
}
