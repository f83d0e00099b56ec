using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

public sealed class TransferQueueTests
{
    [Fact]
    public async Task Streams_are_few_and_who_counts_most_goes_next()
    {
        var queue = new TransferQueue(2);
        var order = new List<string>();
        var gates = new List<TaskCompletionSource>();
        int running = 0, most = 0;
        Task Transfer(string name, TransferPriority priority, CancellationToken cancel = default) => queue.RunAsync(priority, async () =>
        {
            var gate = new TaskCompletionSource();
            lock (order)
            {
                order.Add(name);
                gates.Add(gate);
                most = Math.Max(most, ++running);
            }
            await gate.Task;
            lock (order)
            {
                running--;
            }
            return true;
        }, cancel).AsTask();

        using var giveUp = new CancellationTokenSource();
        var all = new List<Task> { Transfer("a", TransferPriority.Maintenance), Transfer("b", TransferPriority.Maintenance) };
        all.AddRange([Transfer("check", TransferPriority.Maintenance), Transfer("system", TransferPriority.SystemData), Transfer("user 1", TransferPriority.UserData), Transfer("user 2", TransferPriority.UserData), Transfer("point", TransferPriority.Commit)]);
        var gone = Transfer("gone", TransferPriority.Commit, giveUp.Token);
        Assert.Equal(6, queue.Waiting);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(5, queue.Waiting);
        for (var i = 0; i < 7; i++)
        {
            TaskCompletionSource gate;
            lock (order)
            {
                gate = gates[i];
            }
            gate.SetResult();
            await WaitAsync(() => order.Count == Math.Min(i + 3, 7));
        }
        await Task.WhenAll(all);
        Assert.Equal(["a", "b", "point", "user 1", "user 2", "system", "check"], order);
        Assert.Equal(2, most);

        async Task WaitAsync(Func<bool> done)
        {
            for (var i = 0; i < 1000; i++)
            {
                lock (order)
                {
                    if (done())
                    {
                        return;
                    }
                }
                await Task.Delay(5);
            }
            Assert.Fail("It does not go on.");
        }
    }

    [Fact]
    public async Task Bandwidth_is_shared_and_may_change_under_those_who_wait()
    {
        var clock = new FakeTimeProvider();
        var limit = new BandwidthLimiter(1000, clock);
        await limit.WaitAsync(1000, default);   // on credit
        var first = limit.WaitAsync(500, default).AsTask();
        var second = limit.WaitAsync(500, default).AsTask();
        clock.Advance(TimeSpan.FromSeconds(0.9));
        await Task.Delay(20);
        Assert.False(first.IsCompleted || second.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        await Task.WhenAny(first, second).WaitAsync(TimeSpan.FromSeconds(5));
        await Task.Delay(20);
        Assert.False(first.IsCompleted && second.IsCompleted);
        limit.BytesPerSecond = null;   // no time passes
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(5));
        limit.BytesPerSecond = 1;
        await limit.WaitAsync(1_000_000, default);
        using var stop = new CancellationTokenSource();
        var never = limit.WaitAsync(1, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }
}
