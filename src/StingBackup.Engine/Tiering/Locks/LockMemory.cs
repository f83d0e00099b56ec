using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Tiering.Locks;

/// <summary>
/// Until when this host has seen each object of a tier locked, in <c>state/tiers/</c>, so that a sync asks only about what is new or due. A cache: what is lost is asked for again, and what stands in it lets nothing go
/// and keeps nothing; it is looked up before a deletion that the bucket would refuse anyway.
/// </summary>
internal sealed class LockMemory
{
    private readonly string _file;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _changed;

    private LockMemory(string file) => _file = file;

    /// <summary>Reads it; an empty one where there is none, or it cannot be read.</summary>
    public static LockMemory Read(Installation installation, Tier tier)
    {
        var memory = new LockMemory(Path.Combine(installation.MemoryOf(tier).Folder, $"{tier.ToString().ToLowerInvariant()}.locks"));
        try
        {
            foreach (var line in File.Exists(memory._file) ? File.ReadLines(memory._file) : [])
            {
                var fields = line.Split(' ');
                if (fields.Length == 3 && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var day))
                {
                    memory._entries[fields[0]] = new Entry(DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, 253_402_300_799)), day);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            memory._entries.Clear();
        }
        return memory;
    }

    /// <summary>Ends of locks by name.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Ends
    {
        get
        {
            lock (_gate)
            {
                return _entries.Where(e => e.Value.Until > DateTimeOffset.UnixEpoch).ToDictionary(e => e.Key, e => e.Value.Until, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Until when an object is locked; null when that is not known.</summary>
    public DateTimeOffset? EndOf(string name)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(name, out var entry) && entry.Until > DateTimeOffset.UnixEpoch ? entry.Until : null;
        }
    }

    /// <summary>The day on which the last capture of a whole server ends that was seen to have content in a pack; 0 for none.</summary>
    public int PhysicalDay(string name)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(name).PhysicalDay;
        }
    }

    /// <summary>Notes a lock.</summary>
    public void Set(string name, DateTimeOffset until)
    {
        lock (_gate)
        {
            _entries[name] = _entries.GetValueOrDefault(name) with { Until = until };
            _changed = true;
        }
    }

    /// <summary>Notes that a capture of a whole server has content in a pack.</summary>
    public void SetPhysical(string name, int day)
    {
        lock (_gate)
        {
            if (_entries.GetValueOrDefault(name) is var entry && entry.PhysicalDay < day)
            {
                _entries[name] = entry with { PhysicalDay = day };
                _changed = true;
            }
        }
    }

    /// <summary>Writes what changed, less what is not on the tier any more.</summary>
    public void Write(Func<string, bool> isThere)
    {
        lock (_gate)
        {
            if (!_changed)
            {
                return;
            }
            foreach (var gone in _entries.Keys.Where(name => !isThere(name)).ToList())
            {
                _entries.Remove(gone);
            }
            StateFile.CreateFolder(Path.GetDirectoryName(_file)!);
            File.WriteAllLines(_file + ".new", _entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Key} {Math.Max(0, e.Value.Until.ToUnixTimeSeconds())} {e.Value.PhysicalDay}")));
            File.Move(_file + ".new", _file, overwrite: true);
            _changed = false;
        }
    }

    private readonly record struct Entry(DateTimeOffset Until, int PhysicalDay);
}
