namespace StingBackup.Bench.Scale.Simulation;

/// <summary>A limit, and the first day on which a fleet meets it.</summary>
/// <param name="What">In words.</param>
/// <param name="Day">The day; null where it is not met in ten years.</param>
internal sealed record LimitMet(string What, double? Day);

/// <summary>Finds when a fleet meets what it cannot pass.</summary>
internal static class LimitFinder
{
    private const double Days = 3650;

    public static IReadOnlyList<LimitMet> Find(Design design, FleetOptions options)
    {
        var spread = new Fleet(options);
        var aligned = new Fleet(options with { Aligned = true });
        return
        [
            new("a restore's index has more chunks than one can number (537 million)", FirstDay(d => Designs.HeldByReader(design, spread, d) > Limits.MostChunks)),
            new("a restore's index takes more than 8 GB of memory", FirstDay(d => Designs.HeldByReader(design, spread, d) * Limits.IndexBytesPerChunk > Limits.HostMemory)),
            new("a tick's index takes more than 8 GB of memory", FirstDay(d => FleetDay.Play(design, spread, d).LargestIndex > Limits.HostMemory)),
            new("a tick takes longer than a quarter of an hour", FirstDay(d => FleetDay.Play(design, spread, d).LongestTick > Limits.Tick)),
            new("5,500 reads a second, timers spread", FirstDay(d => FleetDay.Play(design, spread, d).PeakReads > Limits.GetsPerSecond)),
            new("5,500 reads a second, timers all at once", FirstDay(d => FleetDay.Play(design, aligned, d).PeakReads > Limits.GetsPerSecond)),
            new("3,500 writes a second, timers all at once", FirstDay(d => FleetDay.Play(design, aligned, d).PeakPuts > Limits.PutsPerSecond)),
            new("the plan of a sweep takes more than a day of one core", FirstDay(d => Designs.SweepOf(design, spread, d).SecondsOfPart > 86_400)),
            new("the plan of a sweep takes more than 64 GB", FirstDay(d => Designs.SweepOf(design, spread, d).Memory > 64e9)),
            new("requests cost more than storage", FirstDay(d => FleetDay.Play(design, spread, d).Dollars * 30 > spread.BytesAt(d) / 1e9 * Limits.DollarsPerGbMonth)),
        ];
    }

    // Not all grow from day to day: where ticks take longer than their time, there are fewer of them. So steps find the first time, and halves of it the day.
    private static double? FirstDay(Func<double, bool> isMet)
    {
        if (isMet(1))
        {
            return 1;
        }
        double no = 1, yes = 1;
        while (!isMet(yes = Math.Min(Days, Math.Ceiling(no * 1.2))))
        {
            if (yes >= Days)
            {
                return null;
            }
            no = yes;
        }
        while (yes - no > 1)
        {
            var middle = Math.Floor((no + yes) / 2);
            (no, yes) = isMet(middle) ? (no, middle) : (middle, yes);
        }
        return yes;
    }
}
