using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Where a chunk is read from when the nearest place does not give it, and that nothing passes but what was asked for.</summary>
public sealed class ChunkReaderTests : IAsyncDisposable
{
    private readonly MemoryObjectStore _store = new();
    private readonly TestPacks _packs;

    public ChunkReaderTests() => _packs = new TestPacks(_store);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private ChunkReader Reader(params IndexFragment[] fragments) => new(_store, new RepositoryIndex(fragments), TestSubject.Reserve, _packs.Subject);

    private static async IAsyncEnumerable<(Tier Tier, IObjectStore Store)> Tiers(params (Tier, IObjectStore)[] tiers)
    {
        foreach (var tier in tiers)
        {
            await Task.Yield();
            yield return tier;
        }
    }

    private async Task<StingException> RefusedAsync(ChunkReader reader, string text) => await Assert.ThrowsAsync<StingException>(() => _packs.ReadAsync(reader, text));

    [Fact]
    public async Task A_chunk_comes_back_and_its_bytes_are_counted()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one", "two");
        using var reader = Reader(fragment);
        Assert.Equal("one", await _packs.ReadAsync(reader, "one"));
        Assert.Equal("two", await _packs.ReadAsync(reader, "two"));
        Assert.Equal(2 * (ChunkHeader.Size + 3 + ChunkHeader.TagSize), reader.BytesRead);
        var chunk = await reader.ReadDataAsync(_packs.Subject.Pseudonym, _packs.IdOf("one"), default);
        chunk.Dispose();
        chunk.Dispose();
        Assert.Throws<ObjectDisposedException>(() => chunk.Memory);
    }

    [Fact]
    public async Task A_chunk_that_no_pack_has_is_missing()
    {
        using var reader = Reader(await _packs.AddAsync("index/0/a", "one"));
        var missing = await RefusedAsync(reader, "none");
        Assert.Equal(("ChunkMissing", _packs.IdOf("none").ToString()), (missing.ErrorId, missing.Target));
    }

    [Fact]
    public async Task What_is_another_subjects_or_in_the_clear_is_not_given_as_the_subjects_own()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one", "=clear");
        using var reader = Reader(fragment);
        var foreign = await Assert.ThrowsAsync<StingException>(async () => (await reader.ReadDataAsync(TestTree.Writer, _packs.IdOf("one"), default)).Dispose());
        Assert.Contains("another subject", foreign.Message, StringComparison.Ordinal);
        Assert.Equal(fragment.Packs[0].Name, foreign.Target);
        var sealedOne = await Assert.ThrowsAsync<StingException>(async () => await reader.ReadSubjectPageAsync(_packs.IdOf("one"), default));
        Assert.Contains("in the clear", sealedOne.Message, StringComparison.Ordinal);
        // A page in the clear that is no table of subjects is damaged, not empty.
        var noTable = await Assert.ThrowsAsync<StingException>(async () => await reader.ReadSubjectPageAsync(_packs.IdOf("=clear"), default));
        Assert.Equal(("ChunkDamaged", _packs.IdOf("=clear").ToString()), (noTable.ErrorId, noTable.Target));
        using var any = await reader.ReadAnyAsync(_packs.IdOf("=clear"), default);
        Assert.Equal("=clear"u8, any.Span);
        using var own = await reader.ReadAnyAsync(_packs.IdOf("one"), default);
        Assert.Equal("one"u8, own.Span);
        Assert.Equal("ChunkDamaged", (await Assert.ThrowsAsync<StingException>(async () => await reader.ReadTableAsync(_packs.IdOf("one"), default))).ErrorId);
        Assert.Equal("ChunkDamaged", (await Assert.ThrowsAsync<StingException>(async () => await reader.ReadPageAsync(_packs.Subject.Pseudonym, _packs.IdOf("one"), default))).ErrorId);
    }

    [Fact]
    public async Task A_byte_of_a_page_in_the_clear_that_changed_is_found()
    {
        var fragment = await _packs.AddAsync("index/0/a", "=clear");
        await _packs.DamageAsync(fragment);
        using var reader = Reader(fragment);
        var damaged = await Assert.ThrowsAsync<StingException>(async () => (await reader.ReadAnyAsync(_packs.IdOf("=clear"), default)).Dispose());
        Assert.Contains("does not give its id", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_keys_content_stays_closed()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one", "=clear");
        using var reader = new ChunkReader(_store, new RepositoryIndex([fragment]), TestSubject.Reserve, null);
        var locked = await RefusedAsync(reader, "one");
        Assert.Equal(("KeysLocked", FailureKind.Refused), (locked.ErrorId, locked.Kind));
        using var clear = await reader.ReadAnyAsync(_packs.IdOf("=clear"), default);
        Assert.Equal("=clear"u8, clear.Span);
    }

    [Fact]
    public async Task Another_reserves_segment_does_not_open()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one");
        using var reader = new ChunkReader(_store, new RepositoryIndex([fragment]), TestTree.Writer, _packs.Subject);
        Assert.Contains("commitment", (await RefusedAsync(reader, "one")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, "impossible length")]
    [InlineData((2 * PackFormat.MaxRawLength) + 1025, "impossible length")]
    [InlineData((2 * PackFormat.MaxRawLength) + 1024, "ends before it")]
    [InlineData(38, "does not fit the index")]
    public async Task A_length_in_the_index_that_cannot_be_is_refused(int length, string why)
    {
        var fragment = await _packs.AddAsync("index/0/a", "one");
        var content = new IndexContent();
        content.Add(new PackTables(fragment.Packs[0], fragment.Segments, [fragment[0] with { StoredLength = length }]));
        using var reader = Reader(TestPacks.Fragment("index/0/b", content));
        Assert.Contains(why, (await RefusedAsync(reader, "one")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_place_gives_what_the_first_does_not()
    {
        var first = await _packs.AddAsync("index/0/a", "one");
        var second = await _packs.AddAsync("index/0/b", "one");
        await _packs.DamageAsync(first);
        using var reader = Reader(first, second);
        Assert.Equal("one", await _packs.ReadAsync(reader, "one"));
        await _packs.DamageAsync(second);
        // What is wrong with the first place is told.
        Assert.Contains((await RefusedAsync(reader, "one")).Target!, (string[])[first.Packs[0].Name, second.Packs[0].Name]);
        await _store.DeleteAsync(first.Packs[0].Name, default);
        Assert.Contains((await RefusedAsync(reader, "one")).ErrorId, (string[])["ChunkDamaged", "ObjectNotFound"]);
    }

    [Fact]
    public async Task A_damaged_pack_is_read_from_the_next_tier_that_has_it_whole()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one");
        await using var whole = new MemoryObjectStore(_store.Objects);
        await _packs.DamageAsync(fragment);
        await using var damaged = new MemoryObjectStore(_store.Objects);
        await using var empty = new MemoryObjectStore();
        var told = new List<(string, Tier, string)>();
        using var reader = new ChunkReader(_store, new RepositoryIndex([fragment]), TestSubject.Reserve, _packs.Subject)
        {
            Copies = _ => Tiers((Tier.Remote, damaged), (Tier.Remote, empty), (Tier.Archive, whole)), CameFrom = (pack, tier, why) => told.Add((pack, tier, why.ErrorId)),
        };
        Assert.Equal("one", await _packs.ReadAsync(reader, "one"));
        Assert.Equal([(fragment.Packs[0].Name, Tier.Archive, "ChunkDamaged")], told);
        using var nowhere = new ChunkReader(_store, new RepositoryIndex([fragment]), TestSubject.Reserve, _packs.Subject) { Copies = _ => Tiers((Tier.Remote, damaged)) };
        Assert.Equal("ChunkDamaged", (await RefusedAsync(nowhere, "one")).ErrorId);
        // What is only not here is looked for by the store itself, and no copy is asked.
        await _store.DeleteAsync(fragment.Packs[0].Name, default);
        told.Clear();
        Assert.Equal("ObjectNotFound", (await RefusedAsync(reader, "one")).ErrorId);
        Assert.Empty(told);
    }

    [Fact]
    public async Task Where_packs_are_cut_anew_a_chunk_is_looked_up_there_last()
    {
        await using var archive = new MemoryObjectStore();
        var packs = new TestPacks(archive);
        var there = await packs.AddAsync("index/0/archive", "one", "filler");
        var archived = new RepositoryIndex([there]);
        using var reader = new ChunkReader(_store, new RepositoryIndex([]), TestSubject.Reserve, packs.Subject)
        {
            FurtherPlaces = (id, _) => ValueTask.FromResult(((IObjectStore)archive, archived.FindAll(id))),
        };
        Assert.Equal("one", await packs.ReadAsync(reader, "one"));
        Assert.Equal("ChunkMissing", (await RefusedAsync(reader, "none")).ErrorId);
        await archive.DeleteAsync(there.Packs[0].Name, default);
        Assert.Equal("ChunkMissing", (await RefusedAsync(reader, "one")).ErrorId);
    }

    [Fact]
    public async Task That_a_pack_must_be_thawed_says_more_than_that_it_is_not_here()
    {
        await using var archive = new FrozenStore();
        var archived = new RepositoryIndex([await new TestPacks(archive.Inner).AddAsync("index/0/archive", "one")]);
        using var reader = new ChunkReader(_store, new RepositoryIndex([]), TestSubject.Reserve, _packs.Subject)
        {
            FurtherPlaces = (id, _) => ValueTask.FromResult(((IObjectStore)archive, archived.FindAll(id))),
        };
        Assert.Equal("PackArchived", (await RefusedAsync(reader, "one")).ErrorId);
        var local = await _packs.AddAsync("index/0/a", "two");
        await _packs.DamageAsync(local);
        using var copies = new ChunkReader(_store, new RepositoryIndex([local]), TestSubject.Reserve, _packs.Subject) { Copies = _ => Tiers((Tier.Archive, archive)) };
        Assert.Equal("ChunkDamaged", (await RefusedAsync(copies, "two")).ErrorId);
    }

    [Fact]
    public async Task A_store_that_fails_as_a_whole_ends_the_reading()
    {
        var first = await _packs.AddAsync("index/0/a", "one");
        await using var failing = new FrozenStore { Failure = new StingException("StoreUnavailable", FailureKind.Io, "Away.", "x", "Wait.") };
        using var reader = new ChunkReader(failing, new RepositoryIndex([first]), TestSubject.Reserve, _packs.Subject) { Copies = _ => Tiers((Tier.Remote, _store)) };
        Assert.Equal("StoreUnavailable", (await RefusedAsync(reader, "one")).ErrorId);
    }

    [Fact]
    public async Task A_chunk_is_opened_within_a_pack_that_is_at_hand_as_far_as_it_goes()
    {
        var fragment = await _packs.AddAsync("index/0/a", "one");
        using var reader = Reader(fragment);
        var bytes = await _store.ReadAllAsync(fragment.Packs[0].Name, default);
        Assert.True(reader.Index.TryFind(_packs.IdOf("one"), out var place));
        var end = place.Entry.Offset + place.Entry.StoredLength;
        using (var chunk = reader.OpenIn(bytes.AsSpan(0, end), place))
        {
            Assert.Equal("one"u8, chunk.Span);
        }
        Assert.Contains("ends before", Assert.Throws<StingException>(() => reader.OpenIn(bytes.AsSpan(0, end - 1), place)).Message, StringComparison.Ordinal);
        Assert.Equal("ChunkDamaged", Assert.Throws<StingException>(() => reader.OpenRecord(place, bytes.AsSpan(place.Entry.Offset, 16))).ErrorId);
    }

    /// <summary>A store whose objects lie in a storage class for archives, or that fails in another way.</summary>
    private sealed class FrozenStore : IObjectStore
    {
        public MemoryObjectStore Inner { get; } = new();
        public StingException Failure { get; init; } = new("PackArchived", FailureKind.NotSupported, "It must be thawed.", "x", "Thaw it.");
        public string Location => "frozen";
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => Inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => throw Failure;
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => Inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => Inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => Inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
