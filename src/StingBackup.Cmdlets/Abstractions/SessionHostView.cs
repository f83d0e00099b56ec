using StingBackup.Engine.Reserve;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>This host as a PowerShell session sees it: relative paths start at the session's location, which need not be the process's.</summary>
/// <param name="location">The session's current folder.</param>
internal sealed class SessionHostView(string location) : IHostView
{
    private readonly HostView _host = new();

    /// <inheritdoc/>
    public bool IsWindows => _host.IsWindows;
    /// <inheritdoc/>
    public string CurrentDirectory => location;
    /// <inheritdoc/>
    public string HomeDirectory => _host.HomeDirectory;
    /// <inheritdoc/>
    public string? GetVariable(string name) => _host.GetVariable(name);
    /// <inheritdoc/>
    public bool FileExists(string path) => _host.FileExists(path);
    /// <inheritdoc/>
    public bool DirectoryExists(string path) => _host.DirectoryExists(path);
    /// <inheritdoc/>
    public bool CanRead(string path) => _host.CanRead(path);
    /// <inheritdoc/>
    public bool CanWrite(string path) => _host.CanWrite(path);
    /// <inheritdoc/>
    public byte[] ReadFile(string path) => _host.ReadFile(path);
    /// <inheritdoc/>
    public string RealPath(string path) => _host.RealPath(path);
    /// <inheritdoc/>
    public UnixFileMode? ModeOf(string path) => _host.ModeOf(path);
    /// <inheritdoc/>
    public (long Free, long Total)? RoomOf(string path) => _host.RoomOf(path);
    /// <inheritdoc/>
    public IReadOnlyList<string> DirectoriesIn(string path) => _host.DirectoriesIn(path);
}
