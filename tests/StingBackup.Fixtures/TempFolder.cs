namespace StingBackup.Fixtures;

/// <summary>A new folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    private const long RoomInMemory = 4L << 30;

    /// <param name="inMemory">Whether it may lie in memory, where the system has room for that: for servers whose files no test looks at.</param>
    public TempFolder(bool inMemory = false) =>
        Path = inMemory && MemoryFolder is { } parent ? Directory.CreateDirectory(System.IO.Path.Combine(parent, $"sting-test-{Guid.NewGuid():n}")).FullName : Directory.CreateTempSubdirectory("sting-test-").FullName;

    public string Path { get; }

    /// <summary>Linux's file system in memory; null where there is none, or little room in it.</summary>
    public static string? MemoryFolder { get; } = OperatingSystem.IsLinux() && Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > RoomInMemory ? "/dev/shm" : null;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.Delete(Path, recursive: true);
            return;
        }
        // .NET's own deletion knows neither names that are not UTF-8 nor paths beyond PATH_MAX.
        using var remove = System.Diagnostics.Process.Start("rm", ["-rf", Path]);
        remove.WaitForExit();
        if (remove.ExitCode != 0)
        {
            throw new IOException($"'{Path}' could not be removed.");
        }
    }
}
