using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>
/// The spool as plain files. A process that died may leave a torn record, and a disk that failed may show from its cache what it never wrote; so opening a spool writes the last file's whole
/// records anew and syncs them, before anything is confirmed on their strength. One receiver a folder.
/// </summary>
public sealed class FileWalSink : IWalSink
{
    private readonly WalSpoolOptions _options;
    private readonly WalIdentity _identity;
    private readonly TimeProvider _clock;
    private readonly Action<WalSpoolFile> _rotated;
    private readonly FileLock? _lock;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
    private FileStream? _file;
    private WalSpoolFile? _current;
    private long _length;
    private int _buffered;
    private bool _broken, _unsynced;
    private (string Path, Lsn End)? _torn;

    private FileWalSink(WalSpoolOptions options, WalIdentity identity, TimeProvider clock, Action<WalSpoolFile> rotated, FileLock? folderLock)
    {
        _options = options;
        _identity = identity;
        _clock = clock;
        _rotated = rotated;
        _lock = folderLock;
    }

    /// <inheritdoc/>
    public Lsn? End { get; private set; }

    /// <summary>Opens or begins a spool.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="identity">Whose log it is.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="rotated">Takes each file that is complete, already durable; whoever has stored it elsewhere may delete it. Called by the receiver's thread.</param>
    /// <exception cref="StingException"><c>WalSpoolForeign</c>, <c>WalSpoolBusy</c>, <c>WalSpoolDamaged</c>, <c>WalSpoolFull</c>, <c>WalSpoolFailed</c></exception>
    public static FileWalSink Open(WalSpoolOptions options, WalIdentity identity, TimeProvider clock, Action<WalSpoolFile> rotated)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = options.Folder;
        FileWalSink? sink = null;
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            sink = new FileWalSink(options, identity, clock, rotated, Lock(folder));
            sink.Resume();
            return sink;
        }
        catch (Exception e)
        {
            sink?.Dispose();
            throw e is IOException or UnauthorizedAccessException ? WalErrors.Spool(folder, "open", e) : e;
        }
    }

    /// <inheritdoc/>
    public void Append(Lsn start, DateTimeOffset serverTime, ReadOnlySpan<byte> bytes)
    {
        Guard("write", () => { });
        if (End is { } end && end != start)
        {
            throw WalErrors.Damaged(_options.Folder, $"ends at {end}, and the server sent what stands at {start}");
        }
        if (_current is null)
        {
            Guard("begin a file of", () => Begin(start));
        }
        for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, WalFormat.MaxRecord)..])
        {
            var part = bytes[..Math.Min(bytes.Length, WalFormat.MaxRecord)];
            if (_buffer.Length - _buffered < WalFormat.RecordHeaderSize + part.Length)
            {
                Guard("write", Write);
            }
            _buffered += WalFormat.WriteRecord(_buffer.AsSpan(_buffered), start, NanosecondTime.ToNs(serverTime), part);
            End = start = new Lsn(start.Value + (ulong)part.Length);
        }
    }

    /// <inheritdoc/>
    public void Sync()
    {
        Guard("sync", () =>
        {
            if (_file is null || (_buffered == 0 && !_unsynced))
            {
                return;
            }
            Write();
            Durable.SyncFile(_file.SafeFileHandle, _current!.Path);
            _unsynced = false;
        });
        if (_torn is { } torn && End >= torn.End)
        {
            File.Delete(torn.Path);   // what it may have held is here again
            _torn = null;
        }
        var age = NanosecondTime.ToNs(_clock.GetUtcNow()) - (_current?.CreatedNs ?? 0);
        var request = Path.Combine(_options.Folder, WalSpool.SealRequest);
        var asked = File.Exists(request);
        if (_current is { } full && _length > WalFormat.HeaderSize && (asked || _length >= _options.RotateBytes || age >= _options.RotateAge.Ticks * 100))
        {
            // The next file stands before the last one is handed on: where the spool ends can always be told from it.
            Guard("begin a file of", () => Begin(End!.Value));
            _rotated(full);
        }
        if (asked)
        {
            Guard("answer a request in", () => File.Delete(request));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lock?.Dispose();
    }

    private void Resume()
    {
        var files = WalSpool.Files(_options.Folder).ToList();
        if (files.Count == 0)
        {
            return;
        }
        if (files.Find(f => f.Identity != _identity) is { } foreign)
        {
            throw WalErrors.Foreign(_options.Folder, foreign.Identity, _identity);
        }
        var last = files[^1];
        using var whole = new MemoryStream();
        whole.Write(WalFormat.Header(_identity, last.Start, last.CreatedNs));
        var end = last.Start;
        var record = new byte[WalFormat.RecordHeaderSize + WalFormat.MaxRecord];
        foreach (var stretch in WalSpool.ReadFile(last))
        {
            whole.Write(record.AsSpan(0, WalFormat.WriteRecord(record, stretch.Start, stretch.TimeNs, stretch.Bytes.Span)));
            end = stretch.End;
        }
        var length = new FileInfo(last.Path).Length;
        if (length > whole.Length)
        {
            // Torn, most likely; should it be a damaged record with good ones behind it, nothing of it is thrown away before the server has sent it again.
            _torn = (last.Path + ".torn", new Lsn(last.Start.Value + (ulong)length));
            File.Copy(last.Path, last.Path + ".torn", overwrite: true);
        }
        Durable.WriteFile(last.Path, whole.GetBuffer().AsSpan(0, (int)whole.Length), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _file = new FileStream(last.Path, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
        _current = last;
        _length = whole.Length;
        End = end;
        // Files before it were synced when they were closed; a gap between them is better told now than at a restore.
        for (var i = 0; i + 1 < files.Count; i++)
        {
            var reached = files[i].Start;
            foreach (var stretch in WalSpool.ReadFile(files[i]))
            {
                reached = stretch.End;
            }
            if (reached != files[i + 1].Start)
            {
                throw WalErrors.Damaged(files[i].Path, $"ends at {reached}, and the next file begins at {files[i + 1].Start}");
            }
        }
    }

    private void Begin(Lsn start)
    {
        var created = NanosecondTime.ToNs(_clock.GetUtcNow());
        var path = Path.Combine(_options.Folder, WalFormat.FileName(_identity.Timeline, start));
        var file = Durable.CreateNew(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            RandomAccess.Write(file.SafeFileHandle, WalFormat.Header(_identity, start, created), 0);
            Durable.SyncFile(file.SafeFileHandle, path);
            Durable.SyncDirectory(_options.Folder);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
        _file?.Dispose();
        _file = file;
        _current = new WalSpoolFile(path, _identity, start, created);
        _length = WalFormat.HeaderSize;
        End = start;
    }

    private void Write()
    {
        RandomAccess.Write(_file!.SafeFileHandle, _buffer.AsSpan(0, _buffered), _length);
        _length += _buffered;
        _buffered = 0;
        _unsynced = true;
    }

    /// <summary>After a failure nobody knows what the disk holds: only opening the spool anew finds out.</summary>
    private void Guard(string action, Action write)
    {
        if (_broken)
        {
            throw new StingException("WalSpoolFailed", FailureKind.Io, $"The spool of the write-ahead log, {_options.Folder}, failed before and must be opened anew.", _options.Folder, "Start the capture again.");
        }
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _broken = true;
            throw WalErrors.Spool(_options.Folder, action, e);
        }
    }

    private static FileLock? Lock(string folder)
    {
        var mine = FileLock.TryAcquire(Path.Combine(folder, "lock"), out var held);
        return held ? throw new StingException("WalSpoolBusy", FailureKind.Busy, $"Another receiver writes to the spool {folder}.", folder, "Stop it first; the lock ends with its process.") : mine;
    }
}
