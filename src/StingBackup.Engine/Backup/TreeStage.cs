using System.Threading.Channels;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Takes finished items in path order, builds each subject's tree of each class, and writes the caches of this run. A class whose items come in several stages is
/// built at the end, of the first stage's items and the others' sorted in.
/// </summary>
internal sealed class TreeStage : IDisposable
{
    private readonly RunStore _store;
    private readonly RunCaches _caches;
    private readonly BackupCounters _counters;
    private readonly Codec _codec;
    private readonly byte[] _scratch = new byte[Codec.Bound(PackFormat.MaxRawLength)];
    private readonly Dictionary<(DataClass Class, RunSubject Subject), TreeBuilder> _builders = [];
    private readonly List<PageSink> _sinks = [];
    /// <summary>Items of later stages, a few thousand tables and latecomers.</summary>
    private readonly Dictionary<DataClass, List<CachedItem>> _later = [];
    private readonly Dictionary<string, RunSubject> _subjects = new(StringComparer.Ordinal);
    private readonly HashSet<(DataClass Class, OpenedSource Origin)> _met = [];

    public TreeStage(RunStore store, RunCaches caches, BackupCounters counters, int zstdLevel)
    {
        _store = store;
        _caches = caches;
        _counters = counters;
        _codec = new Codec(zstdLevel);
    }

    /// <summary>Counts what need not be stored.</summary>
    public DeduplicationCount Files { get; } = new();

    /// <summary>Sees each item that is done; null where nobody watches.</summary>
    public AnomalyObserver? Observer { get; init; }

    /// <summary>Told of what the next run must look at; null where there is no journal of changes.</summary>
    public ScanWitness? Witness { get; init; }

    /// <summary>Takes a stage's batches until its scan ends.</summary>
    public async Task RunAsync(CaptureStage stage, ChannelReader<ScanBatch> batches, CancellationToken cancel)
    {
        await foreach (var batch in batches.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            await batch.Done.WaitAsync(cancel).ConfigureAwait(false);
            var leaves = 0;
            for (var i = 0; i <= batch.Items.Count; i++)
            {
                for (; leaves < batch.Leaves.Count && batch.Leaves[leaves].Before == i; leaves++)
                {
                    Add(batch.Leaves[leaves]);
                }
                if (i < batch.Items.Count)
                {
                    Add(stage, batch.Items[i]);
                }
            }
        }
    }

    /// <summary>Whether a class has items of other sources than some.</summary>
    public bool HasItemsOfOthers(DataClass dataClass, IReadOnlyCollection<ReserveSource> sources) => _met.Any(m => m.Class == dataClass && !sources.Contains(m.Origin.Source));

    /// <summary>Writes the roots and the subject tables; returns what each class amounts to.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="carried">Those of them that keep what the point before has of sources that failed.</param>
    /// <param name="subjectOf">A subject by name; null for one that has no keys any more.</param>
    public IReadOnlyList<PointClass> Finish(IReadOnlyCollection<DataClass> classes, IReadOnlyCollection<CarriedClass> carried, Func<string, RunSubject?> subjectOf)
    {
        foreach (var dataClass in classes.Where(_caches.IsStaged))
        {
            BuildStaged(dataClass, carried.FirstOrDefault(c => c.Class == dataClass), subjectOf);
        }
        var rows = classes.ToDictionary(c => c, _ => new List<SubjectRow>());
        foreach (var ((dataClass, subject), builder) in _builders.Where(b => rows.ContainsKey(b.Key.Class)))
        {
            var tree = builder.Finish();
            rows[dataClass].Add(new SubjectRow(subject.Pseudonym, tree.Root, tree.Items, tree.Length));
        }
        return [.. rows.OrderBy(r => r.Key).Select(r => StoreTable(r.Key, r.Value))];
    }

    private void Add(CaptureStage stage, ScanItem item)
    {
        if (item.Result is not { } entry)
        {
            _counters.AddFailed(item.Class);
            Witness?.Revisit(item.Class, item.Path);   // it is tried again, whether or not it changes
            return;
        }
        _met.Add((item.Class, item.Origin));
        Files.Add(item);
        Observer?.See(item);
        var cached = new CachedItem(item.Stamp, item.Class, item.Subject.Keys.Name, entry) { Mark = item.Subject.Mark, Facts = item.Facts };
        if (!_caches.IsStaged(item.Class))
        {
            Add(item.Subject, cached);
            return;
        }
        _subjects.TryAdd(item.Subject.Keys.Name, item.Subject);
        if (stage == CaptureStage.Content)
        {
            _caches.EarlyOf(item.Class).Add(cached);
            return;
        }
        if (!_later.TryGetValue(item.Class, out var later))
        {
            _later.Add(item.Class, later = []);
        }
        later.Add(cached);
    }

    /// <summary>A leaf in which nothing changed: the scan of the first stage alone gives them.</summary>
    private void Add(CarriedLeaf carried)
    {
        var leaf = carried.Leaf;
        _met.Add((carried.Class, carried.Origin));
        Files.Keep(leaf.DataLength);
        Observer?.Keep(carried.Class, carried.Subject, leaf.Files);
        if (_caches.IsStaged(carried.Class))
        {
            _subjects.TryAdd(carried.Subject.Keys.Name, carried.Subject);
            _caches.EarlyOf(carried.Class).Copy(leaf);
            return;
        }
        Add(carried.Class, carried.Subject, leaf);
    }

    /// <summary>Takes a leaf over where the tree is at the end of one; else its items, until it is.</summary>
    private void Add(DataClass dataClass, RunSubject subject, CachedLeaf leaf)
    {
        if (BuilderOf(dataClass, subject).TryAdd(leaf.Child))
        {
            _caches.Of(dataClass).Copy(leaf);
            return;
        }
        foreach (var item in leaf.Open())
        {
            Add(subject, item);
        }
    }

    /// <summary>Sorts the later stages' items in among the first one's, and what is carried over in the place of what failed sources gave.</summary>
    private void BuildStaged(DataClass dataClass, CarriedClass? carried, Func<string, RunSubject?> subjectOf)
    {
        var later = _later.GetValueOrDefault(dataClass, []);
        later.Sort(static (a, b) => a.Entry.Path.CompareTo(b.Entry.Path));
        var others = carried is null ? later : Merge(later.Where(item => !carried.Holds(item.Entry.Path)), carried.Items);
        using var next = others.GetEnumerator();
        var more = next.MoveNext();
        foreach (var (leaf, early) in _caches.ReadEarly(dataClass))
        {
            AddUpTo(leaf?.First ?? early!.Entry.Path);
            if (leaf is null)
            {
                if (carried?.Holds(early!.Entry.Path) != true)
                {
                    AddOf(early!);
                }
            }
            else if ((!more || next.Current.Entry.Path > leaf.Last) && SubjectOf(leaf.Subject) is { } subject)
            {
                Add(dataClass, subject, leaf);
            }
            else
            {
                foreach (var item in leaf.Open())
                {
                    AddUpTo(item.Entry.Path);
                    AddOf(item);
                }
            }
        }
        AddUpTo(null);

        void AddUpTo(EntryPath? path)
        {
            for (; more && (path is null || next.Current.Entry.Path < path); more = next.MoveNext())
            {
                AddOf(next.Current);
            }
        }

        void AddOf(CachedItem item)
        {
            // Whoever was erased since is not carried over.
            if (SubjectOf(item.Subject) is { } subject)
            {
                Add(subject, item);
            }
        }

        RunSubject? SubjectOf(string name) => _subjects.GetValueOrDefault(name) ?? subjectOf(name);
    }

    private static IEnumerable<CachedItem> Merge(IEnumerable<CachedItem> first, IEnumerable<CachedItem> second)
    {
        using var next = second.GetEnumerator();
        var more = next.MoveNext();
        foreach (var item in first)
        {
            for (; more && next.Current.Entry.Path < item.Entry.Path; more = next.MoveNext())
            {
                yield return next.Current;
            }
            yield return item;
        }
        for (; more; more = next.MoveNext())
        {
            yield return next.Current;
        }
    }

    private void Add(RunSubject subject, CachedItem item)
    {
        var cache = _caches.Of(item.Class);
        cache.Add(item);
        if (BuilderOf(item.Class, subject).Add(item.Entry) is { } leaf)
        {
            cache.EndLeaf(leaf);
        }
    }

    private TreeBuilder BuilderOf(DataClass dataClass, RunSubject subject)
    {
        if (!_builders.TryGetValue((dataClass, subject), out var builder))
        {
            var sink = new PageSink(this, subject);
            _sinks.Add(sink);
            _builders.Add((dataClass, subject), builder = new TreeBuilder(subject.Keys.Name, subject.Seed, sink));
        }
        return builder;
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
