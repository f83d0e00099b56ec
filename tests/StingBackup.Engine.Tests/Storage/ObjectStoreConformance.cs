using System.Security.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>What every object store does. A store's own test class says how to make one and how to open it again.</summary>
public abstract class ObjectStoreConformance : IAsyncLifetime
{
    private static readonly CancellationToken s_none = CancellationToken.None;

    protected IObjectStore Store { get; private set; } = null!;

    /// <summary>Makes a new, empty store.</summary>
    protected abstract ValueTask<IObjectStore> CreateAsync();

    /// <summary>Closes the store and opens what it kept.</summary>
    protected abstract ValueTask<IObjectStore> ReopenAsync(IObjectStore store);

    public async Task InitializeAsync() => Store = await CreateAsync();

    public async Task DisposeAsync() => await Store.DisposeAsync();

    [Fact]
    public async Task What_is_put_is_there_with_its_length_and_bytes()
    {
        var content = Bytes(100_000);
        Assert.True(await Store.PutAsync("data/ab/object", content, s_none));
        Assert.Equal(content.Length, await Store.GetLengthAsync("data/ab/object", s_none));
        Assert.Equal(content, await Store.ReadAllAsync("data/ab/object", s_none));
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        Assert.True(await Store.PutAsync("empty", Array.Empty<byte>(), s_none));
        Assert.Equal(0, await Store.GetLengthAsync("empty", s_none));
        Assert.Equal(0, await Store.ReadAsync("empty", 0, new byte[10], s_none));
        Assert.Equal(["empty"], await NamesAsync(""));
    }

    [Fact]
    public async Task A_second_put_of_a_name_changes_nothing_and_says_so()
    {
        var first = Bytes(10);
        Assert.True(await Store.PutAsync("points/w/1", first, s_none));
        Assert.False(await Store.PutAsync("points/w/1", Bytes(20), s_none));
        Assert.Equal(first, await Store.ReadAllAsync("points/w/1", s_none));
    }

    [Fact]
    public async Task Of_sixteen_puts_at_once_exactly_one_wins_and_its_bytes_stand()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"subjects/{round}";
            using var start = new ManualResetEventSlim();
            var contents = Enumerable.Range(0, 16).Select(i => Bytes(1000 + i)).ToArray();
            var puts = contents.Select(content => Task.Run(async () =>
            {
                start.Wait();
                return await Store.PutAsync(name, content, s_none);
            })).ToArray();
            start.Set();
            var won = await Task.WhenAll(puts);
            var winner = Assert.Single(Enumerable.Range(0, 16), i => won[i]);
            Assert.Equal(contents[winner], await Store.ReadAllAsync(name, s_none));
        }
    }

    [Fact]
    public async Task What_is_staged_is_invisible_until_the_barrier()
    {
        await Store.StageAsync("data/aa/1", Bytes(10), s_none);
        Assert.Null(await Store.GetLengthAsync("data/aa/1", s_none));
        Assert.Empty(await NamesAsync(""));
        await FailsAsync("ObjectNotFound", async () => await Store.ReadAsync("data/aa/1", 0, new byte[1], s_none));
        await Store.BarrierAsync(s_none);
        Assert.Equal(10, await Store.GetLengthAsync("data/aa/1", s_none));
        Assert.Equal(["data/aa/1"], await NamesAsync(""));
    }

    [Fact]
    public async Task One_barrier_serves_hundreds_of_staged_objects()
    {
        var contents = Enumerable.Range(0, 300).ToDictionary(i => $"data/{i % 7:x2}/{i:x8}", i => Bytes(i));
        foreach (var (name, content) in contents)
        {
            await Store.StageAsync(name, content, s_none);
        }
        await Store.BarrierAsync(s_none);
        Assert.Equal(contents.Keys.Order(StringComparer.Ordinal), await NamesAsync("data/"));
        foreach (var (name, content) in contents)
        {
            Assert.Equal(content, await Store.ReadAllAsync(name, s_none));
        }
    }

    [Fact]
    public async Task The_callers_buffer_may_be_reused_after_staging()
    {
        var buffer = Bytes(1000);
        var kept = buffer.ToArray();
        await Store.StageAsync("a", buffer, s_none);
        buffer.AsSpan().Clear();
        await Store.BarrierAsync(s_none);
        Assert.Equal(kept, await Store.ReadAllAsync("a", s_none));
    }

    [Fact]
    public async Task A_name_that_exists_by_the_barrier_is_left_as_it_is()
    {
        var put = Bytes(10);
        await Store.StageAsync("a", Bytes(20), s_none);
        await Store.PutAsync("a", put, s_none);
        await Store.StageAsync("b", put, s_none);
        await Store.StageAsync("b", Bytes(30), s_none);
        await Store.BarrierAsync(s_none);
        Assert.Equal(put, await Store.ReadAllAsync("a", s_none));
        Assert.Equal(put, await Store.ReadAllAsync("b", s_none));
    }

    [Fact]
    public async Task A_barrier_without_anything_staged_does_nothing()
    {
        await Store.BarrierAsync(s_none);
        await Store.BarrierAsync(s_none);
        Assert.Empty(await NamesAsync(""));
    }

    [Theory]
    [InlineData(0, 100, 100)]
    [InlineData(0, 5, 5)]
    [InlineData(37, 20, 20)]
    [InlineData(90, 20, 10)]
    [InlineData(100, 20, 0)]
    [InlineData(5_000_000_000, 20, 0)]
    [InlineData(10, 0, 0)]
    public async Task A_range_is_read_up_to_the_objects_end(long offset, int length, int expected)
    {
        var content = Bytes(100);
        await Store.PutAsync("a", content, s_none);
        var buffer = new byte[length];
        Assert.Equal(expected, await Store.ReadAsync("a", offset, buffer, s_none));
        Assert.Equal(content.Skip((int)Math.Min(offset, 100)).Take(expected), buffer.Take(expected));
    }

    [Fact]
    public async Task A_negative_offset_is_refused()
    {
        await Store.PutAsync("a", Bytes(1), s_none);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.ReadAsync("a", -1, new byte[1], s_none));
    }

    [Fact]
    public async Task What_is_not_there_has_no_length_and_cannot_be_read()
    {
        await Store.PutAsync("data/aa/1", Bytes(1), s_none);
        foreach (var name in new[] { "x", "data/aa", "data", "data/aa/2", "x/y/z" })
        {
            Assert.Null(await Store.GetLengthAsync(name, s_none));
            var error = await FailsAsync("ObjectNotFound", async () => await Store.ReadAsync(name, 0, new byte[1], s_none));
            Assert.Equal(name, error.Target);
            await FailsAsync("ObjectNotFound", async () => await Store.ReadAllAsync(name, s_none));
        }
    }

    [Fact]
    public async Task A_listing_ascends_by_whole_names_and_keeps_to_the_prefix()
    {
        // '-' and '.' sort before '/', digits and letters after it: the order of whole names is not that of folders.
        string[] names = ["a-b", "a.b/x", "a/b", "a/b0", "a0", "a_/c", "aa/1/2", "b", "data/ab/1", "data/ab/2", "data/b", "data0"];
        foreach (var name in names.Reverse())
        {
            await Store.PutAsync(name, Bytes(name.Length), s_none);
        }
        foreach (var prefix in new[] { "", "a", "a/", "a/b", "a.", "data", "data/", "data/a", "data/ab/", "data/ab/2", "data/ab/2/", "c", "/" })
        {
            var expected = names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .Select(n => new ObjectInfo(n, n.Length));
            Assert.Equal(expected, await ListAsync(prefix));
            foreach (var after in new[] { "a/b", "data/ab/1", "data/ab/1x", "z" })
            {
                Assert.Equal(expected.Where(item => string.CompareOrdinal(item.Name, after) > 0), await Store.ListAfterAsync(prefix, after, s_none).ToListAsync());
            }
        }
    }

    [Fact]
    public async Task Deleting_removes_it_once()
    {
        await Store.PutAsync("a/b", Bytes(5), s_none);
        await Store.ReadAllAsync("a/b", s_none);
        Assert.True(await Store.DeleteAsync("a/b", s_none));
        Assert.False(await Store.DeleteAsync("a/b", s_none));
        Assert.False(await Store.DeleteAsync("never/there", s_none));
        Assert.Null(await Store.GetLengthAsync("a/b", s_none));
        await FailsAsync("ObjectNotFound", async () => await Store.ReadAsync("a/b", 0, new byte[1], s_none));
        Assert.Empty(await NamesAsync(""));
        Assert.True(await Store.PutAsync("a/b", Bytes(7), s_none));
        Assert.Equal(7, await Store.GetLengthAsync("a/b", s_none));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("../a")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a\0")]
    [InlineData("ä")]
    [InlineData("~staging/x")]
    public async Task A_name_that_is_not_allowed_is_refused_by_every_call(string name)
    {
        await FailsAsync("NameNotAllowed", async () => await Store.PutAsync(name, Bytes(1), s_none));
        await FailsAsync("NameNotAllowed", async () => await Store.StageAsync(name, Bytes(1), s_none));
        await FailsAsync("NameNotAllowed", async () => await Store.ReadAsync(name, 0, new byte[1], s_none));
        await FailsAsync("NameNotAllowed", async () => await Store.GetLengthAsync(name, s_none));
        await FailsAsync("NameNotAllowed", async () => await Store.DeleteAsync(name, s_none));
    }

    [Fact]
    public async Task Names_have_up_to_255_bytes()
    {
        var longest = $"data/{new string('x', 250)}";
        Assert.True(await Store.PutAsync(longest, Bytes(1), s_none));
        Assert.Equal([longest], await NamesAsync("data/x"));
        await FailsAsync("NameNotAllowed", async () => await Store.PutAsync(longest + "x", Bytes(1), s_none));
        await FailsAsync("NameNotAllowed", async () => await ListAsync("A"));
    }

    [Fact]
    public async Task Writers_and_readers_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                var name = $"data/{writer:x2}/{i}";
                var content = Bytes(500 + i);
                if (i % 3 == 0)
                {
                    Assert.True(await Store.PutAsync(name, content, s_none));
                }
                else
                {
                    await Store.StageAsync(name, content, s_none);
                    await Store.BarrierAsync(s_none);   // many at once: each covers what its own caller staged
                }
                Assert.Equal(content, await Store.ReadAllAsync(name, s_none));
                Assert.Equal(i + 1, (await NamesAsync($"data/{writer:x2}/")).Count);
            }
        })));
        Assert.Equal(240, (await NamesAsync("")).Count);
    }

    [Fact]
    public async Task Opened_again_it_shows_all_that_passed_a_barrier_and_nothing_else()
    {
        var content = Bytes(5000);
        await Store.PutAsync("points/w/1", content, s_none);
        await Store.StageAsync("data/aa/1", content, s_none);
        await Store.BarrierAsync(s_none);
        await Store.StageAsync("data/aa/2", content, s_none);
        await ReopenAsync();
        Assert.Equal(["data/aa/1", "points/w/1"], await NamesAsync(""));
        Assert.Equal(content, await Store.ReadAllAsync("data/aa/1", s_none));
        await Store.BarrierAsync(s_none);
        Assert.Null(await Store.GetLengthAsync("data/aa/2", s_none));
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        var gone = new CancellationToken(canceled: true);
        await Store.PutAsync("there", Bytes(1), s_none);
        await CancelledAsync(async () => await Store.PutAsync("a", Bytes(1), gone));
        await CancelledAsync(async () => await Store.StageAsync("b", Bytes(1), gone));
        await CancelledAsync(async () => await Store.ReadAsync("there", 0, new byte[1], gone));
        await CancelledAsync(async () => await Store.GetLengthAsync("there", gone));
        await CancelledAsync(async () => await Store.DeleteAsync("there", gone));
        await CancelledAsync(async () => await Store.ListAsync("", gone).GetAsyncEnumerator(gone).MoveNextAsync());
        await Store.BarrierAsync(s_none);
        Assert.Equal(["there"], await NamesAsync(""));
    }

    [Fact]
    public async Task A_cancelled_barrier_leaves_what_is_staged_for_the_next()
    {
        await Store.StageAsync("a", Bytes(3), s_none);
        await CancelledAsync(async () => await Store.BarrierAsync(new CancellationToken(canceled: true)));
        Assert.Null(await Store.GetLengthAsync("a", s_none));
        await Store.BarrierAsync(s_none);
        Assert.Equal(3, await Store.GetLengthAsync("a", s_none));
    }

    protected static byte[] Bytes(int length) => RandomNumberGenerator.GetBytes(length);

    protected static async Task<StingException> FailsAsync(string errorId, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<StingException>(call);
        Assert.Equal(errorId, error.ErrorId);
        Assert.NotEmpty(error.Remedy);
        return error;
    }

    protected async Task ReopenAsync() => Store = await ReopenAsync(Store);

    protected async Task<List<string>> NamesAsync(string prefix) => [.. (await ListAsync(prefix)).Select(o => o.Name)];

    private async Task<List<ObjectInfo>> ListAsync(string prefix)
    {
        var found = new List<ObjectInfo>();
        await foreach (var item in Store.ListAsync(prefix, s_none))
        {
            found.Add(item);
        }
        return found;
    }

    private static async Task CancelledAsync(Func<Task> call) => await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
}
