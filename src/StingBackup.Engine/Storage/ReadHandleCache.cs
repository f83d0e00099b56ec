using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Keeps the files read last open: a pack is read many times, in ranges. Objects never change, so an open file cannot be stale.
/// A file in use is closed only when its last reader has let it go.
/// </summary>
internal sealed class ReadHandleCache(int capacity) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();   // the last used first

    /// <summary>Lends an open file; it is given back by <see cref="Return"/>.</summary>
    public Entry Rent(string name, Func<string, SafeFileHandle> open)
    {
        if (TryRent(name) is { } known)
        {
            return known;
        }
        var file = open(name);
        lock (_gate)
        {
            if (_byName.TryGetValue(name, out var other))   // another reader was faster
            {
                file.Dispose();
                return Lend(other);
            }
            while (_byUse.Count >= capacity)
            {
                Forget(_byUse.Last!);
            }
            var node = _byUse.AddFirst(new Entry(name, file));
            _byName.Add(name, node);
            return Lend(node);
        }
    }

    /// <summary>Takes a file back.</summary>
    public void Return(Entry entry)
    {
        lock (_gate)
        {
            entry.Readers--;
            CloseIfDone(entry);
        }
    }

    /// <summary>Forgets a file that was deleted.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            if (_byName.TryGetValue(name, out var node))
            {
                Forget(node);
            }
        }
    }

    /// <summary>Forgets every file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            while (_byUse.Last is { } node)
            {
                Forget(node);
            }
        }
    }

    private Entry? TryRent(string name)
    {
        lock (_gate)
        {
            return _byName.TryGetValue(name, out var node) ? Lend(node) : null;
        }
    }

    private Entry Lend(LinkedListNode<Entry> node)
    {
        if (node.Previous is not null)
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
        }
        node.Value.Readers++;
        return node.Value;
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _byName.Remove(node.Value.Name);
        node.Value.Forgotten = true;
        CloseIfDone(node.Value);
    }

    private static void CloseIfDone(Entry entry)
    {
        if (entry is { Forgotten: true, Readers: 0 })
        {
            entry.File.Dispose();
        }
    }

    /// <summary>An open file. Its counts belong to the cache.</summary>
    internal sealed class Entry(string name, SafeFileHandle file)
    {
        public string Name => name;
        public SafeFileHandle File => file;
        public int Readers { get; set; }
        public bool Forgotten { get; set; }
    }
}
