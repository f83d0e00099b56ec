using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>What one worker thread keeps for itself: zstd contexts, hash states, scratch. Nothing of it is shared or locked.</summary>
internal sealed class ReadWorker(RunStore store, BackupCounters counters, int zstdLevel) : IDisposable
{
    private readonly Codec _codec = new(zstdLevel);
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(Codec.Bound(1 << 20));
    private readonly Dictionary<RunSubject, ChunkIds> _ids = new(ReferenceEqualityComparer.Instance);
    private RunSubject? _lastSubject;
    private ChunkIds? _lastIds;

    /// <summary>Room for a bundle of small files and one more behind it.</summary>
    public byte[] Bundle { get; } = GC.AllocateUninitializedArray<byte>(FileReader.BundleMaximum + FileReader.SmallFile);

    /// <summary>Hashes a chunk and, when the repository lacks it, compresses and stores it.</summary>
    public Id32 Store(ScanItem item, ReadOnlySpan<byte> raw)
    {
        var subject = item.Subject;
        var id = IdsOf(subject).Compute((byte)ChunkType.Data, raw);
        if (store.Claim(id))
        {
            var (codec, length) = _codec.Compress(raw, _scratch);
            store.AddData(subject, id, codec, codec == ChunkCodec.Raw ? raw : _scratch.AsSpan(0, length), raw.Length, isPhysical: item.Class == DataClass.Physical);
            counters.AddNew(raw.Length);
            item.HasNew = true;
            subject.AddNew(raw.Length, codec == ChunkCodec.Raw ? raw.Length : length);
        }
        return id;
    }

    private ChunkIds IdsOf(RunSubject subject)
    {
        if (!ReferenceEquals(subject, _lastSubject))
        {
            if (!_ids.TryGetValue(subject, out _lastIds))
            {
                _ids.Add(subject, _lastIds = new ChunkIds(subject.Keys.IdKey));
            }
            _lastSubject = subject;
        }
        return _lastIds!;
    }

    public void Dispose()
    {
        _codec.Dispose();
        foreach (var ids in _ids.Values)
        {
            ids.Dispose();
        }
    }
}
