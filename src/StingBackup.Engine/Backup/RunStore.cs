using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Where a run puts its chunks and pages: tells the new from the known, fills packs, keeps their tables for the index fragment.
/// Any worker may call it; whoever fills a pack seals and stores it, so producers slow down when the store does.
/// </summary>
internal sealed class RunStore : IDisposable
{
    /// <summary>Entries after which an index fragment is written in mid-run, so that a run of any size holds few in memory.</summary>
    private const int CheckpointEntries = 1 << 20;
    /// <summary>Packs after which a barrier starts in the background: the disk works while the run computes.</summary>
    private const int BarrierPacks = 8;

    private readonly IObjectStore _store;
    private readonly RepositoryIndex _index;
    private readonly IReadOnlySet<Id16> _trusted;
    private readonly WriterIdentity _identity;
    private readonly RunJournal _journal;
    private readonly PackAssembler _assembler;
    private readonly ConcurrentDictionary<Id32, byte> _claimed = new();
    private readonly PackQueue _data, _physical, _meta;
    private readonly Lock _tablesLock = new();
    private readonly SemaphoreSlim _checkpoint = new(1);
    private readonly CancellationToken _cancel;
    private IndexContent _content = new();
    private Task _barrier = Task.CompletedTask;
    private long _bytesStored, _packs;

    public RunStore(IObjectStore store, RepositoryIndex index, IReadOnlySet<Id16> trusted, WriterIdentity identity, RunJournal journal, PackSizes sizes, CancellationToken cancel)
    {
        _store = store;
        _index = index;
        _trusted = trusted;
        _identity = identity;
        _journal = journal;
        _cancel = cancel;
        _assembler = new PackAssembler(identity.Reserve, identity.Writer, identity.Sequence);
        _data = new PackQueue(ObjectKind.DataPack, sizes.Data, slabs: 2);
        _physical = new PackQueue(ObjectKind.DataPack, sizes.Data, slabs: 2);
        _meta = new PackQueue(ObjectKind.MetaPack, sizes.Meta, slabs: 2);
    }

    /// <summary>Bytes handed to the store so far.</summary>
    public long BytesStored => Interlocked.Read(ref _bytesStored);

    /// <summary>True once for each id that the repository lacks: the caller must then add the chunk.</summary>
    public bool Claim(Id32 id) => !_index.TryFindTrusted(id, _trusted, out _) && _claimed.TryAdd(id, 0);

    /// <summary>True when a chunk is in the repository, or will be once this run is committed.</summary>
    public bool Holds(Id32 id) => _index.TryFindTrusted(id, _trusted, out _) || _claimed.ContainsKey(id);

    /// <summary>Stores a chunk of file content. Captures of whole servers get packs of their own: they end early, and are locked for no longer.</summary>
    public void AddData(ISegmentOwner owner, Id32 id, ChunkCodec codec, ReadOnlySpan<byte> body, int rawLength, bool isPhysical) =>
        Add(isPhysical ? _physical : _data, owner, id, ChunkType.Data, codec, [], body, rawLength);

    /// <summary>Stores a tree page or a page of the subject table.</summary>
    public void AddPage(ISegmentOwner owner, Id32 id, ChunkType type, ChunkCodec codec, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body, int rawLength) =>
        Add(_meta, owner, id, type, codec, table, body, rawLength);

    /// <summary>Writes what is still open, waits until all of it is durable, writes the index.</summary>
    public async ValueTask CompleteAsync()
    {
        foreach (var queue in (ReadOnlySpan<PackQueue>)[_data, _physical, _meta])
        {
            if (queue.TakeRest() is { } rest)
            {
                Seal(queue, rest);
            }
        }
        await _barrier.ConfigureAwait(false);
        await WriteIndexAsync().ConfigureAwait(false);
    }

    private void Add(PackQueue queue, ISegmentOwner owner, Id32 id, ChunkType type, ChunkCodec codec, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body, int rawLength)
    {
        if (queue.Add(owner, id, type, codec, table, body, rawLength, _cancel) is { } full)
        {
            Seal(queue, full);
        }
    }

    private void Seal(PackQueue queue, PackSlab slab)
    {
        PackTables tables;
        var output = queue.RentOutput(_cancel);
        try
        {
            tables = _assembler.Assemble(slab, queue.Kind, ref output, out var length);
            queue.Return(slab);
            _journal.Add(tables.Pack.Name);
            _store.StageAsync(tables.Pack.Name, output.Memory[..length], _cancel).AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            queue.ReturnOutput(output);
        }
        Interlocked.Add(ref _bytesStored, tables.Pack.Length);
        bool checkpoint;
        lock (_tablesLock)
        {
            _content.Add(tables);
            checkpoint = _content.Entries.Count >= CheckpointEntries;
            if (++_packs % BarrierPacks == 0 && _barrier.IsCompletedSuccessfully)
            {
                _barrier = Task.Run(async () => await _store.BarrierAsync(_cancel).ConfigureAwait(false), _cancel);
            }
        }
        if (checkpoint)
        {
            WriteIndexAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private async ValueTask WriteIndexAsync()
    {
        await _checkpoint.WaitAsync(_cancel).ConfigureAwait(false);
        try
        {
            IndexContent content;
            lock (_tablesLock)
            {
                (content, _content) = (_content, new IndexContent());
            }
            // Every pack that the fragment names was staged before this barrier.
            await _store.BarrierAsync(_cancel).ConfigureAwait(false);
            if (content.Packs.Count > 0)
            {
                Interlocked.Add(ref _bytesStored, await IndexFragment.PutAsync(_store, content, _identity, level: 0, _cancel).ConfigureAwait(false));
            }
        }
        finally
        {
            _checkpoint.Release();
        }
    }

    public void Dispose()
    {
        _checkpoint.Dispose();
        _data.Dispose();
        _physical.Dispose();
        _meta.Dispose();
    }
}
