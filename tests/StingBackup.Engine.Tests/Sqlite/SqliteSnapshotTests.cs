using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using StingBackup.Engine.Sources.Sqlite;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Sqlite;

/// <summary>Copies of SQLite databases that others use.</summary>
public sealed class SqliteSnapshotTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Database => _folder["app.db"];
    private string Spool => _folder["spool"];

    public void Dispose() => _folder.Dispose();

    private SqliteConnection Open(string? path = null)
    {
        var connection = new SqliteConnection($"Data Source={path ?? Database};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Value(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private SqliteSnapshot Take(SqliteSnapshotOptions? options = null, Action<SqliteConnection>? look = null) =>
        SqliteSnapshot.Take(Database, (options ?? new SqliteSnapshotOptions()) with { SpoolFolder = Spool }, look, default);

    /// <summary>The copy as a database of its own.</summary>
    private SqliteConnection OpenCopy(SqliteSnapshot snapshot)
    {
        var path = _folder[Path.GetRandomFileName()];
        var bytes = new byte[snapshot.Length];
        for (int done = 0, read; done < bytes.Length; done += read)
        {
            read = snapshot.Read(done, bytes.AsSpan(done));
            Assert.True(read > 0);
        }
        Assert.Equal(SHA256.HashData(bytes), snapshot.Hash);
        File.WriteAllBytes(path, bytes);
        return Open(path);
    }

    private SqliteConnection Seed(string journal)
    {
        var writer = Open();
        Assert.Equal(journal, (string)Value(writer, $"PRAGMA journal_mode = {journal}")!);
        Run(writer, "PRAGMA wal_autocheckpoint = 0");
        Run(writer, "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note TEXT)");
        Run(writer, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO accounts SELECT i, 100, hex(randomblob(40)) FROM n");
        return writer;
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public async Task A_copy_of_a_database_in_use_is_one_moment_of_it(string journal)
    {
        using var writer = Seed(journal);
        Run(writer, "PRAGMA busy_timeout = 60000");
        using var stop = new CancellationTokenSource();
        var moves = 0;
        var work = Task.Run(() =>
        {
            var random = new Random(3);
            while (!stop.IsCancellationRequested)
            {
                var amount = random.Next(50);
                Run(writer, $"BEGIN IMMEDIATE; UPDATE accounts SET balance = balance - {amount} WHERE id = {random.Next(1, 20001)}; UPDATE accounts SET balance = balance + {amount} WHERE id = {random.Next(1, 20001)}; COMMIT");
                Interlocked.Increment(ref moves);
                Thread.Sleep(1);   // as a database in use: without any rest SQLite lets nobody else in for seconds
            }
        });
        for (var i = 0; i < 8; i++)
        {
            // However slowly the machine lets the other thread work.
            for (var before = Volatile.Read(ref moves); Volatile.Read(ref moves) < before + 2 && !work.IsCompleted;)
            {
                await Task.Delay(1);
            }
            long seen = -1;
            using var snapshot = Take(look: source => seen = (long)Value(source, "SELECT sum(balance * id) FROM accounts")!);
            using var copy = OpenCopy(snapshot);
            Assert.Equal("ok", Value(copy, "PRAGMA integrity_check"));
            Assert.Equal(2_000_000L, Value(copy, "SELECT sum(balance) FROM accounts"));
            Assert.Equal(seen, Value(copy, "SELECT sum(balance * id) FROM accounts"));   // what was seen at that moment is what the copy holds
        }
        await stop.CancelAsync();
        await work;
        Assert.True(moves > 10, $"only {moves} changes were made meanwhile");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Spool));
    }

    [Fact]
    public void What_stands_in_the_log_alone_is_in_the_copy_and_nothing_of_the_database_changes()
    {
        using var writer = Seed("wal");
        Run(writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        Run(writer, "INSERT INTO accounts VALUES (999999, 7, 'in the log')");
        var (before, log) = (SHA256.HashData(File.ReadAllBytes(Database)), SHA256.HashData(File.ReadAllBytes(Database + "-wal")));
        using var snapshot = Take();
        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(Database)));
        Assert.Equal(log, SHA256.HashData(File.ReadAllBytes(Database + "-wal")));
        using var copy = OpenCopy(snapshot);
        Assert.Equal("in the log", Value(copy, "SELECT note FROM accounts WHERE id = 999999"));
        Assert.Equal((long)snapshot.PageSize, Value(copy, "PRAGMA page_size"));
    }

    [Fact]
    public void Nothing_changed_gives_the_same_bytes()
    {
        Seed("wal").Dispose();
        using var one = Take();
        using var other = Take();
        Assert.Equal(one.Hash, other.Hash);
    }

    private string IdOf(Action act)
    {
        var error = Assert.Throws<StingException>(act);
        Assert.False(Directory.Exists(Spool) && Directory.EnumerateFileSystemEntries(Spool).Any(), "something was left behind");
        return error.ErrorId;
    }

    [Fact]
    public void Each_failure_has_its_name()
    {
        Assert.Equal("SqliteMissing", IdOf(() => Take()));
        File.WriteAllBytes(Database, RandomNumberGenerator.GetBytes(100_000));   // what an encrypted one looks like
        Assert.Equal("SqliteNotADatabase", IdOf(() => Take()));
        File.Delete(Database);
        using (var writer = Seed("delete"))
        {
            Run(writer, "BEGIN EXCLUSIVE");
            Assert.Equal("SqliteLocked", IdOf(() => Take(new SqliteSnapshotOptions { BusyTimeout = TimeSpan.FromMilliseconds(100) })));
            Run(writer, "ROLLBACK");
        }
        Assert.Equal("SpoolFull", IdOf(() => Take(new SqliteSnapshotOptions { FreeRoom = _ => 1000 })));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => SqliteSnapshot.Take(Database, new SqliteSnapshotOptions { SpoolFolder = Spool }, null, cancelled.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Spool));
    }

    [Fact]
    public void A_damaged_page_is_named()
    {
        Seed("delete").Dispose();
        using (var file = File.OpenHandle(Database, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, RandomNumberGenerator.GetBytes(4000), 100);   // the schema's page, behind the header
        }
        Assert.Equal("SqliteDamaged", IdOf(() => Take()));
    }

    [Fact]
    public void A_spool_that_cannot_be_made_is_named()
    {
        Seed("delete").Dispose();
        File.WriteAllText(Spool, "a file stands in its place");
        var error = Assert.Throws<StingException>(() => Take());
        Assert.Equal("SpoolFailed", error.ErrorId);
    }
}
