using System.IO.Hashing;
using System.Runtime.InteropServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Counts what a run need not store, apart: whole files whose content one known file has, and beyond them the single chunks that the repository had. A file is known when this run has it elsewhere, or the host's cache has it of
/// the run before. Of small files, which share chunks, only those are known that stand under their own path. Used by one thread.
/// </summary>
internal sealed class DeduplicationCount
{
    /// <summary>Content of long files that were read and do not stand as they are under their own path: how many files have it, its bytes, and whether any of it was new.</summary>
    private readonly Dictionary<ulong, (long Files, long Length, bool HasNew)> _read = [];
    private long _total, _whole;

    /// <summary>Takes a finished item.</summary>
    public void Add(ScanItem item)
    {
        var extents = item.Result!.Extents;
        var length = LengthOf(extents);
        _total += length;
        if (length == 0)
        {
            return;
        }
        if (item.IsReused || item.Known == KeyOf(extents))
        {
            _whole += length;
        }
        else if (item.Result.Length >= FileReader.SmallFile)
        {
            ref var same = ref CollectionsMarshal.GetValueRefOrAddDefault(_read, KeyOf(extents), out _);
            same = (same.Files + 1, length, same.HasNew || item.HasNew);
        }
    }

    /// <summary>Takes files that are as they were.</summary>
    public void Keep(long length)
    {
        _total += length;
        _whole += length;
    }

    /// <summary>The sums.</summary>
    /// <param name="last">The items of the run before; asked only where a file may have come from another path.</param>
    /// <param name="added">Bytes of chunks that the repository did not have.</param>
    public PointDeduplication Sum(Func<IEnumerable<CachedItem>> last, long added)
    {
        _whole += _read.Values.Sum(same => (same.Files - 1) * same.Length);
        var wanted = _read.Where(same => !same.Value.HasNew).Select(same => same.Key).ToHashSet();
        if (wanted.Count > 0)
        {
            foreach (var item in last())
            {
                if (item.Entry.Length >= FileReader.SmallFile && KeyOf(item.Entry.Extents) is { } key && wanted.Remove(key))
                {
                    _whole += _read[key].Length;
                }
            }
        }
        // What was read again since it changed meanwhile is new without being of any file.
        var whole = Math.Min(_whole, _total);
        return new PointDeduplication(whole, Math.Max(0, _total - whole - added), added);
    }

    /// <summary>What stands for a file's content: the ids of its chunks and where they lie in it.</summary>
    public static ulong KeyOf(IReadOnlyList<Extent> extents)
    {
        var hash = new XxHash64();
        Span<byte> part = stackalloc byte[Id32.Size + 16];
        foreach (var extent in extents)
        {
            extent.Id.CopyTo(part);
            BitConverter.TryWriteBytes(part[Id32.Size..], (long)extent.Offset);
            BitConverter.TryWriteBytes(part[(Id32.Size + 8)..], extent.Length);
            hash.Append(part);
        }
        return hash.GetCurrentHashAsUInt64();
    }

    private static long LengthOf(IReadOnlyList<Extent> extents)
    {
        var length = 0L;
        foreach (var extent in extents)
        {
            length += extent.IsHole ? 0 : extent.Length;
        }
        return length;
    }
}
