namespace StingBackup.Engine.Limits;

/// <summary>How many readers fit into a job's memory, and how much the process takes.</summary>
internal static class MemoryBudget
{
    /// <summary>What a job takes however few its readers are: the runtime, packs that are being filled and written, trees, the index's places.</summary>
    public const long Base = 400_000_000;

    /// <summary>What one more reader takes: its three blocks of 4 MiB, what its compressor works in, bundles of small files.</summary>
    public const long Reader = 40_000_000;

    /// <summary>The readers that fit, at least one and at most as many as are wanted.</summary>
    public static int ReadersIn(long limit, int wanted) => (int)Math.Clamp((limit - Base) / Reader, 1, wanted);

    /// <summary>Bytes that the process takes for itself. Files that it has mapped (the index) and the system's cache are not counted: they are given up when others need the room.</summary>
    public static long TakenByProcess()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Environment.WorkingSet;
        }
        try
        {
            foreach (var line in File.ReadLines("/proc/self/status"))
            {
                if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(8).TrimEnd("kB").Trim(), System.Globalization.CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // Nothing tells it: then nothing is done about it.
        }
        return Environment.WorkingSet;
    }
}
