using System.Globalization;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>What a forecast is asked.</summary>
public sealed record ForecastRequest
{
    /// <summary>Days to tell of; those when nothing grows any more are added.</summary>
    public IReadOnlyList<int> Days { get; init; } = [30, 90, 365];
    /// <summary>What the reserve is like, where it is not measured: each as <see cref="ForecastJob.ParseClass"/> reads it.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];
    /// <summary>Whether the day is told of from which on nothing grows: it may be years away.</summary>
    public bool IsSteadyTold { get; init; } = true;
    /// <summary>Time between two runs; null for the shortest that the schedule asks for.</summary>
    public TimeSpan? Every { get; init; }
}

/// <summary>Tells how much will be stored on each tier: measures the reserve by its restore points, and plays the schedule through.</summary>
public static class ForecastJob
{
    private const int MostDays = 3700;

    /// <summary>Forecasts. Needs no key and changes nothing.</summary>
    /// <exception cref="StingException"><c>ForecastNotUnderstood</c>, <c>NothingToForecast</c></exception>
    public static async ValueTask<StorageForecast> RunAsync(Installation installation, ForecastRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingStorageForecast");
        ArgumentNullException.ThrowIfNull(request);
        var schedule = DueClasses.ScheduleOf(installation);
        ForecastClass[] told = [.. request.Classes.Select(text => ParseClass(text, schedule))];
        IReadOnlyList<ForecastClass> measured = [];
        var segment = ForecastMeasure.AssumedSegment;
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, token).ConfigureAwait(false);
            segment = ForecastMeasure.SegmentLengthOf(view.Index);
            return measured = await new ForecastMeasure(installation, view, output).MeasureAsync(token).ConfigureAwait(false);
        }, cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // Progress of a look is told to nobody.
        }
        ForecastClass[] classes = [.. told.Concat(measured.Where(m => !told.Any(t => t.DataClass == m.DataClass))).OrderBy(c => c.DataClass)];
        if (classes.Length == 0)
        {
            throw new StingException("NothingToForecast", FailureKind.NotFound, "There is no restore point yet that tells what the reserve is like.", installation.Store.Location,
                "Back up first, or say it: -Class \"UserFiles=2TB/1000000/1%\" (bytes/items/share that changes in a day).");
        }
        var every = request.Every ?? schedule.Values.Where(i => i > TimeSpan.Zero).DefaultIfEmpty(TimeSpan.FromMinutes(15)).Min();
        if (every < TimeSpan.FromMinutes(1) || every > TimeSpan.FromDays(1))
        {
            throw Bad(every.ToString("c", CultureInfo.InvariantCulture), "-Every is the time between two runs, from a minute to a day");
        }
        var policy = ForecastPolicy.Of(installation, every) with { SegmentLength = segment };
        int[] days = [.. request.Days.Concat(request.IsSteadyTold ? [StorageForecaster.SteadyDayOf(classes, policy)] : []).Distinct().Order()];
        if (days[0] < 1 || request.Days.Any(d => d > MostDays))
        {
            throw Bad(days[0].ToString(CultureInfo.InvariantCulture), $"-Day is a number from 1 to {MostDays}");
        }
        var midnight = new DateTimeOffset(TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone).Date, TimeSpan.Zero);
        // Days beyond ten years are no more than a guess, and take long to play.
        var forecast = StorageForecaster.Play(classes, policy, [.. days.Where(d => d <= MostDays)], midnight, TimeZoneInfo.Utc, cancel);
        return forecast with { Tiers = forecast.Tiers.Select(t => WithParity(installation, t) with { Limit = LimitOf(installation, t.Tier) }).ToArray() };
    }

    /// <summary>What lies beside the packs of the local tier; a little more where they are short.</summary>
    private static TierForecast WithParity(Installation installation, TierForecast tier)
    {
        var parity = tier.Tier == Tier.Local && installation.Store.Parity is { } kept ? (tier.Content + tier.Pages) / 100 * kept.Percent : 0;
        return tier with { Others = tier.Others + parity, Length = tier.Length + parity };
    }

    /// <summary>What the forecast says of limits, for the linter: a tier that will pass its own within a year.</summary>
    public static async ValueTask<IReadOnlyList<ConfigurationFinding>> CheckAsync(Installation installation, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        if (installation.FurtherTiers.Count == 0 || !Access.Allows(installation, "Get-StingStorageForecast"))
        {
            return [];   // a tier that is alone on its disk has no limit
        }
        try
        {
            var forecast = await RunAsync(installation, new ForecastRequest { IsSteadyTold = false }, cancel).ConfigureAwait(false);
            return [.. forecast.Tiers.Where(t => t is { IsOverLimit: true }).DistinctBy(t => t.Tier).Select(t => new ConfigurationFinding
            {
                Severity = FindingSeverity.Warning, Key = t.Tier == Tier.Remote ? TierTimes.Quota.Key : TierTimes.MaxPercent.Key, File = null, Line = 0,
                Problem = FormattableString.Invariant($"In {t.Day} days about {Display.Length(t.Length)} will lie on the {t.Tier} tier, which may take {Display.Length(t.Limit!.Value)}, if the reserve goes on as its restore points show."),
                Remedy = "Get-StingStorageForecast (sting-backup forecast) shows what takes how much. Keep classes for fewer days, thin out (retention.keep_ settings), or raise the limit.",
            })];
        }
        catch (StingException e) when (e.ErrorId == "NothingToForecast")
        {
            return [];
        }
    }

    /// <summary>Reads <c>UserFiles=2TB/1000000/1%/0.6</c>: bytes, items, share that changes in a day, and, where it is known, stored bytes for each byte.</summary>
    internal static ForecastClass ParseClass(string text, IReadOnlyDictionary<DataClass, TimeSpan> schedule)
    {
        const string Form = "a class is written as UserFiles=2TB/1000000/1%: bytes, items, share that changes in a day, and perhaps /0.6, the stored bytes for each byte";
        var parts = text.Split('=', 2);
        var values = parts.Length == 2 ? parts[1].Split('/') : [];
        if (values.Length is not (3 or 4) || !Enum.TryParse<DataClass>(parts[0].Trim().Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var dataClass) || !Enum.IsDefined(dataClass)
            || !TryLength(values[0], out var length) || !long.TryParse(values[1], NumberStyles.None, CultureInfo.InvariantCulture, out var items) || items < 1 || !TryShare(values[2], out var changed) || changed > 100
            || !TryShare(values.ElementAtOrDefault(3) ?? "1", out var stored) || stored > 2)
        {
            throw Bad(text, Form);
        }
        return new ForecastClass { DataClass = dataClass, Length = length, Items = items, ChangedPerDay = changed, StoredShare = stored, Interval = schedule[dataClass] };
    }

    private static bool TryShare(string text, out double share)
    {
        text = text.Trim();
        var isPercent = text.EndsWith('%');
        var isNumber = double.TryParse(text.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out share);
        share = isPercent ? share / 100 : share;
        return isNumber;
    }

    private static bool TryLength(string text, out long length)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB", "PB"];
        text = text.Trim();
        var unit = Array.FindLastIndex(units, u => text.EndsWith(u, StringComparison.OrdinalIgnoreCase));
        var isNumber = double.TryParse(unit < 0 ? text : text[..^units[unit].Length].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        length = isNumber && number * Math.Pow(1000, Math.Max(0, unit)) is var bytes and < 1e18 ? (long)bytes : -1;
        return length >= 0;
    }

    private static long? LimitOf(Installation installation, Tier tier) => tier switch { Tier.Local => installation.LocalLimit, Tier.Remote => installation.RemoteQuota, _ => null };

    private static StingException Bad(string target, string form) => new("ForecastNotUnderstood", FailureKind.InvalidArgument, $"'{target}': {form}.", target, "Get-Help Get-StingStorageForecast -Examples shows some.");
}
