namespace StingBackup.Engine.Reserve;

/// <summary>
/// What configuration needs to know of the host: its environment and, read only, its files. Nothing here changes anything.
/// Paths are absolute.
/// </summary>
public interface IHostView
{
    /// <summary>True on Windows.</summary>
    bool IsWindows { get; }

    /// <summary>The folder that relative paths on a command line refer to.</summary>
    string CurrentDirectory { get; }

    /// <summary>The user's home folder.</summary>
    string HomeDirectory { get; }

    /// <summary>An environment variable, or null when it is not set or empty.</summary>
    string? GetVariable(string name);

    /// <summary>True when there is a file with this name.</summary>
    bool FileExists(string path);

    /// <summary>True when there is a folder with this name.</summary>
    bool DirectoryExists(string path);

    /// <summary>True when the process may list and enter the folder, or read the file. Asks the system's access check; opens nothing.</summary>
    bool CanRead(string path);

    /// <summary>True when the process may create files in the folder, or write the file. Asks the system's access check; leaves no trace.</summary>
    bool CanWrite(string path);

    /// <summary>The whole file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    byte[] ReadFile(string path);

    /// <summary>The path with every link in its existing part resolved, so that two names of one place compare equal.</summary>
    string RealPath(string path);

    /// <summary>Unix permission bits, or null where there are none (no such file, Windows).</summary>
    UnixFileMode? ModeOf(string path);

    /// <summary>Room of the file system that holds the path: bytes free to this user, and bytes in all; null where it cannot be told.</summary>
    (long Free, long Total)? RoomOf(string path);

    /// <summary>Names of the folders directly in a folder; empty when there is no such folder or it cannot be listed.</summary>
    IReadOnlyList<string> DirectoriesIn(string path);
}
