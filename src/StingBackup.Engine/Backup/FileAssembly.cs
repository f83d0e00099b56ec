using StingBackup.Engine.Basics;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>Puts a long file's extents together, whoever stores its blocks in whatever order.</summary>
internal sealed class FileAssembly(ScanItem item, FileStamp stamp)
{
    private readonly Lock _lock = new();
    private readonly List<(long Offset, Id32[] Ids, List<int> Cuts)?> _parts = [];
    private readonly List<long> _offsets = [];
    private Action<IReadOnlyList<Extent>, long>? _complete;
    private int _open = 1;

    public ScanItem Item { get; } = item;
    /// <summary>Takes samples of its content; null where nobody looks.</summary>
    public LongLook? Look { get; init; }

    public int Begin(long offset)
    {
        lock (_lock)
        {
            _parts.Add(null);
            _offsets.Add(offset);
            _open++;
            return _parts.Count - 1;
        }
    }

    public void End(int part, Id32[] ids, List<int> cuts)
    {
        lock (_lock)
        {
            _parts[part] = (_offsets[part], ids, cuts);
        }
        Close();
    }

    /// <summary>No more parts come; <paramref name="complete"/> runs when the last one has ended, here or on another worker.</summary>
    public void Close(Action<IReadOnlyList<Extent>, long> complete)
    {
        _complete = complete;
        Close();
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            var extents = Extents(out var length);
            _complete!(extents, length);
        }
    }

    /// <summary>What was read, holes between; a file cut short meanwhile ends in a hole, so that lengths always add up.</summary>
    private List<Extent> Extents(out long length)
    {
        var extents = new List<Extent>();
        var at = 0L;
        foreach (var part in _parts)
        {
            var (offset, ids, cuts) = part!.Value;
            if (offset > at)
            {
                extents.Add(new Extent(default, 0, offset - at));
                at = offset;
            }
            for (int i = 0, from = 0; i < ids.Length; from = cuts[i++])
            {
                extents.Add(new Extent(ids[i], 0, cuts[i] - from));
                at += cuts[i] - from;
            }
        }
        if (at < stamp.Length)
        {
            extents.Add(new Extent(default, 0, stamp.Length - at));
        }
        length = Math.Max(at, stamp.Length);
        return extents;
    }
}
