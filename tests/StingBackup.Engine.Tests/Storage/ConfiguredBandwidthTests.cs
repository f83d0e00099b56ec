using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>One limit for all buckets of a configuration, which follows the file.</summary>
public sealed class ConfiguredBandwidthTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();

    private string FilePath => Path.Combine(_folder.Path, "sting-backup.yaml");

    public void Dispose() => _folder.Dispose();

    private StingConfiguration Write(string limit, int second)
    {
        File.WriteAllText(FilePath, $"repository: {{ backup_root: {_folder.Path}/b }}\nreserve: {{ path: {_folder.Path}/r }}\nperformance: {{ bandwidth_limit: {limit} }}\n");
        File.SetLastWriteTimeUtc(FilePath, new DateTime(2026, 1, 1, 0, 0, second, DateTimeKind.Utc));
        return new ConfigurationLoader(new HostView()).Load(FilePath);
    }

    [Fact]
    public void All_buckets_of_a_configuration_share_one()
    {
        var configuration = Write("80M", 0);
        var limit = ConfiguredBandwidth.Of(configuration, _clock);
        Assert.Equal(10_000_000, limit.BytesPerSecond);
        Assert.Same(limit, ConfiguredBandwidth.Of(configuration, _clock));
        Assert.NotSame(limit, ConfiguredBandwidth.Of(configuration with { File = FilePath + "2" }, _clock));
        GC.KeepAlive(limit);
    }

    [Fact]
    public async Task What_waits_goes_on_by_the_limit_that_the_file_says_now()
    {
        var limit = ConfiguredBandwidth.Of(Write("8k", 0), _clock);
        await limit.WaitAsync(1_000_000, default);   // on credit for a quarter of an hour
        var waiting = limit.WaitAsync(1, default).AsTask();
        Write("800M", 1);
        File.AppendAllText(FilePath, "oops: [\n");   // not whole yet
        _clock.Advance(BandwidthLimiter.LookInterval);
        await Task.Delay(20);
        Assert.Equal(1000, limit.BytesPerSecond);
        Assert.False(waiting.IsCompleted);
        Write("800M", 2);
        // The credit would end after 200 looks. A look that comes before the wait for it has begun is missed, so there are several, and time between them.
        for (var i = 0; i < 100 && !waiting.IsCompleted; i++)
        {
            _clock.Advance(BandwidthLimiter.LookInterval);
            await Task.WhenAny(waiting, Task.Delay(100));
        }
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(100_000_000, limit.BytesPerSecond);
        File.Delete(FilePath);
        _clock.Advance(BandwidthLimiter.LookInterval);
        await limit.WaitAsync(1, default);
        Assert.Equal(100_000_000, limit.BytesPerSecond);
    }
}
