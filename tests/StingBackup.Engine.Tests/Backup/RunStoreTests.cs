using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>How a run's chunks come into packs, and its packs into the index.</summary>
public sealed class RunStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestKeys _keys = new();
    private readonly MemoryObjectStore _memory = new();
    private readonly ClearOwner _owner = new();

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Dispose();
    }

    private static Id32 NewId() => new(RandomNumberGenerator.GetBytes(Id32.Size));

    private PackSlab? Add(PackQueue queue, int length, CancellationToken cancel = default) => queue.Add(_owner, NewId(), ChunkType.SubjectPage, ChunkCodec.Raw, [], new byte[length], length, cancel);

    [Fact]
    public async Task A_run_that_stores_much_names_its_packs_in_the_index_on_the_way()
    {
        var store = new FaultyStore(_memory);
        var calls = new List<string>();
        store.Before = (verb, name) =>
        {
            lock (calls)   // a barrier may go on in the background
            {
                calls.Add(name.Length == 0 ? verb : $"{verb} {name[..name.IndexOf('/', StringComparison.Ordinal)]}");
            }
        };
        var identity = new WriterIdentity(_keys.Reserve, _keys.Writer, 1, _keys.Signer);
        using var journal = RunJournal.Create(_folder["journals"], 1);
        using var run = new RunStore(store, new RepositoryIndex([]), new HashSet<Id16> { _keys.Writer }, identity, journal, new PackSizes(4096, 4096), default) { CheckpointEntries = 6 };
        List<Id32> ids = [.. Enumerable.Range(0, 20).Select(_ => NewId())];
        foreach (var id in ids)
        {
            Assert.False(run.Holds(id));
            Assert.True(run.Claim(id));
            Assert.False(run.Claim(id));
            Assert.True(run.Holds(id));
            run.AddPage(_owner, id, ChunkType.SubjectPage, ChunkCodec.Raw, [], RandomNumberGenerator.GetBytes(1500), 1500);
        }
        var underway = _memory.Objects.Keys.Count(name => name.StartsWith("index/", StringComparison.Ordinal));
        Assert.InRange(underway, 2, 4);
        await run.CompleteAsync();
        Assert.Equal(underway + 1, calls.Count(call => call == "put index"));
        // Of each fragment the packs were durable before it was written.
        Assert.All(Enumerable.Range(0, calls.Count).Where(i => calls[i] == "put index"), i => Assert.True(calls.LastIndexOf("barrier", i) > calls.LastIndexOf("stage meta", i)));
        var view = await RepositoryView.LoadAsync(_memory, _keys.Reserve, _keys.Writers, default);
        Assert.All(ids, id => Assert.True(view.Index.TryFindTrusted(id, new HashSet<Id16> { _keys.Writer }, out _)));
        Assert.Equal(_memory.Objects.Sum(o => (long)o.Value.Length), run.BytesStored);
    }

    /// <summary>A run that is killed late has most of its packs already: every eighth makes durable what stands before it.</summary>
    [Fact]
    public async Task What_is_stored_becomes_durable_on_the_way_and_not_pack_by_pack()
    {
        var store = new FaultyStore(_memory);
        int packs = 0, barriers = 0;
        store.Before = (verb, _) =>
        {
            if (verb == "stage")
            {
                Interlocked.Increment(ref packs);
            }
            else if (verb == "barrier")
            {
                Interlocked.Increment(ref barriers);
            }
        };
        using var journal = RunJournal.Create(_folder["journals"], 1);
        using var run = new RunStore(store, new RepositoryIndex([]), new HashSet<Id16> { _keys.Writer }, new WriterIdentity(_keys.Reserve, _keys.Writer, 1, _keys.Signer), journal, new PackSizes(4096, 4096), default);
        while (Volatile.Read(ref barriers) < 2)
        {
            Assert.InRange(Volatile.Read(ref barriers), 0, packs / 8);
            Assert.InRange(packs, 0, 10_000);   // one is made when its turn comes, and it and the last before it have had a thread
            await Task.Delay(packs < 8 ? 5 : 1);    // they come in the background, those that should not be too
            var id = NewId();
            Assert.True(run.Claim(id));
            run.AddPage(_owner, id, ChunkType.SubjectPage, ChunkCodec.Raw, [], RandomNumberGenerator.GetBytes(1500), 1500);
        }
        Assert.InRange(_memory.Objects.Count, 8, packs);
        await run.CompleteAsync();
    }

    [Fact]
    public async Task Who_fills_a_pack_while_all_others_are_sealed_waits_for_one_of_them()
    {
        using var queue = new PackQueue(ObjectKind.DataPack, 4096, slabs: 2);
        Assert.Null(queue.TakeRest());
        Assert.Null(Add(queue, 3000));
        var first = Add(queue, 3000);
        Assert.NotNull(first);
        var waiting = Task.Run(() => Add(queue, 3000));
        await Task.Delay(30);
        Assert.False(waiting.IsCompleted);
        queue.Return(first);
        var second = await waiting;
        Assert.Single(second!.Slots);
        queue.Return(second);
        Assert.Single(queue.TakeRest()!.Slots);
        Assert.Null(queue.TakeRest());
    }

    [Fact]
    public void Who_waits_for_a_pack_can_be_stopped()
    {
        using var queue = new PackQueue(ObjectKind.DataPack, 4096, slabs: 1);
        Add(queue, 3000);
        Assert.ThrowsAny<OperationCanceledException>(() => Add(queue, 3000, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_journal_tells_its_packs_until_its_run_is_complete()
    {
        Assert.Empty(RunJournal.Left(_folder["journals"]));
        var (data, meta) = (NewId(), NewId());
        using (var journal = RunJournal.Create(_folder["journals"], 3))
        {
            journal.Add($"data/00/{data}");
            journal.Add($"meta/00/{meta}");
        }
        var (path, packs) = Assert.Single(RunJournal.Left(_folder["journals"]));
        Assert.Equal([(data, ObjectKind.DataPack), (meta, ObjectKind.MetaPack)], packs.Select(pack => (pack.Id, pack.Kind)));
        using (var journal = RunJournal.Create(_folder["journals"], 3))
        {
            journal.Complete();
        }
        Assert.False(File.Exists(path));
    }
}
