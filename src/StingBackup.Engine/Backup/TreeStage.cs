using System.Threading.Channels;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>Takes finished items in path order, builds each subject's tree of each class, and writes the cache of this run.</summary>
internal sealed class TreeStage : IDisposable
{
    private readonly RunStore _store;
    private readonly IReadOnlyDictionary<DataClass, HostCacheWriter> _caches;
    private readonly BackupCounters _counters;
    private readonly Codec _codec;
    private readonly byte[] _scratch = new byte[Codec.Bound(PackFormat.MaxRawLength)];
    private readonly Dictionary<(DataClass Class, RunSubject Subject), TreeBuilder> _builders = [];
    private readonly List<PageSink> _sinks = [];

    public TreeStage(RunStore store, IReadOnlyDictionary<DataClass, HostCacheWriter> caches, BackupCounters counters, int zstdLevel)
    {
        _store = store;
        _caches = caches;
        _counters = counters;
        _codec = new Codec(zstdLevel);
    }

    /// <summary>Takes batches until the scan ends.</summary>
    public async Task RunAsync(ChannelReader<ScanBatch> batches, CancellationToken cancel)
    {
        await foreach (var batch in batches.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            await batch.Done.WaitAsync(cancel).ConfigureAwait(false);
            foreach (var item in batch.Items)
            {
                Add(item);
            }
        }
    }

    /// <summary>Writes the roots and the subject tables; returns what each class amounts to.</summary>
    public IReadOnlyList<PointClass> Finish(IEnumerable<DataClass> classes)
    {
        var rows = classes.ToDictionary(c => c, _ => new List<SubjectRow>());
        foreach (var ((dataClass, subject), builder) in _builders)
        {
            var tree = builder.Finish();
            rows[dataClass].Add(new SubjectRow(subject.Pseudonym, tree.Root, tree.Items, tree.Length));
        }
        return [.. rows.OrderBy(r => r.Key).Select(r => StoreTable(r.Key, r.Value))];
    }

    private void Add(ScanItem item)
    {
        if (item.Result is not { } entry)
        {
            _counters.AddFailed(item.Class);
            return;
        }
        if (!_builders.TryGetValue((item.Class, item.Subject), out var builder))
        {
            var sink = new PageSink(this, item.Subject);
            _sinks.Add(sink);
            _builders.Add((item.Class, item.Subject), builder = new TreeBuilder(item.Subject.Keys.Name, item.Subject.Seed, sink));
        }
        builder.Add(entry);
        _counters.AddItem(entry.Length);
        _caches[item.Class].Add(new CachedItem(item.Stamp, item.Class, item.Subject.Keys.Name, entry));
    }

    private PointClass StoreTable(DataClass dataClass, List<SubjectRow> rows)
    {
        rows.Sort(static (a, b) => a.Pseudonym.CompareTo(b.Pseudonym));
        var owner = new ClearOwner();
        var pages = new List<Id32>();
        foreach (var page in SubjectTable.Encode(rows))
        {
            var id = ChunkReader.ClearId(ChunkType.SubjectPage, page);
            pages.Add(id);
            if (_store.Claim(id))
            {
                var (codec, length) = _codec.Compress(page, _scratch);
                _store.AddPage(owner, id, ChunkType.SubjectPage, codec, [], codec == ChunkCodec.Raw ? page : _scratch.AsSpan(0, length), page.Length);
            }
        }
        return new PointClass(dataClass, pages, rows.Count, rows.Sum(r => r.Items), rows.Sum(r => r.Length), _counters.ErrorsOf(dataClass));
    }

    public void Dispose()
    {
        _codec.Dispose();
        _sinks.ForEach(s => s.Dispose());
    }

    /// <summary>Stores one subject's pages.</summary>
    private sealed class PageSink(TreeStage stage, RunSubject subject) : ITreePageSink, IDisposable
    {
        private readonly ChunkIds _ids = new(subject.Keys.IdKey);

        public Id32 Store(TreeTable table, ReadOnlySpan<byte> body)
        {
            var tableBytes = table.ToBytes();
            var id = _ids.Compute((byte)ChunkType.Tree, tableBytes, body);
            if (stage._store.Claim(id))
            {
                var (codec, length) = stage._codec.Compress(body, stage._scratch);
                stage._store.AddPage(subject, id, ChunkType.Tree, codec, tableBytes, codec == ChunkCodec.Raw ? body : stage._scratch.AsSpan(0, length), body.Length);
            }
            return id;
        }

        public void Dispose() => _ids.Dispose();
    }
}
