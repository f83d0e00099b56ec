namespace StingBackup.Bench.Scale.Simulation;

/// <summary>One day of a fleet, second by second.</summary>
/// <param name="Requests">Of all hosts.</param>
/// <param name="PeakReads">GET and LIST in the busiest second.</param>
/// <param name="PeakPuts">PUT in the busiest second.</param>
/// <param name="LongestTick">Seconds of the longest tick.</param>
/// <param name="LargestIndex">Bytes of memory of the largest index in one run.</param>
internal sealed record FleetDay(Requests Requests, double PeakReads, double PeakPuts, double LongestTick, double LargestIndex)
{
    private const int Seconds = 86_400;

    /// <summary>Dollars for the requests.</summary>
    public double Dollars => (Requests.Puts + Requests.Lists) / 1000 * Limits.DollarsPerThousandPuts + Requests.Gets / 1000 * Limits.DollarsPerThousandGets;

    /// <summary>Plays a day: each host ticks at its own second, and a tick's requests spread over as long as it takes.</summary>
    public static FleetDay Play(Design design, Fleet fleet, double day)
    {
        // Reads are spread by differences: what begins and what ends in a second.
        var (reads, puts) = (new double[Seconds + 1], new double[Seconds + 1]);
        Requests total = default;
        double longest = 0, largest = 0;
        foreach (var host in fleet.Hosts)
        {
            var tick = Designs.TickOf(design, fleet, host, day);
            (longest, largest) = (Math.Max(longest, tick.Seconds), Math.Max(largest, tick.Memory));
            // A tick that takes longer than the time between two leaves out those that it covers.
            var ticks = Math.Min(Fleet.TicksPerDay, Seconds / Math.Max(Limits.Tick, tick.Seconds));
            total += tick.Requests * ticks;
            var length = Math.Clamp((int)Math.Ceiling(tick.Seconds), 1, Seconds);
            for (var i = 0; i < (int)ticks; i++)
            {
                var begin = (int)Math.Min(Seconds - 1, host.Second + i * Math.Max(Limits.Tick, tick.Seconds));
                var end = Math.Min(Seconds, begin + length);
                reads[begin] += (tick.Requests.Gets + tick.Requests.Lists) / length;
                reads[end] -= (tick.Requests.Gets + tick.Requests.Lists) / length;
                puts[end - 1] += tick.Requests.Puts;
            }
        }
        double now = 0, peak = 0;
        for (var s = 0; s < Seconds; s++)
        {
            peak = Math.Max(peak, now += reads[s]);
        }
        return new FleetDay(total, peak, puts.Max(), longest, largest);
    }
}
