using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>An open file by what .NET gives everywhere.</summary>
internal sealed class PortableSourceFile : ISourceFile
{
    private readonly string _location;
    private readonly EntryPath _path;
    private readonly SafeFileHandle _file;

    private PortableSourceFile(string location, EntryPath path, SafeFileHandle file)
    {
        _location = location;
        _path = path;
        _file = file;
    }

    /// <summary>Opens a file, which no link has replaced.</summary>
    public static PortableSourceFile Open(string root, EntryPath path)
    {
        try
        {
            var disk = PortablePaths.ToDisk(root, path);
            if (new FileInfo(disk).LinkTarget is not null)
            {
                throw SourceErrors.Vanished(root, path, "a symbolic link has taken its place");
            }
            return new PortableSourceFile(root, path, File.OpenHandle(disk, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Make(root, path, "open", e);
        }
    }

    /// <inheritdoc/>
    public FileStamp Stamp() => Guard(() => new FileStamp(RandomAccess.GetLength(_file), NanosecondTime.FromUtc(File.GetLastWriteTimeUtc(_file)), 0, 0, 0, 1));

    /// <inheritdoc/>
    public IReadOnlyList<DataRange> DataRanges() => Guard(() => RandomAccess.GetLength(_file)) is > 0 and var length ? [new DataRange(0, length)] : [];

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(_file, buffer, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Make(_location, _path, "read", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private T Guard<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Make(_location, _path, "read", e);
        }
    }
}
