using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Each pack at least once a month, ten minutes a night: what was read is remembered, what waits longest comes first, and a verification stops in time.</summary>
public sealed class VerifyTurnTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Fact]
    public async Task Nights_of_a_few_packs_each_read_every_pack_once_a_month()
    {
        var packs = sample.Objects.Keys.Where(n => n[..5] is "data/" or "meta/").ToHashSet();
        var clock = new FakeTimeProvider(sample.Clock.GetUtcNow());
        var store = new CountingStore(new MemoryObjectStore(sample.Objects), clock);
        await using var installation = await OpenAsync(store, clock);
        var request = new VerifyRequest { Level = IntegrityLevel.Packs, OlderThan = TimeSpan.FromDays(30), MaxDuration = TimeSpan.FromMinutes(3) };
        var nights = 0;
        IntegrityResult result;
        do
        {
            store.Read.Clear();
            clock.Advance(TimeSpan.FromDays(1));
            result = await Verify.RunAsync(installation, request);
            nights++;
            Assert.Empty(result.Faults);
            Assert.Equal(packs.Count, result.Packs + result.PacksLeft + result.PacksPassedOver);
            // Two threads, four minutes a pack.
            Assert.InRange(result.Packs, 1, 2);
            store.Whole.UnionWith(store.Read.Where(packs.Contains));
        }
        while (result.PacksLeft > 0 && nights < 50);
        Assert.Equal(packs.Order(), store.Whole.Order());
        Assert.True(nights > 2);
        Assert.NotNull(result.OldestCheck);
        var check = Assert.Single((await StatusReader.ReadAsync(installation, default)).Checks);
        Assert.Equal((Tier.Local, (long)packs.Count, 0L), (check.Tier, check.Packs, check.NeverChecked));
        Assert.InRange(check.OldestAge!.Value.TotalDays, nights - 2, nights);

        // Nothing is old enough now; a month later all of it is, the first night's first.
        Assert.Equal((0L, (long)packs.Count), (await Verify.RunAsync(installation, request)) is var idle ? (idle.Packs, idle.PacksPassedOver) : default);
        clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal(0, (await Verify.RunAsync(installation, request)).PacksPassedOver);
    }

    [Fact]
    public async Task A_check_of_data_counts_for_packs_and_not_the_other_way()
    {
        await using var installation = await OpenAsync(new MemoryObjectStore(sample.Objects), sample.Clock);
        await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs });
        Assert.NotEqual(0, (await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data, OlderThan = TimeSpan.FromDays(1) })).Packs);
        Assert.Equal(0, (await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data, OlderThan = TimeSpan.FromDays(1) })).Packs);
        Assert.Equal(0, (await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs, OlderThan = TimeSpan.FromDays(1) })).Packs);
    }

    [Fact]
    public async Task What_is_damaged_comes_again_and_a_lost_memory_only_means_more_to_read()
    {
        var pack = sample.Objects.Keys.First(n => n.StartsWith("data/", StringComparison.Ordinal));
        var objects = sample.Copy();
        objects[pack] = Verify.Flip(objects[pack], 200);
        await using var installation = await OpenAsync(new MemoryObjectStore(objects), sample.Clock);
        var request = new VerifyRequest { Level = IntegrityLevel.Packs, OlderThan = TimeSpan.FromDays(1) };
        for (var i = 0; i < 2; i++)
        {
            var result = await Verify.RunAsync(installation, request);
            Assert.Equal([pack], result.Faults.Select(f => f.Object));
            Assert.Equal(i == 0 ? 0 : sample.Objects.Keys.Count(n => n[..5] is "data/" or "meta/") - 1, result.PacksPassedOver);
            Assert.Null(result.OldestCheck);
        }
        var memory = Path.Combine(installation.TierFolder(Tier.Local), "checked");
        File.WriteAllBytes(memory, Verify.Flip(File.ReadAllBytes(memory), 40));
        Assert.Equal(0, (await Verify.RunAsync(installation, request)).PacksPassedOver);
    }

    [Fact]
    public async Task Packs_in_cold_storage_are_told_and_no_fault()
    {
        var archive = new FrozenStore(new MemoryObjectStore(sample.Objects.Where(o => !o.Key.StartsWith("sessions/", StringComparison.Ordinal))));
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), Guid.NewGuid().ToString("n"), archive: archive);
        foreach (var level in (IntegrityLevel[])[IntegrityLevel.Structure, IntegrityLevel.Packs, IntegrityLevel.Data])
        {
            var result = await Verify.RunAsync(installation, new VerifyRequest { Level = level, Tier = Tier.Archive });
            Assert.Empty(result.Faults);
            Assert.Equal((Tier.Archive, sample.Objects.Keys.Count(n => n.StartsWith("data/", StringComparison.Ordinal))), (result.Tier, (int)result.PacksFrozen));
        }
    }

    [Fact]
    public async Task What_a_sweep_takes_away_beside_a_verification_is_no_fault()
    {
        var store = new SweptStore(new MemoryObjectStore(sample.Objects));
        await using var installation = await OpenAsync(store, sample.Clock);
        Assert.Empty((await Verify.RunAsync(installation, new VerifyRequest())).Faults);
        Assert.NotEqual(0, store.Swept);
    }

    [Theory]
    [InlineData("10m", 600)]
    [InlineData("1.5h", 5400)]
    [InlineData(" 30d ", 2592000)]
    [InlineData("00:00:45", 45)]
    public void Spans_are_read(string text, double seconds) => Assert.Equal(seconds, CheckLimits.ParseSpan(text).TotalSeconds);

    [Theory]
    [InlineData("10")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("0d")]
    [InlineData("soon")]
    [InlineData("99999999d")]
    public void Others_are_refused(string text) => Assert.Equal("DurationNotUnderstood", Assert.Throws<StingException>(() => CheckLimits.ParseSpan(text)).ErrorId);

    [Fact]
    public async Task Limits_without_packs_and_tiers_that_are_not_there_are_refused()
    {
        await using var installation = await OpenAsync(new MemoryObjectStore(sample.Objects), sample.Clock);
        Assert.Equal("CheckLimitWithoutPacks", (await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(installation, new VerifyRequest { OlderThan = TimeSpan.FromDays(1) }))).ErrorId);
        Assert.Equal("TierNotConfigured", (await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(installation, new VerifyRequest { Tier = Tier.Remote }))).ErrorId);
    }

    private async Task<Installation> OpenAsync(IObjectStore store, TimeProvider clock)
    {
        var like = await sample.OpenAsync(store, Guid.NewGuid().ToString("n"));
        return new Installation
        {
            Reserve = like.Reserve, ReserveRoot = like.ReserveRoot, Map = like.Map, Store = store, Host = like.Host, Writers = like.Writers, Keys = like.Keys, UnlockAsync = like.UnlockAsync, StateFolder = like.StateFolder,
            CacheFolder = like.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = like.Zone, Clock = clock,
        };
    }

    /// <summary>Takes four minutes for a pack that is read whole.</summary>
    private sealed class CountingStore(MemoryObjectStore inner, FakeTimeProvider clock) : Passing(inner)
    {
        public System.Collections.Concurrent.ConcurrentBag<string> Read { get; } = [];
        public HashSet<string> Whole { get; } = [];

        public override async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            if (offset == 0 && buffer.Length > PackHead && name[..5] is "data/" or "meta/" && buffer.Length == await Inner.GetLengthAsync(name, cancel))
            {
                Read.Add(name);
                clock.Advance(TimeSpan.FromMinutes(4));
            }
            return await Inner.ReadAsync(name, offset, buffer, cancel);
        }

        private const int PackHead = 100;
    }

    private sealed class FrozenStore(MemoryObjectStore inner) : Passing(inner)
    {
        public override ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => name.StartsWith("data/", StringComparison.Ordinal)
            ? throw new StingException("PackArchived", FailureKind.Busy, $"'{name}' is in cold storage.", name, "Request-StingArchiveRetrieval") : Inner.ReadAsync(name, offset, buffer, cancel);
    }

    /// <summary>Sessions are listed, and gone when they are read.</summary>
    private sealed class SweptStore(MemoryObjectStore inner) : Passing(inner)
    {
        public int Swept { get; private set; }

        public override ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            if (!name.StartsWith("sessions/", StringComparison.Ordinal))
            {
                return Inner.ReadAsync(name, offset, buffer, cancel);
            }
            Swept++;
            throw this.NotFound(name);
        }
    }

    private class Passing(MemoryObjectStore inner) : IObjectStore
    {
        protected MemoryObjectStore Inner => inner;
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public virtual ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
