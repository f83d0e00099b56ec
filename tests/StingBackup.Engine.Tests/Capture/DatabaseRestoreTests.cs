using StingBackup.Engine.Jobs;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Capture;

/// <summary>From captured log and base backups in a repository to a server as of a moment.</summary>
public sealed class DatabaseRestoreTests
{
    [PostgresFact]
    public async Task A_server_comes_back_as_of_any_moment()
    {
        await using var server = await CapturedServer.StartAsync();
        string between, after;
        await using (await server.CaptureAsync())
        {
            await server.InsertAsync(1);
            var full = await server.BackupAsync(BackupType.Full);
            Assert.Contains(DataClass.Physical, full.Classes);
            // A full run holds all that its base backup needs, for a host that has nothing else.
            var configuration = server.Test.Configuration;
            server.Test.Configuration = null;
            Assert.Equal(["1"], (await server.RestoreAsync(null)).Notes);
            server.Test.Configuration = configuration;
            await server.InsertAsync(2);
            between = await server.NowAsync();
            await server.InsertAsync(3);
            var second = await server.BackupAsync(BackupType.Incremental);
            Assert.Equal(0, second.Errors);
            Assert.Equal(second.BackupId, (await server.StatusAsync()).LastSealedBackupId);
            await server.InsertAsync(4);
            after = await server.NowAsync();
            // By now no transaction lies behind that moment: the end of the log is its state, and a server told to stop there would refuse to start.
            var (whole, notes) = await server.RestoreAsync(after);
            Assert.Equal(["1", "2", "3", "4"], notes);
            Assert.NotNull(whole.LastCommit);
        }
        Assert.Equal(["1", "2", "3", "4"], (await server.RestoreAsync(null)).Notes);   // the last commit is in this host's spool alone

        var (result, kept) = await server.RestoreAsync(between);
        Assert.Equal(["1", "2"], kept);
        Assert.Equal(DateTimeOffset.Parse(between, System.Globalization.CultureInfo.InvariantCulture), result.Target);
        Assert.True(result.LastCommit < result.Target);
        Assert.Contains("pg_ctl", string.Join('\n', result.HowToStart), StringComparison.Ordinal);

        // Another host has what runs have stored.
        server.Test.Configuration = null;
        Assert.Equal(["1", "2", "3"], (await server.RestoreAsync("latest")).Notes);
    }

    [PostgresFact]
    public async Task Spooled_log_goes_when_a_committed_base_backup_needs_it_no_more_and_never_before()
    {
        await using var server = await CapturedServer.StartAsync();
        string between;
        await using (await server.CaptureAsync())
        {
            await server.BackupAsync(BackupType.Full);
            await server.InsertAsync(1);
            between = await server.NowAsync();
            await server.InsertAsync(2);
            await server.BackupAsync(BackupType.Incremental);
            await server.BackupAsync(BackupType.Incremental);
            var before = WalSpool.Files(server.Spool).Select(f => f.Path).ToList();
            // Segments of a test's server have a megabyte: the next base backup begins in another.
            await server.Cluster.ExecuteAsync("postgres", "SELECT pg_switch_wal()");
            await server.InsertAsync(3);

            // A run without base backup, and one that fails, leave everything where it is.
            server.Test.WrapSource = tree => throw new StingException("SourceUnavailable", FailureKind.Io, "gone", null, "Look.");
            await Assert.ThrowsAsync<StingException>(() => server.BackupAsync(BackupType.Full));
            server.Test.WrapSource = tree => tree;
            Assert.Empty(before.Except(WalSpool.Files(server.Spool).Select(f => f.Path)));

            // A run that broke off behind its base backup lends it to no other: nothing committed holds it.
            using (await server.Test.FurtherSources[0].OpenAsync(new JobOutput(System.Threading.Channels.Channel.CreateUnbounded<JobEvent>().Writer, default), default))
            {
            }
            await server.BackupAsync(BackupType.Incremental);
            Assert.Empty(before.Except(WalSpool.Files(server.Spool).Select(f => f.Path)));

            await server.BackupAsync(BackupType.Full);
            Assert.All(before, path => Assert.False(File.Exists(path), path));
            Assert.NotEmpty(WalSpool.Files(server.Spool));
            await server.InsertAsync(4);
        }
        Assert.Equal(["1"], (await server.RestoreAsync(between)).Notes);   // out of the runs: the spool has it no more
        Assert.Equal(["1", "2", "3", "4"], (await server.RestoreAsync(null)).Notes);
    }

    [PostgresFact]
    public async Task A_reserve_comes_back_without_the_servers_files()
    {
        await using var server = await CapturedServer.StartAsync();
        server.Test.Write("conf/config.yml", "a: 1"u8);
        await using (await server.CaptureAsync())
        {
            await server.BackupAsync(BackupType.Full);
        }
        var plan = await RestoreJob.PlanAsync(server.Test.Open(), new RestoreRequest { Scope = RestoreScope.Reserve, Destination = Path.Combine(server.Test.Root, "r") }, default);
        Assert.DoesNotContain(plan.Preview, i => i.DataClass == DataClass.Physical);
        Assert.Contains(plan.Preview, i => i.Path == "conf/config.yml");
        var error = await Assert.ThrowsAsync<StingException>(async () =>
        {
            var inPlace = await RestoreJob.PlanAsync(server.Test.Open(), new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Physical] }, default);
            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(server.Test.Open(), inPlace, default));
        });
        Assert.Equal("PhysicalRestoreInPlace", error.ErrorId);
    }

    [PostgresFact]
    public async Task What_cannot_be_restored_is_said_before_anything_is_written()
    {
        await using var server = await CapturedServer.StartAsync();
        var destination = Path.Combine(server.Test.Root, "db");
        var early = await server.NowAsync();
        async Task<string> PlanAsync(string? date, string to) => (await Assert.ThrowsAsync<StingException>(() => DatabaseRestoreJob.PlanAsync(server.Test.Open(), date, to, default).AsTask())).ErrorId;
        Assert.Equal("DatabaseBackupMissing", await PlanAsync(null, destination));
        await using (await server.CaptureAsync())
        {
            await server.BackupAsync(BackupType.Full);
        }
        Assert.Equal("DatabaseBackupMissing", await PlanAsync(early, destination));
        Assert.Equal("DateNotUnderstood", await PlanAsync("yesterday", destination));
        Directory.CreateDirectory(destination);
        await File.WriteAllTextAsync(Path.Combine(destination, "mine"), "");
        Assert.Equal("DatabaseDestinationNotEmpty", await PlanAsync(null, destination));
        Assert.Equal("RestoreRequestInvalid", await PlanAsync(null, Path.Combine(server.Test.RepositoryRoot, "db")));
    }

    [PostgresFact]
    public async Task Ends_of_transactions_are_read_out_of_the_log()
    {
        await using var server = await CapturedServer.StartAsync();
        await using (await server.CaptureAsync())
        {
            // Records that go over pages and segments, rollbacks, and a transaction with parts.
            for (var i = 0; i < 40; i++)
            {
                await server.Cluster.ExecuteAsync("postgres", $"INSERT INTO notes SELECT g, repeat('y', {i * 37}) FROM generate_series({i * 100}, {(i * 100) + 30}) g");
            }
            await server.Cluster.ExecuteAsync("postgres", "BEGIN; SAVEPOINT a; INSERT INTO notes VALUES (-1, 'a'); RELEASE a; COMMIT");
            await server.Cluster.ExecuteAsync("postgres", "BEGIN; INSERT INTO notes VALUES (-2, 'b'); ROLLBACK");
            await server.Cluster.ExecuteAsync("postgres", "SELECT pg_switch_wal()");
            await server.InsertAsync(-3);
        }
        var now = DateTimeOffset.Parse(await server.NowAsync(), System.Globalization.CultureInfo.InvariantCulture);
        var log = new WalTransactions();
        var ends = log.Read(WalSpool.Read(server.Spool, null)).ToList();
        Assert.True(log.IsUnderstood);
        Assert.True(ends.Count(e => e.IsCommit) >= 42, $"{ends.Count}");
        Assert.Contains(ends, e => !e.IsCommit);
        // What initdb did, once for all tests, stands in the log too.
        Assert.All(ends, e => Assert.InRange(e.Time, now.AddDays(-1), now));
        Assert.True(ends.Zip(ends.Skip(1)).All(p => p.First.Time <= p.Second.Time));
    }
}
