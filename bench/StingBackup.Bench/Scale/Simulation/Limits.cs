namespace StingBackup.Bench.Scale.Simulation;

/// <summary>What Amazon publishes of S3 and this program has measured of itself. Everything that the simulation takes for given stands here, with where it comes from.</summary>
internal static class Limits
{
    /// <summary>Keys of a page of ListObjectsV2 (S3 API reference).</summary>
    public const int ListPage = 1000;
    /// <summary>Requests a second that change, and that read, for each prefix (S3 User Guide, "Optimizing performance").</summary>
    public const double PutsPerSecond = 3500, GetsPerSecond = 5500;
    /// <summary>Dollars for a thousand PUT or LIST, for a thousand GET, for a GB and month: S3 Standard, US East; the first and the last are the defaults of cost.remote_requests and cost.remote.</summary>
    public const double DollarsPerThousandPuts = 0.005, DollarsPerThousandGets = 0.0004, DollarsPerGbMonth = 0.023;
    /// <summary>An assumption: seconds until a small request, and a page of a listing, is answered. Amazon names 0.1 to 0.2 for small objects of any class of store; a host near the bucket sees less.</summary>
    public const double SecondsPerRequest = 0.03, SecondsPerList = 0.1;
    /// <summary>Requests at once of one host (remote.streams).</summary>
    public const int Streams = 4;

    /// <summary>Bytes of memory for a chunk of the index: 48 a row, and 4 for each of 1.5 to 3 slots of the table (docs/benchmarks.md, "Ten million chunks": 480 MB and 67 MB for 10 million).</summary>
    public const double IndexBytesPerChunk = 54.7;
    /// <summary>Rows that one index can number (29 bits of a slot, RepositoryIndex).</summary>
    public const double MostChunks = (1L << 29) - 1;
    /// <summary>CPU seconds to read a row of another host and pass it over: 48 bytes through SHA-256, for the fragment's signature, at 1.2 GB/s.</summary>
    public const double PassSecondsPerChunk = 4e-8;
    /// <summary>CPU seconds of a sweep's plan for a chunk: 11.7 s for 10 million, of which 0.5 are the start (docs/benchmarks.md).</summary>
    public const double SweepSecondsPerChunk = 1.12e-6;
    /// <summary>Bytes of memory of a sweep's plan for a chunk: 911 MB for 10 million, less 137 of the program itself.</summary>
    public const double SweepBytesPerChunk = 77;
    /// <summary>Memory of a host that a run may take.</summary>
    public const double HostMemory = 8e9;
    /// <summary>Seconds between ticks.</summary>
    public const double Tick = 900;
}
