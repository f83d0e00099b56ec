using System.Security.Cryptography;
using StingBackup.Engine.Lifecycle.Forecast;
using StingBackup.Engine.Operations.Costs;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Tiering;
using StingBackup.Engine.Tests.Tiering.Cold;

namespace StingBackup.Engine.Tests.Operations;

/// <summary>Costs are told again here from the stores and the index; nothing of the reader's own is used.</summary>
public sealed class CostTests
{
    private static byte[] Noise(int length) => RandomNumberGenerator.GetBytes(length);

    [Fact]
    public async Task Every_byte_of_a_tier_is_of_a_class_unneeded_or_structure_and_has_its_price()
    {
        await using var test = new TestInstallation(new MemoryObjectStore());
        test.Write("users/1/a.bin", Noise(400_000));
        test.Write("users/2/b.bin", Noise(200_000));
        test.Write("jars/j/doc.md", Noise(90_000));
        await test.BackupAsync();
        var report = await CostReader.ReadAsync(test.Installation, default);
        var tier = Assert.Single(report.Tiers);
        var length = 0L;
        await foreach (var item in test.Store.ListAsync("", default))
        {
            length += item.Length;
        }
        Assert.Equal((length, 0.10m, 0L), (tier.Length!.Value, tier.PricePerGigabyte, tier.Unneeded!.Value));
        Assert.Null(tier.Writes);
        Assert.Equal(Math.Round(length / 1e9m * 0.10m, 4), tier.StorageCost);
        Assert.Equal(tier.Needed, report.Classes.Sum(c => c.Length));
        Assert.InRange(report.Classes.Single(c => c.DataClass == DataClass.UserFiles).Local, 600_000, 605_000);
        Assert.InRange(report.Classes.Single(c => c.DataClass == DataClass.HoneyJars).Local, 90_000, 93_000);
        Assert.InRange(tier.Structure!.Value, 1, 30_000);
        Assert.Equal(report.MonthlyCost, tier.MonthlyCost);

        var subjects = await CostReader.ReadSubjectsAsync(test.Installation, default);
        Assert.Equal(["user#1", "user#2", "jar:j"], subjects.Take(3).Select(s => s.Subject));
        Assert.InRange(subjects[0].Local, 400_000, 402_000);
    }

    [Fact]
    public async Task What_deduplication_and_compression_save_is_told_in_bytes_and_dollars()
    {
        await using var test = new TestInstallation(new MemoryObjectStore());
        test.Write("users/1/text.txt", System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40_000).Select(i => $"line {i % 100}\n"))));
        await test.BackupAsync();
        test.Write("users/1/small.txt", "more"u8);
        await test.BackupAsync();
        var savings = (await CostReader.ReadAsync(test.Installation, default)).Savings!;
        var length = new FileInfo(Path.Combine(test.ReserveRoot, "users/1/text.txt")).Length;
        Assert.Equal(2 * length + 4, savings.Shown);
        Assert.InRange(savings.Different, 1000, length + 4);   // lines repeat: chunks of them may be alike
        Assert.InRange(savings.Stored, 100, savings.Different / 3);
        Assert.Equal(Math.Round((savings.Shown - savings.Different) / 1e9m * 0.10m, 4), savings.Deduplication);
    }

    [Fact]
    public async Task What_is_needed_no_more_and_what_would_cost_less_elsewhere_is_advice()
    {
        await using var tiers = new TierReserve { ClassDays = 20, Tiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>() };
        tiers.Write("users/1/first.bin", 300_000);
        await tiers.BackupAsync();
        tiers.Delete("users/1/first.bin");
        tiers.Test.Clock.Advance(TimeSpan.FromDays(12));
        tiers.Write("users/1/second.bin", 100_000);
        await tiers.BackupAsync();
        var advice = Assert.Single((await CostReader.ReadAsync(tiers.Open(), default)).Advice);
        Assert.StartsWith("set remote.location", advice.Command, StringComparison.Ordinal);   // the first point is older than 7 days
        Assert.InRange(advice.MonthlySaved, Math.Round(300_000 / 1e9m * 0.077m, 4), Math.Round(310_000 / 1e9m * 0.077m, 4));

        tiers.Test.Clock.Advance(TimeSpan.FromDays(12));
        await tiers.RetainAsync();
        var report = await CostReader.ReadAsync(tiers.Open(), default);
        Assert.Equal("sting-backup prune", Assert.Single(report.Advice).Command);
        Assert.InRange(report.Tiers[0].Unneeded!.Value, 300_000, 310_000);
        Assert.InRange(report.Tiers[0].Needed!.Value, 100_000, 105_000);
    }

    [Fact]
    public async Task A_quota_that_is_nearly_used_up_and_a_tier_that_is_away_are_told()
    {
        await using var tiers = new TierReserve();
        tiers.Write("users/1/a.bin", 500_000);
        await tiers.BackupAsync();
        await tiers.SyncAsync();
        tiers.Quota = tiers.RemoteMemory.Objects.Sum(o => o.Value.Length) * 10 / 9;
        Assert.Contains("90 %", Assert.Single((await CostReader.ReadAsync(tiers.Open(), default)).Warnings), StringComparison.Ordinal);
        tiers.Away = TierReserve.Gone;
        var report = await CostReader.ReadAsync(tiers.Open(), default);
        Assert.Contains("it does not answer", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal((null, null, null), (report.Tiers[1].Length, report.Tiers[1].Structure, report.Tiers[1].MonthlyCost));
        Assert.Equal(report.MonthlyCost, report.Tiers[0].MonthlyCost);
    }

    [Fact]
    public async Task What_is_to_come_costs_what_the_forecast_says_at_the_configured_prices_and_a_quota_is_warned_of_before_it_is_passed()
    {
        await using var tiers = new TierReserve();
        for (var day = 0; day < 4; day++)
        {
            tiers.Write("users/1/a.bin", 500_000 + day);
            await tiers.BackupAsync();
            tiers.Test.Clock.Advance(TimeSpan.FromDays(1));
        }
        await tiers.SyncAsync();
        var storage = await ForecastJob.RunAsync(tiers.Open(), new ForecastRequest { Days = [30, 90], IsSteadyTold = false }, default);
        var cost = await CostForecaster.ReadAsync(tiers.Open(), [30, 90], default);
        Assert.Equal(storage.Tiers.Select(t => (t.Day, t.Tier, t.Length, Math.Round(t.Length / 1e9m * (t.Tier == Tier.Local ? 0.10m : 0.023m), 4))), cost.Tiers.Select(t => (t.Day, t.Tier, t.Length, t.MonthlyCost)));
        Assert.Equal(cost.Tiers.Where(t => t.Day == 90).Sum(t => t.MonthlyCost), cost.Days.Single(d => d.Day == 90).MonthlyCost);
        Assert.Empty(cost.Warnings);

        // A quota between what lies there after a month and after three: it is warned of today, and when.
        var (month, quarter) = (storage.Tiers.Single(t => t is { Day: 30, Tier: Tier.Remote }).Length, storage.Tiers.Single(t => t is { Day: 90, Tier: Tier.Remote }).Length);
        Assert.True(month < quarter);
        tiers.Quota = (month + quarter) / 2;
        var warned = Assert.Single((await CostForecaster.ReadAsync(tiers.Open(), [365], default)).Warnings);
        var days = int.Parse(warned.Split("within ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(days, 30, 90);
        Assert.Contains("Set-StingTierQuota", warned, StringComparison.Ordinal);
        Assert.Equal("ForecastNotUnderstood", (await Assert.ThrowsAsync<StingException>(async () => await CostForecaster.ReadAsync(tiers.Open(), [0], default))).ErrorId);
    }

    [Fact]
    public async Task Two_tiers_cost_what_each_holds()
    {
        await using var tiers = new TierReserve();
        tiers.Write("users/1/a.bin", 500_000);
        await tiers.BackupAsync();
        await tiers.SyncAsync();
        var report = await CostReader.ReadAsync(tiers.Open(), default);
        Assert.Equal([Tier.Local, Tier.Remote], report.Tiers.Select(t => t.Tier));
        Assert.Equal(report.Tiers[0].Needed, report.Tiers[1].Needed);
        Assert.Equal(0.023m, report.Tiers[1].PricePerGigabyte);
        var files = report.Classes.Single(c => c.DataClass == DataClass.UserFiles);
        Assert.Equal(files.Local, files.Remote);
    }

    [Fact]
    public async Task Cold_packs_count_for_the_classes_whose_chunks_they_hold()
    {
        await using var reserve = new ArchivedReserve();
        reserve.Test.Write("users/1/a.bin", Noise(600_000));
        reserve.Test.Write("chunks/7/vectors.bin", Noise(300_000));
        await reserve.Test.BackupAsync();
        reserve.Advance(8);
        await reserve.ArchiveAsync();
        var report = await CostReader.ReadAsync(reserve.Open(), default);
        var archive = report.Tiers.Single(t => t.Tier == Tier.Archive);
        Assert.Equal((reserve.Archive.Objects.Sum(o => (long)o.Value.Length), 0L), (archive.Length!.Value, archive.Unneeded!.Value));
        Assert.Equal(archive.Needed, report.Classes.Sum(c => c.Archive));
        Assert.InRange(report.Classes.Single(c => c.DataClass == DataClass.UserFiles).Archive, 600_000, 605_000);
    }
}
