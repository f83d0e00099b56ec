namespace StingBackup.Bench.Scale.Simulation;

/// <summary>How an index is divided, and what a run asks for.</summary>
internal enum Design
{
    /// <summary>As the program is: one index of all hosts, of which a run reads all and holds its own rows, and each run asks for what every other one has committed since.</summary>
    Today,
    /// <summary>A folder of the index for each writer: a run deduplicates against its own chunks alone already. A run looks at its own chain, and at others' heads once a day.</summary>
    ByWriter,
    /// <summary>A folder of the index for each subject, listed when it changes. Points as before.</summary>
    BySubject,
    /// <summary>4,096 folders by the first bits of the chunk's id. Points as before.</summary>
    ByIdPrefix,
}

/// <summary>What one run is in a design: its requests, the chunks whose rows it holds, and how long it takes.</summary>
/// <param name="Requests">Requests and bytes.</param>
/// <param name="ChunksHeld">Rows of the index in memory.</param>
/// <param name="Seconds">Waiting for the store, and loading the index.</param>
internal readonly record struct SimulatedTick(Requests Requests, double ChunksHeld, double Seconds)
{
    /// <summary>Bytes of memory that the index takes.</summary>
    public double Memory => ChunksHeld * Limits.IndexBytesPerChunk;
}

/// <summary>A sweep's plan in a design.</summary>
/// <param name="Parts">How many it is done in, each by itself.</param>
/// <param name="Memory">Bytes of memory of the largest.</param>
/// <param name="Seconds">CPU seconds of all.</param>
/// <param name="Spilled">Bytes on a disk meanwhile.</param>
internal readonly record struct SimulatedSweep(double Parts, double Memory, double Seconds, double Spilled)
{
    /// <summary>CPU seconds of a part.</summary>
    public double SecondsOfPart => Seconds / Parts;
}

/// <summary>The designs, tick by tick and sweep by sweep.</summary>
internal static class Designs
{
    private const double Prefixes = 4096;
    /// <summary>CPU seconds to load a chunk's row: a backup of one small file takes 4.3 s where the index has 10 million chunks, 0.8 where it has none (docs/benchmarks.md).</summary>
    private const double LoadSecondsPerChunk = 3.5e-7;
    /// <summary>Pages of trees that a changed subject costs, and their bytes: a leaf, one above it, the root (128 items a page, about 60 bytes an item once compressed).</summary>
    private const double PagesPerSubject = 3, PageBytes = 7700;

    /// <summary>A tick of a host on a day.</summary>
    public static SimulatedTick TickOf(Design design, Fleet fleet, SimulatedHost host, double day)
    {
        double hosts = fleet.Hosts.Count, all = fleet.ChunksAt(day), own = Fleet.ChunksAt(host, day), changed = Math.Min(fleet.Options.ChangedPerTick, host.Subjects);
        var perTick = fleet.ChunksPerTick + hosts * changed * PagesPerSubject;
        var ownPerTick = host.ChunksPerTick + changed * PagesPerSubject;
        var run = new RunShape
        {
            OwnPoints = Fleet.TicksPerDay * day, Points = fleet.PointsAt(day), NewPoints = hosts, Fragments = hosts * (Fleet.TicksPerDay / 2.0) + all / (1 << 20), NewFragments = hosts * (1 + 1.0 / Fleet.TicksPerDay), NewFragmentChunks = 2 * perTick,
            ClassesWithItems = 6, AuditRecords = hosts * day, AuditChains = hosts, Claims = host.Subjects, OtherWriters = hosts - 1, ChangedSubjects = changed, Chunks = host.ChunksPerTick, ChunkBytes = host.ChunksPerTick * fleet.Options.BytesPerChunk * fleet.Options.Stored,
            TreePages = changed * PagesPerSubject, TreeBytes = changed * PagesPerSubject * PageBytes, SubjectPages = 1, SubjectPageBytes = Math.Min(128, host.Subjects) * 64,
        };
        // In the other designs a run knows its own chain, and looks at the others' heads once a day.
        var alone = run with { OwnPoints = 1, Points = 1, NewPoints = 1 + hosts / Fleet.TicksPerDay, Fragments = Fleet.TicksPerDay / 2.0 + own / (1 << 20), NewFragments = 1 + 1.0 / Fleet.TicksPerDay, NewFragmentChunks = 2 * ownPerTick,
            AuditRecords = day, AuditChains = 1 + hosts / Fleet.TicksPerDay, OtherWriters = hosts / Fleet.TicksPerDay };
        var heads = new Requests(0, 0, hosts / Fleet.TicksPerDay, 0, 0);
        var perSubject = own / host.Subjects;
        var touched = Prefixes * (1 - Math.Exp(-ownPerTick / Prefixes));
        var (requests, held) = design switch
        {
            Design.Today => (RunModel.Predict(run), own),
            Design.ByWriter => (RunModel.Predict(alone) + heads, own),
            // A listing, and a fragment of its own, for each changed subject.
            Design.BySubject => (RunModel.Predict(alone) + heads + new Requests(changed - 1, 0, changed - 1, 0, 0), changed * perSubject),
            // Each touched shard is listed; what all hosts added to it since is read: they touch it in nearly each of their ticks.
            _ => (RunModel.Predict(alone) + heads + new Requests(touched - 1, touched * Math.Min(hosts, hosts * ownPerTick / Prefixes + 1), touched, 0, 2 * perTick * 48 * touched / Prefixes), touched * all / Prefixes),
        };
        // Pages of a listing, points and fragments are asked for one behind the other; claims are read ahead, packs written in the background.
        var oneByOne = requests.Lists * Limits.SecondsPerList + (requests.Gets - host.Subjects) * Limits.SecondsPerRequest;
        var passed = design == Design.Today ? (all - own) * Limits.PassSecondsPerChunk : 0;
        return new SimulatedTick(requests, held, passed + oneByOne + (host.Subjects + requests.Puts) / Limits.Streams * Limits.SecondsPerRequest + held * LoadSecondsPerChunk);
    }

    /// <summary>Chunks whose rows a restore of one file of the largest host holds.</summary>
    public static double HeldByReader(Design design, Fleet fleet, double day)
    {
        double all = fleet.ChunksAt(day);
        var largest = fleet.Hosts.MaxBy(h => h.Chunks)!;
        // By id: a page on each level of the tree, and a chunk.
        return design switch { Design.Today => all, Design.ByWriter => Fleet.ChunksAt(largest, day), Design.BySubject => Fleet.ChunksAt(largest, day) / largest.Subjects, _ => 5 * all / Prefixes };
    }

    /// <summary>The plan of a sweep on a day.</summary>
    public static SimulatedSweep SweepOf(Design design, Fleet fleet, double day)
    {
        double all = fleet.ChunksAt(day), largest = fleet.Hosts.Max(h => Fleet.ChunksAt(h, day)), subjects = fleet.Subjects, packs = all * fleet.Options.BytesPerChunk * fleet.Options.Stored / (32 << 20);
        var seconds = all * Limits.SweepSecondsPerChunk;
        return design switch
        {
            Design.Today => new SimulatedSweep(1, all * Limits.SweepBytesPerChunk, seconds, 0),
            Design.ByWriter => new SimulatedSweep(fleet.Hosts.Count, largest * Limits.SweepBytesPerChunk, seconds, 0),
            // What each pack still holds is summed over all parts: 40 bytes a pack.
            Design.BySubject => new SimulatedSweep(Math.Min(1024, subjects), all / Math.Min(1024, subjects) * Limits.SweepBytesPerChunk + 40 * packs, seconds, 0),
            // Trees name ids of all prefixes: what they reach is sorted by prefix on a disk first.
            _ => new SimulatedSweep(Prefixes, all / Prefixes * Limits.SweepBytesPerChunk + 40 * packs, 1.5 * seconds, all * 32),
        };
    }
}
