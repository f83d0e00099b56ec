using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>The sync at a commit sends what is new without listing the bucket; what is lost there is found all the same.</summary>
public sealed class TierRecallTests
{
    [Fact]
    public async Task A_commit_lists_the_tier_once_a_day_and_sends_what_is_new()
    {
        await using var reserve = Made(out var listed);
        await RunAsync(reserve, "users/1/a.bin");
        Assert.NotEqual(0, listed.Count);                     // nothing is remembered yet
        for (var run = 0; run < 3; run++)
        {
            listed.Count = 0;
            await RunAsync(reserve, $"users/1/b{run}.bin");
            Assert.Equal(0, listed.Count);
            Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
        }
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        await reserve.SyncAsync();
        Assert.NotEqual(0, listed.Count);                     // a sync of its own always looks
        reserve.Test.Clock.Advance(TimeSpan.FromHours(24));
        listed.Count = 0;
        await RunAsync(reserve, "users/1/c.bin");
        Assert.NotEqual(0, listed.Count);
    }

    [Fact]
    public async Task An_emptied_bucket_is_filled_by_the_next_commit()
    {
        await using var reserve = Made(out _);
        await RunAsync(reserve, "users/1/a.bin");
        await RunAsync(reserve, "users/1/b.bin");
        foreach (var name in reserve.RemoteMemory.Objects.Keys.ToList())
        {
            await reserve.RemoteMemory.DeleteAsync(name, default);
        }
        await RunAsync(reserve, "users/1/c.bin");
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
    }

    [Fact]
    public async Task A_single_lost_object_comes_back_with_the_next_listing_or_after_a_verification_has_missed_it()
    {
        foreach (var verifies in (bool[])[false, true])
        {
            await using var reserve = Made(out var listed);
            await RunAsync(reserve, "users/1/a.bin");
            await RunAsync(reserve, "users/1/b.bin");
            var lost = reserve.RemoteMemory.Objects.Keys.First(n => n.StartsWith("index/", StringComparison.Ordinal));
            await reserve.RemoteMemory.DeleteAsync(lost, default);
            listed.Count = 0;
            await RunAsync(reserve, "users/1/c.bin");
            Assert.Equal((0, false), (listed.Count, reserve.RemoteMemory.Objects.ContainsKey(lost)));
            if (verifies)
            {
                Assert.NotEmpty((await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = IntegrityLevel.Structure, Tier = Tier.Remote })).Faults);
                await RunAsync(reserve, "users/1/d.bin");
            }
            else
            {
                await reserve.SyncAsync();
            }
            Assert.True(reserve.RemoteMemory.Objects.ContainsKey(lost));
        }
    }

    [Fact]
    public async Task After_a_failure_what_is_remembered_is_not_relied_on()
    {
        await using var reserve = Made(out var listed);
        await RunAsync(reserve, "users/1/a.bin");
        reserve.Away = TierReserve.Gone;
        await RunAsync(reserve, "users/1/b.bin");
        reserve.Away = null;
        listed.Count = 0;
        await RunAsync(reserve, "users/1/c.bin");
        Assert.NotEqual(0, listed.Count);
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
    }

    private static TierReserve Made(out Listed listed)
    {
        var reserve = new TierReserve { SyncsAtCommit = true };
        listed = new Listed(reserve.RemoteMemory);
        reserve.Remote = new FaultyStore(listed);
        return reserve;
    }

    private static async Task RunAsync(TierReserve reserve, string path)
    {
        reserve.Write(path, 100_000);
        await reserve.BackupAsync();
    }

    private sealed class Listed(MemoryObjectStore inner) : IObjectStore
    {
        public int Count { get; set; }
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => inner.DisposeAsync();

        public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
        {
            Count++;
            await foreach (var item in inner.ListAsync(prefix, cancel))
            {
                yield return item;
            }
        }
    }
}
