using System.Collections.Concurrent;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>What a process remembers of the audit log is what stands there, and reads each record once.</summary>
public sealed class AuditMemoryTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _read = new();
    private readonly AuditMemory _memory = new();
    private GuardedReserve _test = null!;

    public async Task InitializeAsync()
    {
        _test = await GuardedReserve.CreateAsync();
        _test.Wrap = store => new ListeningStore(store, _read);
        await _test.ReopenAsync();
    }

    public ValueTask DisposeAsync()
    {
        _memory.Dispose();
        return _test.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private ValueTask<ChainHead> NoteAsync(string verb) => AuditLog.NoteAsync(_test.Installation, verb, [], "Completed", default);

    private async Task<IReadOnlyList<string>> VerbsAsync() => [.. (await _memory.ReadAsync(_test.Installation, default)).Records.Select(r => r.Verb)];

    private int ReadsOf(long number) => _read.Count(name => name == _test.AuditName(number));

    [Fact]
    public async Task What_is_added_shows_at_once_and_nothing_is_read_twice()
    {
        Assert.Empty(await VerbsAsync());   // a chain that had not begun is followed too
        await NoteAsync("First");
        Assert.Equal(["First"], await VerbsAsync());
        await NoteAsync("Second");
        await NoteAsync("Third");
        _read.Clear();
        var before = await _memory.ReadAsync(_test.Installation, default);
        await NoteAsync("Fourth");
        Assert.Equal(["First", "Second", "Third", "Fourth"], await VerbsAsync());
        Assert.Equal(3, before.Records.Count());   // whoever reads on sees what he began with
        _test.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["First", "Second", "Third", "Fourth"], await VerbsAsync());
        Assert.Equal(0, ReadsOf(1));
        Assert.All(before.Links, link => Assert.Equal(AuditState.Sound, link.State));
    }

    [Fact]
    public async Task Another_chain_and_what_was_taken_away_show_within_a_minute()
    {
        await NoteAsync("First");
        await NoteAsync("Second");
        Assert.Equal(2, (await VerbsAsync()).Count);
        await _test.ReopenAsync(asHost: false);
        await NoteAsync("Of the key role");
        await _test.ReopenAsync();
        await _test.ReplaceAsync(_test.AuditName(1), null);
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Of the key role", "Second"], (await VerbsAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(AuditState.Missing, (await _memory.ReadAsync(_test.Installation, default)).At(_test.Keys.WriterId, 1)!.State);
    }

    [Fact]
    public async Task A_record_that_is_not_signed_or_not_what_the_next_one_follows_is_no_record()
    {
        await NoteAsync("First");
        await VerbsAsync();
        await NoteAsync("Second");
        var second = _test.Store.Objects[_test.AuditName(2)];
        await NoteAsync("Third");
        await _test.ReplaceAsync(_test.AuditName(2), [.. second.ToArray().Select((b, i) => i == second.Length - 1 ? (byte)(b ^ 1) : b)]);
        Assert.Equal(["First", "Third"], await VerbsAsync());
        Assert.Equal(AuditState.Damaged, (await _memory.ReadAsync(_test.Installation, default)).At(_test.Keys.WriterId, 2)!.State);
    }

    private sealed class ListeningStore(IObjectStore inner, ConcurrentQueue<string> read) : IObjectStore
    {
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            read.Enqueue(name);
            return inner.ReadAsync(name, offset, buffer, cancel);
        }
    }
}
