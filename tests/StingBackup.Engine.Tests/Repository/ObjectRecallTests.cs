using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>A run asks a bucket for what is new, however many restore points there are; and believes nothing for being a copy.</summary>
public sealed class ObjectRecallTests : IAsyncDisposable
{
    private readonly MemoryObjectStore _memory = new();
    private readonly ConcurrentQueue<string> _reads = new();
    private readonly TestInstallation _test;

    public ObjectRecallTests()
    {
        var counted = new FaultyStore(_memory) { Before = (verb, name) => { if (verb == "read") { _reads.Enqueue(name); } } };
        _test = new TestInstallation(counted) { Recalls = true };
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task A_tick_reads_as_many_points_and_fragments_after_many_runs_as_after_few()
    {
        _test.Write("users/7/a.txt", "a"u8);
        for (var i = 0; i < 3; i++)
        {
            await ChangeAsync(i);
        }
        var few = await ReadsOfAsync(() => ChangeAsync(3));
        for (var i = 4; i < 20; i++)
        {
            await ChangeAsync(i);
        }
        var many = await ReadsOfAsync(() => ChangeAsync(20));
        Assert.Equal(few, many);
        // The last point's own bytes, the newest point, its fragment: nothing of before.
        Assert.InRange(many, 1, 4);
    }

    [Fact]
    public async Task What_the_store_has_not_any_more_is_not_recalled()
    {
        await ChangeAsync(0);
        await ChangeAsync(1);
        await ChangeAsync(2);
        var gone = await FirstAsync("points/");
        await _memory.DeleteAsync(gone.Name, default);
        var view = await _test.Installation.LoadViewAsync(null, default);
        Assert.DoesNotContain(view.Points, p => p.Record.ObjectName == gone.Name);
        Assert.Equal(2, view.Points.Count);
    }

    [Fact]
    public async Task Copies_that_are_torn_or_foreign_are_read_from_the_store()
    {
        for (var i = 0; i < 4; i++)
        {
            await ChangeAsync(i);
        }
        await _test.Installation.LoadViewAsync(null, default);
        var signed = Directory.GetFiles(Path.Combine(_test.Root, "cache"), "signed", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(signed);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(signed, bytes.AsMemory(0, bytes.Length - 3));
        foreach (var fragment in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(signed)!, "fragments")))
        {
            var content = await File.ReadAllBytesAsync(fragment);
            content[^1] ^= 1;
            await File.WriteAllBytesAsync(fragment, content);
        }
        _reads.Clear();
        var view = await _test.Installation.LoadViewAsync(null, default);
        Assert.Empty(view.Damage);
        Assert.Equal(4, view.Points.Count);
        Assert.Equal(4, _reads.Count(name => name.StartsWith("index/", StringComparison.Ordinal)));
        Assert.Single(_reads, name => name.StartsWith("points/", StringComparison.Ordinal));
        // And are good again.
        _reads.Clear();
        await _test.Installation.LoadViewAsync(null, default);
        Assert.Empty(_reads);
    }

    [Fact]
    public async Task A_full_run_and_a_verification_look_at_the_store_itself()
    {
        await ChangeAsync(0);
        await ChangeAsync(1);
        await _test.Installation.LoadViewAsync(null, default);
        var point = await FirstAsync("points/");
        var bytes = await _memory.ReadAllAsync(point.Name, default);
        bytes[bytes.Length / 2] ^= 1;
        await _memory.DeleteAsync(point.Name, default);
        await _memory.PutAsync(point.Name, bytes, default);
        Assert.Empty((await _test.Installation.LoadViewAsync(null, default)).Damage);
        var errors = new List<StingException>();
        await _test.BackupAsync(BackupType.Full, errors);
        Assert.Contains(errors, e => e.Target == point.Name);
        var store = await RepositoryView.LoadAsync(_test.Store, _test.Keys.Reserve, _test.Keys.Writers, default);
        Assert.Contains(store.Damage, e => e.Target == point.Name);
    }

    [Fact]
    public async Task A_run_holds_the_chunks_of_its_own_writer_and_knows_others_packs()
    {
        await ChangeAsync(0);
        using var other = new TestKeys();
        var pack = new PackInfo(new Id32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), ObjectKind.DataPack, 100);
        var header = new SegmentHeader { Suite = SegmentHeader.ClearSuite, Pseudonym = default, Generation = 0, SealedKey = Array.Empty<byte>(), Salt = new byte[32], Commitment = new byte[32] };
        var content = new IndexContent();
        content.Packs.Add(pack);
        content.Segments.Add(new SegmentInfo(pack, 60, header));
        content.Entries.Add(new ChunkEntry(new Id32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), 0, 200, 50, 20));
        await IndexFragment.PutAsync(_memory, content, new WriterIdentity(_test.Keys.Reserve, other.Writer, 1, other.Signer), 0, default);
        var both = new Engine.Cryptography.EnrolledWriters([.. _test.Keys.Writers.All, .. other.Writers.All], []);
        var installation = new Installation
        {
            Reserve = _test.Keys.Reserve, ReserveRoot = _test.ReserveRoot, Map = _test.Installation.Map, Store = _test.Store, Host = _test.Installation.Host, Writers = both, UnlockAsync = _test.Installation.UnlockAsync, StateFolder = _test.Installation.StateFolder,
            CacheFolder = _test.Installation.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _test.Clock, Recalls = true,
        };
        var whole = (await installation.LoadViewAsync(null, default)).Index;
        foreach (var type in new[] { BackupType.Incremental, BackupType.Full })
        {
            var own = (await installation.LoadRunViewAsync(type, default)).Index;
            Assert.Equal(whole.Count - 1, own.Count);
            Assert.False(own.TryFind(content.Entries[0].Id, out _));
            Assert.Equal(whole.Packs.Count(), own.Packs.Count());
        }
        Assert.True(whole.TryFind(content.Entries[0].Id, out _));
        Assert.Equal(0, (await installation.LoadPointsAsync(default)).Index.Count);
        // What a look without the index saved has not taken the copies of fragments away.
        _reads.Clear();
        await installation.LoadViewAsync(null, default);
        Assert.DoesNotContain(_reads, name => name.StartsWith("index/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_without_rights_costs_requests_and_nothing_else()
    {
        await File.WriteAllTextAsync(Path.Combine(_test.Root, "cache"), "no folder");
        var recall = new ObjectRecall(Path.Combine(_test.Root, "cache", "x"));
        await _memory.PutAsync("points/a", new byte[10], default);
        Assert.Equal(10, await recall.ReadAsync(_memory, new ObjectInfo("points/a", 10), b => b.Length, default));
        recall.Save();
        Assert.Equal(0, recall.Recalled);
    }

    [Fact]
    public async Task A_tick_lists_what_came_since_where_there_are_many_points_and_everything_where_the_store_is_another_one()
    {
        Id16 one = new([.. Enumerable.Repeat((byte)1, 16)]), two = new([.. Enumerable.Repeat((byte)2, 16)]);
        var names = Enumerable.Range(1, 2 * ObjectRecall.PointsInPage).SelectMany(i => new[] { PointRecord.NameOf(one, i), PointRecord.NameOf(two, i) }).ToList();
        var recall = new ObjectRecall(Path.Combine(_test.Root, "cache", "y"));
        foreach (var name in names)
        {
            await _memory.PutAsync(name, new byte[3], default);
            await recall.ReadAsync(_memory, new ObjectInfo(name, 3), b => b.Length, default);
        }
        recall.Save();
        recall = new ObjectRecall(Path.Combine(_test.Root, "cache", "y"));
        var next = PointRecord.NameOf(two, 2 * ObjectRecall.PointsInPage + 1);
        await _memory.PutAsync(next, new byte[3], default);
        await using var counting = new StingBackup.Bench.Scale.Simulation.CountingStore(_memory);
        var points = await recall.ListPointsAsync(counting, [one, two], default);
        Assert.Equal(2, counting.Take().Lists);
        Assert.Equal(names.Append(next).Order(StringComparer.Ordinal), points.Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(next, await recall.FindLastAsync(counting, $"points/{two}/", default));
        Assert.Equal(1, counting.Take().Lists);
        // The store was put back to an earlier state: what is known says nothing of it.
        await _memory.DeleteAsync(next, default);
        await _memory.DeleteAsync(names[^1], default);
        Assert.Equal(names.Count - 1, (await recall.ListPointsAsync(counting, [one, two], default)).Count);
        Assert.True(counting.Take().Lists > 2);
        Assert.Equal(names[^3], await recall.FindLastAsync(counting, $"points/{two}/", default));
        Assert.Null(await recall.FindLastAsync(counting, "points/none/", default));
    }

    private async Task ChangeAsync(int i)
    {
        _test.Write($"users/7/{i}.txt", [(byte)i, 1, 2]);
        await _test.BackupAsync();
    }

    private async Task<int> ReadsOfAsync(Func<Task> act)
    {
        _reads.Clear();
        await act();
        return _reads.Count(name => name.StartsWith("points/", StringComparison.Ordinal) || name.StartsWith("index/", StringComparison.Ordinal));
    }

    private async Task<ObjectInfo> FirstAsync(string prefix)
    {
        await foreach (var item in _memory.ListAsync(prefix, default))
        {
            return item;
        }
        throw new InvalidOperationException("nothing there");
    }
}
