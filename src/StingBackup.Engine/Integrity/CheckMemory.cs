using System.Buffers.Binary;
using System.IO.Hashing;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Which pack of a tier was last read whole when, and at which level: <c>state/tiers/&lt;tier&gt;/checked</c>, 48 bytes a pack. A cache: what is lost or damaged only means that packs are read again.
/// Safe to use from many threads.
/// </summary>
/// <remarks>Layout: magic 8 · reserve 16 · count u64 · rows of pack id 32, time of the last check at level Packs i64, at level Data i64 (nanoseconds since 1970 UTC, 0 for never), ascending · XXH64 of all before.</remarks>
internal sealed class CheckMemory
{
    private const int RowSize = Id32.Size + 16, HeaderSize = 8 + Id16.Size + 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<Id32, (long Packs, long Data)> _times;
    private readonly HashSet<Id32> _spoiled = [];
    private readonly string _path;
    private readonly Id16 _reserve;

    private CheckMemory(string path, Id16 reserve, Dictionary<Id32, (long, long)> times) => (_path, _reserve, _times) = (path, reserve, times);

    private static ReadOnlySpan<byte> Magic => "STCHECK1"u8;

    /// <summary>Reads what is remembered of a tier; nothing where that cannot be used.</summary>
    public static CheckMemory Load(Installation installation, Tier tier)
    {
        var path = Path.Combine(installation.TierFolder(tier), "checked");
        return new CheckMemory(path, installation.Reserve, Read(path, installation.Reserve));
    }

    /// <summary>When a pack was last read whole at a level, or a deeper one; 0 for never.</summary>
    public long LastNs(Id32 pack, IntegrityLevel level)
    {
        lock (_gate)
        {
            var (packs, data) = _times.GetValueOrDefault(pack);
            return level >= IntegrityLevel.Data ? data : Math.Max(packs, data);
        }
    }

    /// <summary>A pack was read whole and is sound.</summary>
    public void Note(Id32 pack, IntegrityLevel level, long nowNs)
    {
        lock (_gate)
        {
            var (packs, data) = _times.GetValueOrDefault(pack);
            _times[pack] = level >= IntegrityLevel.Data ? (packs, nowNs) : (nowNs, data);
        }
    }

    /// <summary>A pack is damaged: it counts as never checked, and comes first next time.</summary>
    public void Spoil(Id32 pack)
    {
        lock (_gate)
        {
            _spoiled.Add(pack);
            _times[pack] = default;
        }
    }

    /// <summary>Remembers just the packs that there are: new ones as never checked.</summary>
    public void Keep(IReadOnlyCollection<Id32> present)
    {
        lock (_gate)
        {
            var all = present.ToHashSet();
            foreach (var gone in _times.Keys.Where(p => !all.Contains(p)).ToList())
            {
                _times.Remove(gone);
            }
            foreach (var pack in all)
            {
                _times.TryAdd(pack, default);
            }
        }
    }

    /// <summary>How many packs, how many of them were never read whole, and when the one was that waits longest.</summary>
    public (long Packs, long Never, long? OldestNs) Summary()
    {
        lock (_gate)
        {
            long never = 0;
            long? oldest = null;
            foreach (var (packs, data) in _times.Values)
            {
                var last = Math.Max(packs, data);
                never += last == 0 ? 1 : 0;
                oldest = last == 0 ? oldest : Math.Min(oldest ?? last, last);
            }
            return (_times.Count, never, oldest);
        }
    }

    /// <summary>Writes it in the place of what was remembered; what another verification noted meanwhile stays.</summary>
    public void Save(Action<string> warn)
    {
        lock (_gate)
        {
            foreach (var (pack, (packs, data)) in Read(_path, _reserve))
            {
                if (_times.TryGetValue(pack, out var own) && !_spoiled.Contains(pack))
                {
                    _times[pack] = (Math.Max(own.Packs, packs), Math.Max(own.Data, data));
                }
            }
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
                var unfinished = $"{_path}.{Path.GetRandomFileName()}";
                File.WriteAllBytes(unfinished, Format());
                Durable.Replace(unfinished, _path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                warn($"Which packs were checked could not be remembered in '{_path}': {e.Message} They are read again next time.");
            }
        }
    }

    private byte[] Format()
    {
        var bytes = new byte[HeaderSize + RowSize * _times.Count + 8];
        Magic.CopyTo(bytes);
        _reserve.CopyTo(bytes.AsSpan(8));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 + Id16.Size), _times.Count);
        var at = HeaderSize;
        foreach (var (pack, (packs, data)) in _times.OrderBy(t => t.Key))
        {
            pack.CopyTo(bytes.AsSpan(at));
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + Id32.Size), packs);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + Id32.Size + 8), data);
            at += RowSize;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), XxHash64.HashToUInt64(bytes.AsSpan(0, at)));
        return bytes;
    }

    private static Dictionary<Id32, (long, long)> Read(string path, Id16 reserve)
    {
        var times = new Dictionary<Id32, (long, long)>();
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length < HeaderSize + 8 || !bytes.AsSpan(0, 8).SequenceEqual(Magic) || new Id16(bytes.AsSpan(8)) != reserve
                || (bytes.Length - HeaderSize - 8) % RowSize != 0 || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8)) != XxHash64.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)))
            {
                return times;
            }
            for (var at = HeaderSize; at < bytes.Length - 8; at += RowSize)
            {
                times[new Id32(bytes.AsSpan(at))] = (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + Id32.Size)), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + Id32.Size + 8)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing is remembered yet, or not to be read.
        }
        return times;
    }
}
