namespace StingBackup.Engine.Legacy;

/// <summary>When an archive was made: the clock that stands in its names, read in the configured zone.</summary>
internal static class LegacyDate
{
    /// <summary>A clock that is behind the dump's own time by more than this, or ahead of it at all, was another zone's.</summary>
    private static readonly TimeSpan LongestDump = TimeSpan.FromHours(12), Jitter = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The moment. An hour that the zone shows twice is told by when the dump was written, which an archive says in UTC; one that it passes over means the moment of the jump.
    /// </summary>
    /// <param name="local">What stands in the names.</param>
    /// <param name="zone">The configured zone.</param>
    /// <param name="written">When the dump was written.</param>
    public static DateTimeOffset Of(DateTime local, TimeZoneInfo zone, DateTimeOffset written)
    {
        var clock = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(clock))
        {
            // Forward to the first minute that the zone knows again.
            for (clock = clock.Date.AddMinutes(Math.Floor(clock.TimeOfDay.TotalMinutes)); zone.IsInvalidTime(clock); clock = clock.AddMinutes(1))
            {
            }
        }
        if (!zone.IsAmbiguousTime(clock))
        {
            return new DateTimeOffset(clock, zone.GetUtcOffset(clock));
        }
        var candidates = zone.GetAmbiguousTimeOffsets(clock).Select(o => new DateTimeOffset(clock, o)).Order().ToList();
        return candidates.FindLast(c => c <= written + Jitter) is { Ticks: > 0 } found ? found : candidates[0];
    }

    /// <summary>Whether the moment goes with when the dump was written: it was begun before, and not a working day before.</summary>
    public static bool Fits(DateTimeOffset moment, DateTimeOffset written) => moment <= written + Jitter && written - moment <= LongestDump;
}
