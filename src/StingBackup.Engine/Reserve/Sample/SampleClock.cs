namespace StingBackup.Engine.Reserve.Sample;

/// <summary>A sample reserve stands still in time, so that the same seed gives the same times.</summary>
internal static class SampleClock
{
    /// <summary>The moment at which a new sample reserve is, for itself.</summary>
    public static readonly DateTime Epoch = new(2024, 1, 15, 1, 30, 0, DateTimeKind.Utc);

    /// <summary>How far apart two ticks of change are.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMinutes(15);
}
