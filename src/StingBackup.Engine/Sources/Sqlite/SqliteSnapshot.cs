using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Sources.Sqlite;

/// <summary>
/// A copy of an SQLite database at one moment, taken while others use it, by SQLite's online backup: in a private file that on Unix has no name, so that it goes with the process. Pages lie at
/// their own places in it, so what a page held last time it holds again, byte for byte.
/// </summary>
/// <remarks>
/// The copy is made within one read transaction. A database with a write-ahead log goes on being written meanwhile; in one with a rollback journal writers wait till the copy is done.
/// Nothing is written into the database. The copy holds what the log holds; a log file beside it is not wanted.
/// </remarks>
internal sealed class SqliteSnapshot : ISpoolReader, IDisposable
{
    private const int PagesAStep = 4096;
    private const int HashBlock = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly PrivateFolder _folder;

    private SqliteSnapshot(SafeFileHandle file, PrivateFolder folder, int pageSize, byte[] hash)
    {
        (_file, _folder, PageSize, Hash) = (file, folder, pageSize, hash);
        Length = RandomAccess.GetLength(file);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Bytes of a page.</summary>
    public int PageSize { get; }

    /// <summary>SHA-256 of the copy.</summary>
    public byte[] Hash { get; }

    /// <summary>Takes one.</summary>
    /// <param name="path">The database.</param>
    /// <param name="options">How.</param>
    /// <param name="atThatMoment">Looks into the database within the transaction of the copy; what it sees is what the copy holds.</param>
    /// <param name="cancel">Ends it; nothing is left behind.</param>
    /// <exception cref="StingException"><c>SqliteMissing</c>, <c>SqliteNotADatabase</c>, <c>SqliteLocked</c>, <c>SqliteDamaged</c>, <c>SqliteNeedsRecovery</c>, <c>SqliteUnreadable</c>, <c>SpoolFull</c>, <c>SpoolFailed</c></exception>
    public static SqliteSnapshot Take(string path, SqliteSnapshotOptions options, Action<SqliteConnection>? atThatMoment, CancellationToken cancel)
    {
        var folder = PrivateFolder.Create(options.SpoolFolder);
        SafeFileHandle? file = null;
        try
        {
            var copy = folder["copy"];
            int pageSize;
            try
            {
                using var source = SqliteReading.Open(path, options.BusyTimeout);
                using var moment = source.BeginTransaction(deferred: true);
                // The transaction begins with the first look.
                pageSize = (int)SqliteReading.Number(source, "PRAGMA page_size");
                _ = SqliteReading.Number(source, "SELECT count(*) FROM sqlite_schema");
                CheckRoom(options, pageSize * SqliteReading.Number(source, "PRAGMA page_count"));
                Copy(path, source, copy, cancel);
                atThatMoment?.Invoke(source);
            }
            catch (SqliteException e)
            {
                throw SqliteErrors.Make(path, "read the database", e);
            }
            file = File.OpenHandle(copy, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!OperatingSystem.IsWindows())
            {
                folder.Dispose();
            }
            return new SqliteSnapshot(file, folder, pageSize, HashOf(file, cancel));
        }
        catch (Exception e)
        {
            file?.Dispose();
            folder.Dispose();
            throw e is IOException or UnauthorizedAccessException ? SpoolErrors.Failed(options.SpoolFolder, e) : e;
        }
    }

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer) => RandomAccess.Read(_file, buffer, offset);

    /// <summary>Deletes the copy.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    /// <summary>Step by step, so that it can be cancelled: within one transaction nothing changes between two steps.</summary>
    private static void Copy(string path, SqliteConnection source, string copy, CancellationToken cancel)
    {
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = copy, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false }.ToString());
        target.Open();
        // It is thrown away when anything goes wrong.
        SqliteReading.Run(target, "PRAGMA journal_mode = OFF");
        SqliteReading.Run(target, "PRAGMA synchronous = OFF");
        using var backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main");
        if (backup.IsInvalid)
        {
            throw Failed(path, copy, target, raw.sqlite3_errcode(target.Handle));
        }
        int result;
        while ((result = raw.sqlite3_backup_step(backup, PagesAStep)) == raw.SQLITE_OK)
        {
            cancel.ThrowIfCancellationRequested();
        }
        if (result != raw.SQLITE_DONE)
        {
            throw Failed(path, copy, target, result);
        }
    }

    private static StingException Failed(string path, string copy, SqliteConnection target, int code)
    {
        var says = raw.sqlite3_errmsg(target.Handle).utf8_to_string();
        return (code & 0xff) == SqliteErrors.Full ? SpoolErrors.Full(Path.GetDirectoryName(copy)!, says, null) : SqliteErrors.Make(path, "copy the database", code, says, null);
    }

    private static void CheckRoom(SqliteSnapshotOptions options, long needed)
    {
        var free = options.FreeRoom(options.SpoolFolder);
        if (free < needed)
        {
            throw SpoolErrors.Full(options.SpoolFolder, FormattableString.Invariant($"the database takes {needed} bytes, and {free} are free."), null);
        }
    }

    private static byte[] HashOf(SafeFileHandle file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[HashBlock];
        long at = 0;
        for (int read; (read = RandomAccess.Read(file, block, at)) > 0; at += read)
        {
            cancel.ThrowIfCancellationRequested();
            hash.AppendData(block.AsSpan(0, read));
        }
        return hash.GetHashAndReset();
    }
}
