using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The clock has not gone back behind the newest restore point.</summary>
internal sealed class ClockCheck : ImmediateCheck
{
    /// <summary>Clocks of two hosts may differ by this much.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    public override string Name => "clock";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context)
    {
        var now = TimeZoneInfo.ConvertTime(context.Clock.GetUtcNow(), context.Configuration.TimeZone);
        var shown = string.Create(CultureInfo.InvariantCulture, $"the clock shows {now:yyyy-MM-dd HH:mm:ss zzz} ({context.Configuration.TimeZone.Id})");
        if (context.Facts.NewestPoint is { } newest && newest > now + Tolerance)
        {
            yield return context.Found(FindingSeverity.Error, Settings.TimeZone, string.Create(CultureInfo.InvariantCulture,
                    $"{shown}, but the newest restore point is of {TimeZoneInfo.ConvertTime(newest, context.Configuration.TimeZone):yyyy-MM-dd HH:mm:ss zzz}"),
                "Set the clock (NTP) before the next run; if it was ahead when that point was made, points up to then sort after new ones.");
        }
        else
        {
            yield return context.Found(FindingSeverity.Information, Settings.TimeZone, shown);
        }
    }
}
