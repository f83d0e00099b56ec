using System.Text;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

/// <summary>A host made of words: files, folders, variables and rights as a test says them. Links are pairs of a path and where it leads.</summary>
internal sealed class FakeHost : IHostView
{
    public bool IsWindows { get; init; }
    public string CurrentDirectory { get; init; } = "/srv/here";
    public string HomeDirectory { get; init; } = "/home/ann";
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Directories { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Writable { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Unreadable { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, string> Links { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, UnixFileMode> Modes { get; } = new(StringComparer.Ordinal);
    public (long Free, long Total)? Room { get; set; } = (800_000_000_000, 1_000_000_000_000);

    public FakeHost WithFile(string path, string text)
    {
        Files[path] = Encoding.UTF8.GetBytes(text);
        return this;
    }

    public FakeHost WithFolder(string path, bool writable = true)
    {
        Directories.Add(path);
        if (writable)
        {
            Writable.Add(path);
        }
        return this;
    }

    public string? GetVariable(string name) => Variables.GetValueOrDefault(name);
    public bool FileExists(string path) => Files.ContainsKey(path);
    public bool DirectoryExists(string path) => Directories.Contains(path);
    public bool CanRead(string path) => (Files.ContainsKey(path) || Directories.Contains(path)) && !Unreadable.Contains(path);
    public bool CanWrite(string path) => Writable.Contains(path);
    public byte[] ReadFile(string path) => Unreadable.Contains(path) ? throw new UnauthorizedAccessException("denied") : Files[path];
    public string RealPath(string path) => Links.GetValueOrDefault(path, path);
    public UnixFileMode? ModeOf(string path) => Modes.TryGetValue(path, out var mode) ? mode : null;
    public (long Free, long Total)? RoomOf(string path) => Room;
    public IReadOnlyList<string> DirectoriesIn(string path) => Directories.Where(d => d.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal))
        .Select(d => d[(path.TrimEnd('/').Length + 1)..].Split('/')[0]).Where(n => n.Length > 0).Distinct().Order(StringComparer.Ordinal).ToArray();
}
