using StingBackup.Engine.Reserve.Configuration;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.Tiering.Year;

/// <summary>The short form of tests/soak/5-year.sh, with the same invariants: weeks instead of a year, and days that are over sooner.</summary>
public sealed class YearTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Storage_stays_within_what_is_predicted_and_every_promised_restore_point_opens()
    {
        var retention = new RetentionSettings(3, 7, 365, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Key switch { DataClass.Embeddings => 9, DataClass.TempFiles => 2, _ => 16 }))
        {
            Thinning = new ThinningSettings(5, 0, 8, 2, 1, 0),
        };
        var plan = new YearPlan(28, TimeSpan.FromDays(1), retention, ArchiveOptions.Default with { AfterDays = 4, PackSize = 4 << 20 }, 20261126);
        await using var year = new YearRun(plan, new SimulatedClass(DataClass.UserFiles, "files", 120, 66_000, 0.08), new SimulatedClass(DataClass.Embeddings, "vectors", 80, 66_000, 0.1), new SimulatedClass(DataClass.TempFiles, "tmp", 12, 66_000, 0.5));
        var forecast = await year.ForecastAsync([.. Enumerable.Range(1, plan.Days)]);
        for (var day = 1; day <= plan.Days; day++)
        {
            await year.DayAsync();
            if (day % 7 == 0)
            {
                var (text, isWithin) = year.Compare(forecast, after: day - 7);
                output.WriteLine(text);
                Assert.True(isWithin, text);
                Assert.True(await year.OpenSomeAsync(2) > 0);
            }
        }
        await year.VerifyAllAsync();
    }
}
