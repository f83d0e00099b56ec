namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A folder of this user alone, for a file that a script block looks at; it goes with what is in it.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sting-test-");

    /// <summary>Where a file of this name stands. A name that this system does not take becomes one that it does.</summary>
    public string PathOf(string name) => Path.Join(_folder.FullName, string.Concat(name.Select(c => Path.GetInvalidFileNameChars().Contains(c) ? '_' : c)));

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is private and lies where the system cleans up.
        }
    }
}
