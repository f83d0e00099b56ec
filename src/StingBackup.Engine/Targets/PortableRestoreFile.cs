using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>A file that is being restored by what .NET gives everywhere.</summary>
internal sealed class PortableRestoreFile : IRestoreFile
{
    private readonly PortableRestoreTarget _target;
    private readonly EntryPath _path;
    private readonly string _temporary;
    private readonly FileStream _file;

    /// <summary>Starts it; its whole length is there at once. Nobody else may open it meanwhile.</summary>
    public PortableRestoreFile(PortableRestoreTarget target, EntryPath path, string temporary, long length)
    {
        _target = target;
        _path = path;
        _temporary = temporary;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        _file = new FileStream(temporary, options);
        try
        {
            _file.SetLength(length);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether a running restore has a file open.</summary>
    public static bool IsInUse(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, bytes, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreErrors.Make(_target.Location, _path, "write", e);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(metadata);
        if (name.IsRoot || name.Parent != _path.Parent)
        {
            throw new ArgumentException($"'{name}' is not in the folder of '{_path}'.", nameof(name));
        }
        return _target.Guard(name, "put in place", () =>
        {
            Durable.SyncFile(_file.SafeFileHandle, _temporary);
            _file.Dispose();   // Windows renames no file that is open
            var messages = PortableRestoreTarget.Apply(_temporary, ItemKind.File, metadata);
            _target.Move(_temporary, name, replace);
            return messages;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        try
        {
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stays for whatever reason is removed by the next CleanUp.
        }
    }
}
