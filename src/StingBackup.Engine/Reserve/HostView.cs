using System.Runtime.InteropServices;

namespace StingBackup.Engine.Reserve;

/// <summary>This host.</summary>
public sealed partial class HostView : IHostView
{
    private const int ReadOk = 4, WriteOk = 2, ExecuteOk = 1;
    private const int AtCurrentDirectory = -100, EffectiveIds = 0x200;
    private const int MostLinks = 40;

    /// <inheritdoc/>
    public bool IsWindows => OperatingSystem.IsWindows();

    /// <inheritdoc/>
    public string CurrentDirectory => Environment.CurrentDirectory;

    /// <inheritdoc/>
    public string HomeDirectory => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    /// <inheritdoc/>
    public string? GetVariable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public bool CanRead(string path) => Directory.Exists(path) ? Allows(path, ReadOk | ExecuteOk) : File.Exists(path) && Allows(path, ReadOk);

    /// <inheritdoc/>
    public bool CanWrite(string path) => Directory.Exists(path) ? Allows(path, WriteOk | ExecuteOk) : File.Exists(path) && Allows(path, WriteOk);

    /// <inheritdoc/>
    public byte[] ReadFile(string path) => File.ReadAllBytes(path);

    /// <inheritdoc/>
    public string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        var root = Path.GetPathRoot(full)!;
        var pending = new Stack<string>(full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = root;
        var links = 0;
        while (pending.TryPop(out var part))
        {
            var next = part == ".." ? Path.GetDirectoryName(real) ?? root : Path.Join(real, part);
            var target = links < MostLinks && part != ".." ? LinkTarget(next) : null;
            if (target is null)
            {
                real = next;
                continue;
            }
            links++;
            var targetRoot = Path.GetPathRoot(target) ?? "";
            foreach (var piece in target[targetRoot.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                if (piece != ".")
                {
                    pending.Push(piece);
                }
            }
            real = targetRoot.Length > 0 ? targetRoot : real;
        }
        return real;
    }

    /// <inheritdoc/>
    public UnixFileMode? ModeOf(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public (long Free, long Total)? RoomOf(string path)
    {
        try
        {
            var drive = new DriveInfo(path);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> DirectoriesIn(string path)
    {
        try
        {
            return new DirectoryInfo(path).EnumerateDirectories("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = true })
                .Where(d => d.LinkTarget is null)
                .Select(d => d.Name)
                .Order(StringComparer.Ordinal)
                .ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Allows(string path, int rights)
    {
        if (OperatingSystem.IsWindows())
        {
            // Windows decides by access lists when a handle is opened; short of trying, only the attribute can be told.
            return (rights & WriteOk) == 0 || Directory.Exists(path) || (File.GetAttributes(path) & FileAttributes.ReadOnly) == 0;
        }
        // AT_EACCESS asks for the effective user; its number, and that of AT_FDCWD, differ on macOS, where access(2) is near enough.
        return OperatingSystem.IsLinux() ? FileAccessAt(AtCurrentDirectory, path, rights, EffectiveIds) == 0 : Access(path, rights) == 0;
    }

    [LibraryImport("libc", EntryPoint = "faccessat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileAccessAt(int directory, string path, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
