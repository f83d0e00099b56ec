namespace StingBackup.Bench.Scale.Simulation;

/// <summary>What hosts are like, on average. Each host's own figures are drawn from these.</summary>
internal sealed record FleetOptions
{
    public int Hosts { get; init; } = 1000;
    public int Seed { get; init; } = 1;
    /// <summary>Bytes that a host protects; of a chunk; subjects.</summary>
    public double BytesPerHost { get; init; } = 1e12;
    public double BytesPerChunk { get; init; } = 1e5;
    public double SubjectsPerHost { get; init; } = 1000;
    /// <summary>Share of its bytes that is new each day, and what it is stored as.</summary>
    public double NewPerDay { get; init; } = 0.002;
    public double Stored { get; init; } = 0.5;
    /// <summary>Subjects with something new in a tick.</summary>
    public double ChangedPerTick { get; init; } = 20;
    /// <summary>Whether all timers fire in the same second, or each at its own.</summary>
    public bool Aligned { get; init; }
}

/// <summary>One host of the fleet.</summary>
/// <param name="Chunks">Chunks on the first day.</param>
/// <param name="ChunksPerTick">New ones in a tick.</param>
/// <param name="Subjects">People and jars.</param>
/// <param name="Second">When in a quarter of an hour its timer fires.</param>
internal sealed record SimulatedHost(double Chunks, double ChunksPerTick, double Subjects, int Second);

/// <summary>Hosts that share a bucket: drawn once, by a seed.</summary>
internal sealed class Fleet
{
    public const int TicksPerDay = 96;

    private readonly double _chunks, _chunksPerTick, _subjects;

    public Fleet(FleetOptions options)
    {
        Options = options;
        var random = new Random(options.Seed);
        var weights = Enumerable.Range(0, options.Hosts).Select(_ => Math.Exp(0.5 * Normal(random))).ToArray();
        var mean = weights.Average();
        Hosts = [.. weights.Select(w => w / mean).Select(w => new SimulatedHost(w * options.BytesPerHost / options.BytesPerChunk, w * options.BytesPerHost * options.NewPerDay / options.BytesPerChunk / TicksPerDay,
            Math.Ceiling(w * options.SubjectsPerHost), options.Aligned ? 0 : random.Next((int)Limits.Tick)))];
        (_chunks, _chunksPerTick, _subjects) = (Hosts.Sum(h => h.Chunks), Hosts.Sum(h => h.ChunksPerTick), Hosts.Sum(h => h.Subjects));
    }

    public FleetOptions Options { get; }
    /// <summary>New chunks of all hosts in a tick, and their subjects.</summary>
    public double ChunksPerTick => _chunksPerTick;
    public double Subjects => _subjects;
    public IReadOnlyList<SimulatedHost> Hosts { get; }

    /// <summary>Chunks of all hosts after so many days.</summary>
    public double ChunksAt(double day) => _chunks + _chunksPerTick * TicksPerDay * day;

    public static double ChunksAt(SimulatedHost host, double day) => host.Chunks + host.ChunksPerTick * TicksPerDay * day;

    /// <summary>Points of all hosts: their objects stay when retention lets go of what they hold.</summary>
    public double PointsAt(double day) => Hosts.Count * TicksPerDay * day;

    /// <summary>Bytes that are stored.</summary>
    public double BytesAt(double day) => ChunksAt(day) * Options.BytesPerChunk * Options.Stored;

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
