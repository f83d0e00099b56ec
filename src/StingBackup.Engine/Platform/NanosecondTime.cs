namespace StingBackup.Engine.Platform;

/// <summary>Times as this program stores them: nanoseconds since 1970 UTC, signed 64 bits (years 1677 to 2262).</summary>
internal static class NanosecondTime
{
    private const long PerSecond = 1_000_000_000;

    /// <summary>From seconds (floor) and the nanoseconds above them; saturates beyond the range.</summary>
    public static long FromParts(long seconds, uint nanoseconds) =>
        seconds is > -9_223_372_036 and < 9_223_372_036 ? (seconds * PerSecond) + nanoseconds
        : seconds < 0 ? long.MinValue : long.MaxValue;

    /// <summary>Splits into seconds (floor) and the nanoseconds above them.</summary>
    public static (long Seconds, long Nanoseconds) ToParts(long time)
    {
        var (seconds, rest) = Math.DivRem(time, PerSecond);
        return rest < 0 ? (seconds - 1, rest + PerSecond) : (seconds, rest);
    }

    /// <summary>Of a moment.</summary>
    public static long ToNs(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>A moment, at an offset in minutes.</summary>
    public static DateTimeOffset FromNs(long nanoseconds, int offsetMinutes) =>
        (DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(nanoseconds / 100)).ToOffset(TimeSpan.FromMinutes(offsetMinutes));

    /// <summary>From a UTC time of .NET, which counts in 100 ns; saturates beyond the range.</summary>
    public static long FromUtc(DateTime utc)
    {
        var (seconds, ticks) = Math.DivRem(utc.Ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        return ticks < 0 ? FromParts(seconds - 1, (uint)(ticks + TimeSpan.TicksPerSecond) * 100) : FromParts(seconds, (uint)ticks * 100);
    }

    /// <summary>To a UTC time of .NET, rounded down to its 100 ns.</summary>
    public static DateTime ToUtc(long time)
    {
        var (seconds, nanoseconds) = ToParts(time);
        return DateTime.UnixEpoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100));
    }
}
