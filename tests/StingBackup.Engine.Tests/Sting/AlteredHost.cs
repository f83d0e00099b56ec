using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>This host, with another path to search, another home, and folders that seem closed.</summary>
internal sealed class AlteredHost(string path, string home) : IHostView
{
    private readonly HostView _host = new();

    /// <summary>Folders that this user seemingly may not enter, and files that it may not read.</summary>
    public HashSet<string> Closed { get; } = new(StringComparer.Ordinal);

    private bool IsClosed(string path) => Closed.Any(c => path == c || path.StartsWith(c + "/", StringComparison.Ordinal));
    private bool IsInClosed(string path) => Closed.Any(c => path.StartsWith(c + "/", StringComparison.Ordinal));

    public bool IsWindows => _host.IsWindows;
    public string CurrentDirectory => _host.CurrentDirectory;
    public string HomeDirectory => home;
    public string? GetVariable(string name) => name == "PATH" ? path : null;
    public bool FileExists(string path) => !IsInClosed(path) && _host.FileExists(path);
    public bool DirectoryExists(string path) => !IsInClosed(path) && _host.DirectoryExists(path);
    public bool CanRead(string path) => !IsClosed(path) && _host.CanRead(path);
    public bool CanWrite(string path) => _host.CanWrite(path);
    public byte[] ReadFile(string path) => IsClosed(path) ? throw new UnauthorizedAccessException("denied") : _host.ReadFile(path);
    public string RealPath(string path) => _host.RealPath(path);
    public UnixFileMode? ModeOf(string path) => _host.ModeOf(path);
    public (long Free, long Total)? RoomOf(string path) => _host.RoomOf(path);
    public IReadOnlyList<string> DirectoriesIn(string path) => _host.DirectoriesIn(path);
}
