using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>A stretch of a spool.</summary>
/// <param name="Offset">Bytes from its start.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct SpoolRange(long Offset, long Length);

/// <summary>What holds the bytes of captured files.</summary>
internal interface ISpoolReader
{
    /// <summary>Reads; 0 only at the end.</summary>
    int Read(long offset, Span<byte> buffer);
}

/// <summary>
/// One private file that holds what a capture read, while the backup reads it. A spool, since a source must tell a file's length and stamp before its content is
/// read, and COPY or pg_basebackup tell neither; and since the database is left in peace as soon as its rows are out, however slow the repository is.
/// On Unix the file has no name from the start, so that it goes with the process, however that ends. One writer; then any number of readers.
/// </summary>
internal sealed class CaptureSpool : ISpoolReader, IDisposable
{
    private readonly string _folder;
    private readonly Func<string, Exception, StingException> _failed;
    private readonly SafeFileHandle _file;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 << 10);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _buffered;
    private long _flushed, _rangeStart;

    private CaptureSpool(string folder, SafeFileHandle file, Func<string, Exception, StingException> failed)
    {
        _folder = folder;
        _file = file;
        _failed = failed;
    }

    /// <summary>Bytes written.</summary>
    public long Length => _flushed + _buffered;

    /// <summary>Makes one in a new folder (mode 700) below <paramref name="parent"/>.</summary>
    /// <exception cref="StingException"><c>PostgresSpoolFailed</c>, or what <paramref name="failed"/> makes</exception>
    public static CaptureSpool Create(string parent, Func<string, Exception, StingException>? failed = null)
    {
        failed ??= PostgresErrors.SpoolFailed;
        try
        {
            Directory.CreateDirectory(parent);
            var folder = Path.Combine(parent, $"sting-spool-{Path.GetRandomFileName()}");
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            var path = Path.Combine(folder, "rows");
            var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(path);
                Directory.Delete(folder);
            }
            return new CaptureSpool(folder, file, failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw failed(parent, e);
        }
    }

    /// <summary>Appends bytes to the range that is open.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        while (bytes.Length > 0)
        {
            if (_buffered == _buffer.Length)
            {
                Flush();
            }
            var taken = Math.Min(bytes.Length, _buffer.Length - _buffered);
            bytes[..taken].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>Closes the range that began where the last one ended; gives it and the SHA-256 of its bytes.</summary>
    public (SpoolRange Range, byte[] Hash) EndRange()
    {
        var range = new SpoolRange(_rangeStart, Length - _rangeStart);
        _rangeStart = Length;
        return (range, _hash.GetHashAndReset());
    }

    /// <summary>Whether anything was written since the last range ended.</summary>
    public bool InRange => Length > _rangeStart;

    /// <summary>Nothing more is written.</summary>
    public void Complete() => Flush();

    /// <summary>Reads; 0 only at the end.</summary>
    public int Read(long offset, Span<byte> buffer) => RandomAccess.Read(_file, buffer, offset);

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (OperatingSystem.IsWindows() && Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void Flush()
    {
        try
        {
            RandomAccess.Write(_file, _buffer.AsSpan(0, _buffered), _flushed);
            _flushed += _buffered;
            _buffered = 0;
        }
        catch (IOException e)
        {
            throw _failed(_folder, e);
        }
    }
}
