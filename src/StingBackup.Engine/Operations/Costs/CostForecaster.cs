using System.Globalization;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle.Forecast;

namespace StingBackup.Engine.Operations.Costs;

/// <summary>Tells what the tiers will cost if the reserve goes on as its restore points show: the forecast of storage at the configured prices. Reads no content, asks for no key, changes nothing.</summary>
public static class CostForecaster
{
    /// <summary>The day on which a limit is passed is told to so many.</summary>
    private const int Step = 7, Year = 364;

    /// <summary>Forecasts.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="days">Days to tell of.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>ForecastNotUnderstood</c>, <c>NothingToForecast</c></exception>
    public static async ValueTask<CostForecast> ReadAsync(Installation installation, IReadOnlyList<int> days, CancellationToken cancel)
    {
        Access.Require(installation, "Measure-StingCost");
        ArgumentNullException.ThrowIfNull(days);
        // The weeks between tell when a tier passes its limit; one playing tells of all.
        var asked = new ForecastRequest { Days = [.. days.Concat(Enumerable.Range(1, Year / Step).Select(week => week * Step)).Distinct()], IsSteadyTold = false };
        var storage = await ForecastJob.RunAsync(installation, asked, cancel).ConfigureAwait(false);
        var told = storage.Tiers.Where(t => days.Contains(t.Day)).Select(t => new TierCostForecast(t.Day, t.Tier, t.Length, t.Limit, Dollars.For(t.Length, CostReader.PriceOf(installation, t.Tier)))).ToArray();
        return new CostForecast
        {
            Time = TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone), Repository = installation.Store.Location, Tiers = told,
            Days = told.GroupBy(t => t.Day).OrderBy(day => day.Key).Select(day => new CostDay(day.Key, day.Sum(t => t.Length), day.Sum(t => t.MonthlyCost))).ToArray(),
            Warnings = storage.Tiers.Where(t => t.IsOverLimit).GroupBy(t => t.Tier).OrderBy(t => t.Key).Select(over => Warn(over.MinBy(t => t.Day)!)).ToArray(),
        };
    }

    private static string Warn(TierForecast over) => string.Create(CultureInfo.InvariantCulture,
        $"The {over.Tier} tier passes the {Display.Length(over.Limit)} that it may take within {over.Day} days. {(over.Tier == Tier.Remote ? "Uploads stop there: let less be kept (Get-StingRetentionPlan), or ask for more in time (Set-StingTierQuota)." : "Content leaves it earlier then, as far as the next tier has it: let less be kept, or give it more (local.max_percent).")}");
}
