using System.Globalization;
using Amazon;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>A host whose clock goes wrong in the middle of an upload to a real S3 server, which refuses requests of another time.</summary>
public sealed class WrongClockTests
{
    [CephFact]
    public async Task A_wrong_clock_is_named_and_nothing_counts_until_it_is_right()
    {
        // In a process of its own: the library's clock is one for all of a process.
        var cluster = await S3Server.GetAsync();
        var address = (await S3Server.NewOptionsAsync()).Address;
        string[] minutes = ["20", "-20", "576000", "-576000"];
        Assert.Equal(minutes.Select(m => $"{m} done"), await ChildProgram.RunAsync([], ["wrong-clock", cluster.Address.ToString(), address.ToString(), .. minutes]));
    }
}

/// <summary>What the test does in its own process.</summary>
internal static class WrongClockScript
{
    public static async Task RunAsync(Uri endpoint, string address, IEnumerable<string> minutes, TextWriter output)
    {
        foreach (var each in minutes)
        {
            await RunAsync(new S3Options
            {
                Address = S3Address.Parse($"{address}{each}"), Endpoint = endpoint, PathStyle = true, Login = new S3GivenLogin(CephCluster.AccessKey, CephCluster.SecretKey), LongestHeld = 1000,
            }, TimeSpan.FromMinutes(int.Parse(each, CultureInfo.InvariantCulture)));
            await output.WriteLineAsync($"{each} done");
        }
    }

    private static async Task RunAsync(S3Options options, TimeSpan off)
    {
        var clock = new MovedClock();
        void Move(TimeSpan by)
        {
            clock.Advance(by);
            AWSConfigs.ManualClockCorrection = AWSConfigs.ManualClockCorrection.GetValueOrDefault() + by;
        }
        var moves = false;
        await using var reserve = new TierReserve
        {
            Tiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>
            {
                [Tier.Remote] = async cancel =>
                {
                    var retry = new StoreRetry(TimeProvider.System, pause: TimeSpan.FromMilliseconds(1));
                    var bucket = await S3ObjectStore.OpenAsync(options with { BarrierRetry = retry }, clock, cancel);
                    return new FaultyStore(new RetryingObjectStore(bucket, retry))
                    {
                        // Packs have arrived, and are to be shown now.
                        Before = (verb, _) =>
                        {
                            if (verb == "barrier" && moves)
                            {
                                moves = false;
                                Move(off);
                            }
                        },
                    };
                },
            },
        };
        reserve.Write("users/1/a.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Write("users/2/b.bin", 200_000);
        await reserve.BackupAsync();

        moves = true;
        var error = await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync());
        Assert.False(moves);
        Assert.Equal("TierUnavailable", error.ErrorId);
        Assert.Contains("2 restore points", error.Message, StringComparison.Ordinal);
        var cause = Assert.IsType<StingException>(error.InnerException);
        Assert.Equal("StoreClockWrong", cause.ErrorId);
        Assert.Contains(off.Duration() < TimeSpan.FromDays(1) ? " min " : " d ", cause.Message, StringComparison.Ordinal);
        Assert.Contains(off > TimeSpan.Zero ? "ahead" : "behind", cause.Message, StringComparison.Ordinal);
        Assert.Contains("NTP", cause.Remedy, StringComparison.Ordinal);

        // While it is wrong it stays refused, backups go on, are whole on the local tier, and say what waits.
        reserve.SyncsAtCommit = true;
        reserve.Write("users/1/meanwhile.bin", 20_000);
        var warnings = new List<string>();
        Assert.Equal(JobState.Completed, (await reserve.BackupAsync(warnings: warnings)).State);
        Assert.Contains("3 restore points", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("clock", warnings[0], StringComparison.Ordinal);
        Move(-off);
        await using var there = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default);
        Assert.DoesNotContain((await ObjectsAsync(there)).Keys, n => n.StartsWith("points/", StringComparison.Ordinal));
        Assert.Equal(3, (await reserve.SyncAsync()).Points);
        var objects = await ObjectsAsync(there);
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), objects.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(await reserve.VerifyAloneAsync(objects));
    }

    private static async Task<Dictionary<string, ReadOnlyMemory<byte>>> ObjectsAsync(S3ObjectStore store)
    {
        var objects = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        await foreach (var item in store.ListAsync("", default))
        {
            if (TierObjects.StepOf(item.Name) is not null)
            {
                objects[item.Name] = await store.ReadAllAsync(item.Name, default);
            }
        }
        return objects;
    }
}
