namespace StingBackup.Engine.Sources;

/// <summary>A new folder that nobody but this user sees into, for as long as it takes.</summary>
internal sealed class PrivateFolder : IDisposable
{
    private PrivateFolder(string path) => Path = path;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Join(Path, name);

    /// <summary>Makes one (mode 700) below <paramref name="parent"/>.</summary>
    /// <exception cref="StingException"><c>SpoolFailed</c>, <c>SpoolFull</c></exception>
    public static PrivateFolder Create(string parent)
    {
        try
        {
            Directory.CreateDirectory(parent);
            var path = System.IO.Path.Join(parent, $"sting-spool-{System.IO.Path.GetRandomFileName()}");
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            return new PrivateFolder(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SpoolErrors.Failed(parent, e);
        }
    }

    /// <summary>Removes it with all in it.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is private and lies where the system cleans up.
        }
    }
}
