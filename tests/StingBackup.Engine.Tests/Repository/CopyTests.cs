using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>What is damaged here is taken from the next place that has it whole; what a listing showed and is gone by now is no damage.</summary>
public sealed class CopyTests
{
    private static async IAsyncEnumerable<(Tier Tier, IObjectStore Store)> Tiers(params (Tier, IObjectStore)[] tiers)
    {
        foreach (var tier in tiers)
        {
            await Task.Yield();
            yield return tier;
        }
    }

    [Fact]
    public async Task A_copy_is_asked_of_each_tier_until_one_passes()
    {
        await using var empty = new MemoryObjectStore();
        await using var damaged = new MemoryObjectStore();
        await using var whole = new MemoryObjectStore();
        await damaged.PutAsync("format/1", "bad"u8.ToArray(), default);
        await whole.PutAsync("format/1", "good"u8.ToArray(), default);
        var told = new List<(string, Tier, string)>();
        var why = Failures.Damaged("format/1", "it is");
        string Open(byte[] bytes) => bytes.Length == 4 ? "opened" : throw Failures.Damaged("format/1", "it is short");
        CopyReader Reader(params (Tier, IObjectStore)[] tiers) => new(_ => Tiers(tiers), (name, tier, e) => told.Add((name, tier, e.ErrorId)));
        Assert.Equal("opened", await Reader((Tier.Local, empty), (Tier.Remote, damaged), (Tier.Archive, whole)).ReadAsync("format/1", Open, why, default));
        Assert.Equal([("format/1", Tier.Archive, "ObjectDamaged")], told);
        Assert.Null(await Reader((Tier.Local, empty), (Tier.Remote, damaged)).ReadAsync("format/1", Open, why, default));
        Assert.Single(told);
        // A store that is not there as a whole is no damaged copy.
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Reader((Tier.Archive, whole)).ReadAsync<string>("format/1", _ => throw new InvalidOperationException(), why, default));
    }

    [Fact]
    public async Task A_fragment_that_a_merge_replaced_after_the_listing_is_looked_for_in_its_place()
    {
        await using var test = new TestInstallation(new MemoryObjectStore());
        test.Write("users/1/a.bin", RandomNumberGenerator.GetBytes(100_000));
        await test.BackupAsync();
        var store = new VanishingStore(test.Store);
        var view = await RepositoryView.LoadAsync(store, test.Installation.Reserve, test.Installation.Writers, default);
        Assert.Empty(view.Damage);
        Assert.Equal(2, store.Listings);
        Assert.True(view.Index.Count > 0);
        // What does not come back however often one looks is told.
        var gone = new VanishingStore(test.Store) { Most = int.MaxValue };
        Assert.Equal("ObjectNotFound", (await Assert.ThrowsAsync<StingException>(async () => await RepositoryView.LoadAsync(gone, test.Installation.Reserve, test.Installation.Writers, default))).ErrorId);
        Assert.Equal(4, gone.Listings);
    }

    [Fact]
    public async Task A_tree_takes_over_a_leaf_only_where_it_begins_one()
    {
        var tree = new TestTree();
        var builder = new TreeBuilder("user:test", 99, tree);
        builder.Add(TestTree.File("a"));
        var leaf = new TreeChild(new Id32(SHA256.HashData("x"u8)), EntryPath.Parse("b"), 3, 30);
        Assert.False(builder.TryAdd(leaf));
        var summary = builder.Finish();
        Assert.Equal((1L, 100L), (summary.Items, summary.Length));
        var fresh = new TreeBuilder("user:test", 99, tree);
        Assert.True(fresh.TryAdd(leaf));
        fresh.Add(TestTree.File("c"));
        var joined = fresh.Finish();
        Assert.Equal((4L, 130L), (joined.Items, joined.Length));
        await using var store = new MemoryObjectStore();
        using var reader = tree.Reader(store);
        var walker = new TreeWalker(reader);
        Assert.Equal("user:test", await walker.ReadNameAsync(new TreeRoot(tree.Subject.Pseudonym, joined.Root), default));
        var root = await reader.ReadPageAsync(tree.Subject.Pseudonym, joined.Root, default);
        Assert.Equal([(leaf.Page, 3L, 30L), (root.Children[1].Page, 1L, 100L)], root.Children.Select(c => (c.Page, c.Items, c.Length)));
        // A page that is no root has no name to give.
        Assert.Equal("ObjectDamaged", (await Assert.ThrowsAsync<StingException>(async () => await walker.ReadNameAsync(new TreeRoot(tree.Subject.Pseudonym, root.Children[1].Page), default))).ErrorId);
    }

    /// <summary>Its fragments of the index are gone at the first reading, or at each.</summary>
    private sealed class VanishingStore(IObjectStore inner) : IObjectStore
    {
        public int Most { get; init; } = 1;
        public int Listings { get; private set; }
        private int _vanished;

        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) =>
            name.StartsWith("index/", StringComparison.Ordinal) && _vanished++ < Most ? throw this.NotFound(name) : inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel)
        {
            Listings += prefix == "index/" ? 1 : 0;
            return inner.ListAsync(prefix, cancel);
        }

        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
