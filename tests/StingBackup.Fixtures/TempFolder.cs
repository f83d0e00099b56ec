namespace StingBackup.Fixtures;

/// <summary>A new folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sting-test-").FullName;

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
