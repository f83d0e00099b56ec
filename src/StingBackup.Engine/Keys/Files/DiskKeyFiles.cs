using System.Security.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Keys;

/// <summary>Key files on this machine's disks.</summary>
internal sealed class DiskKeyFiles(TimeProvider clock) : IKeyFiles
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode700 = FileMode600 | UnixFileMode.UserExecute;
    private const UnixFileMode OthersMayRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public byte[]? Read(string path, long offset) => Named(path, "read", () =>
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var length = Math.Max(0, file.Length - offset);
            var bytes = new byte[length];
            file.Position = Math.Min(offset, file.Length);
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public bool Create(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            return Durable.WriteFile(path, content, replace: false, FileMode600);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, "created", failure);
        }
    }

    /// <inheritdoc/>
    public void Replace(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            Durable.WriteFile(path, content, replace: true, FileMode600);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, "replaced", failure);
        }
    }

    /// <inheritdoc/>
    public void Append(string path, long length, ReadOnlySpan<byte> content)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.SetLength(length);
            RandomAccess.Write(file.SafeFileHandle, content, length);
            Durable.SyncFile(file.SafeFileHandle, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, "extended", failure);
        }
    }

    /// <inheritdoc/>
    public void Rename(string path, string newPath) => Named(newPath, "named", () =>
    {
        Durable.Replace(path, newPath);
        Durable.SyncDirectory(Path.GetDirectoryName(newPath)!);
        return true;
    });

    /// <inheritdoc/>
    public void Delete(string path) => Named(path, "deleted", () =>
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            Durable.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        return true;
    });

    /// <inheritdoc/>
    public void Destroy(string path) => Named(path, "destroyed", () =>
    {
        if (File.Exists(path))
        {
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                RandomAccess.Write(file.SafeFileHandle, RandomNumberGenerator.GetBytes((int)file.Length), 0);
                Durable.SyncFile(file.SafeFileHandle, path);
            }
            File.Delete(path);
            Durable.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        return true;
    });

    /// <inheritdoc/>
    public IReadOnlyList<string>? List(string folder) => Named(folder, "listed", () =>
    {
        try
        {
            var names = new DirectoryInfo(folder).EnumerateFiles().Select(file => file.Name).ToList();
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public void MakeFolder(string path) => Named(path, "made", () =>
    {
        if (Directory.Exists(path))
        {
            return true;
        }
        var parent = Path.GetDirectoryName(path);
        if (parent is not null)
        {
            MakeFolder(parent);
        }
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, FolderMode700);
        }
        if (parent is not null)
        {
            Durable.SyncDirectory(parent);
        }
        return true;
    });

    /// <inheritdoc/>
    public bool IsExposed(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & OthersMayRead) != 0;

    /// <inheritdoc/>
    public async ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            try
            {
                var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = FileMode600;
                }
                return new FileStream(path, options);
            }
            catch (IOException held) when (FileLock.IsHeld(held))
            {
                if (clock.GetElapsedTime(start) >= LockWait)
                {
                    throw new StingException("KeysBusy", FailureKind.Busy, $"Another job holds the keys: '{path}' is locked.", path,
                        "Wait for the other job to end, then try again.", held);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Failed(path, "locked", failure);
            }
            await Task.Delay(LockRetry, clock, cancel).ConfigureAwait(false);
        }
    }

    private static T Named<T>(string path, string verb, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, verb, failure);
        }
    }

    private static StingException Failed(string path, string verb, Exception failure) => new(
        "KeyFileUnavailable", failure is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
        $"Key file '{path}' could not be {verb}: {failure.Message}", path,
        "See that the place is mounted, has room, and belongs to the user who runs this.", failure);
}
