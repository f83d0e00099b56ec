using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Tiering.Year;

/// <summary>The long form, by the strategy's own settings: a program of tests/soak/5-year.sh.</summary>
internal static class YearSoak
{
    /// <summary>Plays so many days with a run each so many minutes; 0 when every invariant held.</summary>
    public static async Task<int> RunAsync(string days, string minutes, string seed, TextWriter output)
    {
        var retention = new RetentionSettings(Settings.LocalDays.Default, Settings.RemoteDays.Default, Settings.ArchiveDays.Default, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Value.Default));
        var plan = new YearPlan(Number(days), TimeSpan.FromMinutes(Number(minutes)), retention, ArchiveOptions.Default with { PackSize = 4 << 20 }, Number(seed));
        const int Length = 66_000;
        await using var year = new YearRun(plan, new SimulatedClass(DataClass.UserFiles, "files", 160, Length, 0.03), new SimulatedClass(DataClass.Embeddings, "vectors", 80, Length, 0.05), new SimulatedClass(DataClass.AuditLogs, "logs", 40, Length, 0.1),
            new SimulatedClass(DataClass.TempFiles, "tmp", 12, Length, 0.5));
        var forecast = await year.ForecastAsync([.. Enumerable.Range(1, plan.Days)]);
        var (missed, opened, compared) = (0, 0, 0);
        var started = TimeProvider.System.GetTimestamp();
        for (var day = 1; day <= plan.Days; day++)
        {
            await year.DayAsync();   // each day every promised restore point is listed, and no other
            if (day % 30 == 0 || day == plan.Days || (day % 7 == 0 && plan.Days < 60))
            {
                var (text, isWithin) = year.Compare(forecast, compared);
                compared = day;
                opened += await year.OpenSomeAsync(day % 30 == 0 || day == plan.Days ? 6 : 2);
                missed += isWithin ? 0 : 1;
                await output.WriteLineAsync($"{(isWithin ? "" : "MISSED: ")}{text}");
            }
        }
        await year.VerifyAllAsync();
        await output.WriteLineAsync(year.WorstDays(forecast, after: 28));
        await output.WriteLineAsync(string.Join(", ", year.Costs.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value.Count}: {c.Value.Time.TotalSeconds:n1} s"))));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{plan.Days} days, {year.Runs} runs, {opened} restore points restored and equal, all {year.PromisedCount} that the policy promises open; {missed} spans beyond 5 %; {TimeProvider.System.GetElapsedTime(started).TotalMinutes:n1} minutes"));
        return missed == 0 ? 0 : 1;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
