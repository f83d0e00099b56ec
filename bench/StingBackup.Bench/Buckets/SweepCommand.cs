using System.Globalization;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Bench.Buckets;

/// <summary>
/// Sweeps a repository over and over, by a clock that runs faster: what readers have hours for passes in a minute. Ends with its input; then says what it did.
/// </summary>
internal static class SweepCommand
{
    public static async Task<int> RunAsync(string configuration, double speed)
    {
        using var stop = new CancellationTokenSource();
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync(CancellationToken.None);
            await stop.CancelAsync();
        });
        var clock = new FastClock(speed);
        long sweeps = 0, marked = 0, deleted = 0, spared = 0, rewritten = 0, waited = 0, failed = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // Opened anew each time, as a timer would.
                await using var installation = await OpenAsync(configuration, clock);
                var result = (PruneResult)await ResultOfAsync(PruneJob.RunAsync(installation, CancellationToken.None));
                (sweeps, marked, deleted, spared, rewritten) = (sweeps + 1, marked + result.Marked.Packs, deleted + result.Deleted.Packs, spared + result.Spared, rewritten + result.Rewritten.Packs);
            }
            catch (StingException e) when (e.ErrorId == "BackupRunning")
            {
                waited++;   // an erasure of this host has its lock: the next call sweeps
            }
            catch (StingException e)
            {
                failed++;
                Console.Error.WriteLine($"{e.ErrorId}: {e.Message}");
            }
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(2), stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sweeps} sweeps: {marked} packs marked, {deleted} deleted, {spared} spared, {rewritten} written anew; {waited} had to wait, {failed} failed"));
        return failed == 0 ? 0 : 1;
    }

    internal static ValueTask<Installation> OpenAsync(string configuration, TimeProvider clock) =>
        Installation.OpenAsync(new ConfigurationLoader(new HostView()).Examine(configuration), new InstallationOptions { Clock = clock }, CancellationToken.None);

    internal static async Task<object> ResultOfAsync(IAsyncEnumerable<JobEvent> job, Action<StingException>? failed = null)
    {
        object? result = null;
        await foreach (var told in job)
        {
            if (told is ItemFailedEvent item)
            {
                failed?.Invoke(item.Error);
            }
            result = told is CompletedEvent completed ? completed.Result : result;
        }
        return result!;
    }

    private sealed class FastClock(double speed) : TimeProvider
    {
        private readonly DateTimeOffset _start = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _start + (System.GetUtcNow() - _start) * speed;
    }
}
