using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Limits;

/// <summary>The files by which the kernel is told of groups of processes; a test has its own kernel.</summary>
internal interface IControlFiles
{
    /// <summary>This process's number.</summary>
    int Process { get; }
    /// <summary>Whether a process lives.</summary>
    bool IsAlive(int process);
    /// <summary>A file's text; null where there is no such file, or no right to it.</summary>
    string? Read(string path);
    /// <summary>Writes into a file that is there, in one piece.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to it.</exception>
    void Write(string path, string text);
    /// <summary>Makes a group.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to it.</exception>
    void MakeGroup(string path);
    /// <summary>Removes a group that nobody is in.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to it.</exception>
    void RemoveGroup(string path);
    /// <summary>Names of the groups below a group.</summary>
    IReadOnlyList<string> GroupsIn(string path);
    /// <summary>Whether this process may make a group there.</summary>
    bool MayMakeIn(string path);
    /// <summary>The schedulers of this host's disks.</summary>
    IReadOnlyList<string> Schedulers();
}

/// <summary>This host's.</summary>
internal sealed class ControlFiles : IControlFiles
{
    public int Process => Environment.ProcessId;

    public bool IsAlive(int process) => Directory.Exists(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/{process}"));

    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(string path, string text)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, System.Text.Encoding.ASCII.GetBytes(text), 0);
    }

    public void MakeGroup(string path) => Directory.CreateDirectory(path);

    // Its files are the kernel's own and go with it: none may be deleted one by one.
    public void RemoveGroup(string path) => Directory.Delete(path, recursive: false);

    public IReadOnlyList<string> GroupsIn(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(path).Select(folder => Path.GetFileName(folder))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public bool MayMakeIn(string path) => new HostView().CanWrite(path);

    public IReadOnlyList<string> Schedulers() =>
        [.. GroupsIn("/sys/block").Select(disk => Read($"/sys/block/{disk}/queue/scheduler") ?? "").Select(line => line.Split('[', ']')).Where(parts => parts.Length == 3).Select(parts => parts[1]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
