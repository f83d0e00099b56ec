using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Repository;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>What a sweep writes anew is what a reader opened before, in packs no longer than they may be; and which packs it takes for that.</summary>
public sealed class PackCopierTests : IDisposable
{
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();
    private readonly MemoryObjectStore _store = new();

    public void Dispose() => _signer.Dispose();

    private PackCopier Copier(int size) => new(_store, new WriterIdentity(TestSubject.Reserve, TestTree.Writer, 5, _signer), ObjectKind.DataPack, size);

    private static IEnumerable<ChunkPlace> PlacesOf(IndexFragment fragment) => Enumerable.Range(0, fragment.Count).Select(rank => new ChunkPlace(fragment.Segments[fragment.SegmentAt(rank)], fragment[rank]));

    [Fact]
    public async Task What_was_copied_opens_as_before_and_each_chunk_once()
    {
        var packs = new TestPacks(_store);
        var first = await packs.AddAsync("index/0/a", "one", "two", "=clear", "left");
        var second = await packs.AddAsync("index/0/b", "two", "three");
        var copier = Copier(1 << 20);
        await copier.AddAsync(first.Packs[0], PlacesOf(first).Where(p => p.Entry.Id != packs.IdOf("left")), default);
        await copier.AddAsync(second.Packs[0], PlacesOf(second), default);
        Assert.Empty(copier.Content.Packs);
        await copier.FlushAsync(default);
        await copier.FlushAsync(default);   // nothing is open any more
        await _store.BarrierAsync(default);
        var pack = Assert.Single(copier.Content.Packs);
        Assert.Equal(((string[])["one", "two", "=clear", "three"]).Select(packs.IdOf).Order(), copier.Content.Entries.Select(e => e.Id));
        // Its own footer says the same, and who vouches for it stands in its header.
        var bytes = await _store.ReadAllAsync(pack.Name, default);
        Assert.Equal(copier.Content.Entries, PackReader.ReadTables(pack, bytes, TestSubject.Reserve).Entries);
        Assert.Equal((TestTree.Writer, 5L), (new Id16(bytes.AsSpan(28)), BitConverter.ToInt64(bytes, 44)));
        Assert.Equal(pack.Length, bytes.Length);
        foreach (var segment in copier.Content.Segments)
        {
            var header = SegmentHeader.Read(bytes.AsSpan(segment.Offset), out var chunks, out var length);
            var own = copier.Content.Entries.Where(e => copier.Content.Segments[e.Segment] == segment).ToList();
            Assert.Equal((own.Count, own.Sum(e => e.StoredLength), header.Suite), (chunks, length, segment.Header.Suite));
        }
        await _store.DeleteAsync(first.Packs[0].Name, default);
        await _store.DeleteAsync(second.Packs[0].Name, default);
        using var reader = new ChunkReader(_store, new RepositoryIndex([TestPacks.Fragment("index/0/c", copier.Content)]), TestSubject.Reserve, packs.Subject);
        foreach (var text in (string[])["one", "two", "three"])
        {
            Assert.Equal(text, await packs.ReadAsync(reader, text));
        }
        Assert.Equal("ChunkMissing", (await Assert.ThrowsAsync<StingException>(() => packs.ReadAsync(reader, "left"))).ErrorId);
    }

    /// <summary>A segment's header is counted for each record, though it stands there once: rather a little shorter than too long.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_pack_is_as_long_as_it_may_be_and_no_longer(int less)
    {
        var packs = new TestPacks(_store);
        var old = await packs.AddAsync("index/0/a", "one", "two");
        var whole = old.Packs[0].Length;
        var copier = Copier((int)whole + old.Segments[0].Header.Size + 4 + less);
        await copier.AddAsync(old.Packs[0], PlacesOf(old), default);
        await copier.FlushAsync(default);
        Assert.Equal(less == 0 ? 1 : 2, copier.Content.Packs.Count);
        Assert.All(copier.Content.Packs, pack => Assert.True(pack.Length <= whole));
        await _store.BarrierAsync(default);
        using var reader = new ChunkReader(_store, new RepositoryIndex([TestPacks.Fragment("index/0/c", copier.Content)]), TestSubject.Reserve, packs.Subject);
        Assert.Equal(("one", "two"), (await packs.ReadAsync(reader, "one"), await packs.ReadAsync(reader, "two")));
    }

    [Fact]
    public async Task Of_a_pack_that_is_not_what_its_name_says_nothing_is_copied()
    {
        var packs = new TestPacks(_store);
        var old = await packs.AddAsync("index/0/a", "one");
        await packs.DamageAsync(old);
        var copier = Copier(1 << 20);
        Assert.Equal("ObjectDamaged", (await Assert.ThrowsAsync<StingException>(() => copier.AddAsync(old.Packs[0], PlacesOf(old), default).AsTask())).ErrorId);
        await copier.FlushAsync(default);
        Assert.Empty(copier.Content.Packs);
    }

    [Fact]
    public void The_smallest_are_joined_once_there_are_more_than_64_and_half_as_many_are_left()
    {
        Assert.Empty(PruneDecision.ToJoin(Enumerable.Range(0, 64), i => i));
        Assert.Equal(Enumerable.Range(0, 33), PruneDecision.ToJoin(Enumerable.Range(0, 65).Reverse(), i => i));
        Assert.Equal(100 - 32, PruneDecision.ToJoin(Enumerable.Range(0, 100), i => -i).Count());
        Assert.Equal(99, PruneDecision.ToJoin(Enumerable.Range(0, 100), i => -i).First());
    }
}
