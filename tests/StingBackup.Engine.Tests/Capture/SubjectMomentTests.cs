using StingBackup.Engine.Backup;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Engine.Tests.Sting;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Capture;

/// <summary>One person's rows as of a moment between two restore points, out of base backup and log, in a whole STING.</summary>
public sealed class SubjectMomentTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task A_persons_rows_come_back_as_of_a_moment_between_two_points_and_nobody_elses_change()
    {
        await using var site = await StingSite.CreateAsync(_folder["site"], new StingSiteOptions { Seed = 11, Scale = 0.002, Edges = false });
        var file = await site.ProtectAsync(_folder["backup"], TimeProvider.System);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\ncapture:\n", "\ncapture:\n  enabled: true\n", StringComparison.Ordinal).Replace("\npostgresql:\n", "\npostgresql:\n  restore_user: postgres\n", StringComparison.Ordinal));
        await File.WriteAllTextAsync(_folder["backup/pgpass"], "*:*:*:*:not asked for\n");
        var configuration = new ConfigurationLoader(new HostView()).Load(file);
        var (ann, other) = (site.Plan.People[0], site.Plan.People[1]);
        string moment;
        List<string> atMoment, of;
        await using (var capture = new RunningCapture(configuration, await MetadataCapture.PlanAsync(configuration, default)))
        {
            await CapturedServer.UntilAsync(async () => capture.Failure is { } failure ? throw failure : await MetadataCapture.ReadAsync(configuration, TimeProvider.System, default) is { State: CaptureState.Streaming, CommitsWait: true });
            await SiteJobs.BackupAsync(file, BackupType.Full);
            // Between two runs: what no restore point has.
            await site.Cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET filename = 'as of the moment' WHERE owner_id = '{ann.FolderName}'; INSERT INTO audit_logs(user_id, action, at) VALUES ('{ann.FolderName}', 'at the moment', now())");
            atMoment = await SiteImage.RowsOfAsync(site, ann);
            moment = await site.Cluster.ValueAsync("postgres", "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
            await site.Cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET filename = 'wrong'; DELETE FROM audit_logs WHERE user_id = '{ann.FolderName}'");
            of = await SiteImage.RowsOfAsync(site, other);
            await SiteJobs.BackupAsync(file);
            Assert.NotEqual(atMoment, await SiteImage.RowsOfAsync(site, ann));

            await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default);
            DatabaseRowsRequest request = new() { Scope = RestoreScope.User, Subject = ann.Email, Date = moment, Conflict = ConflictAction.Overwrite };
            var plan = await DatabaseRestoreJob.PlanRowsAsync(installation, request, default);
            Assert.Equal(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture), plan.Target);
            Assert.False(Directory.Exists(_folder["backup/state/drills"]));
            var result = await TestInstallation.CompleteAsync<DatabaseRestoreResult>(DatabaseRestoreJob.RunAsync(installation, plan, default), []);
            Assert.Equal((JobState.Completed, plan.Subject), (result.State, result.Subject));
            Assert.True(result.LastCommit <= result.Target, $"{result.LastCommit} {result.Target}");
            Assert.Contains(result.Rows, r => r is { Table: "public.file_assets", Outcome: "Overwritten" });
            Assert.Contains(result.Rows, r => r is { Table: "public.audit_logs", Outcome: "Restored" });
            Assert.Equal(atMoment, await SiteImage.RowsOfAsync(site, ann));
            Assert.Equal(of, await SiteImage.RowsOfAsync(site, other));
            // Nothing of the recovered server stays.
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["backup/state/drills"]));

            // Who had no rows then, and a moment before the base backup.
            Assert.Equal("UserNotFound", (await Assert.ThrowsAsync<StingException>(() => DatabaseRestoreJob.PlanRowsAsync(installation, request with { Subject = "nobody@example.com" }, default).AsTask())).ErrorId);
            Assert.Equal("DatabaseBackupMissing", (await Assert.ThrowsAsync<StingException>(() => DatabaseRestoreJob.PlanRowsAsync(installation, request with { Date = "2020-01-01" }, default).AsTask())).ErrorId);
        }
    }
}
