using System.Globalization;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Legacy;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Legacy;

/// <summary>An imported point is older than those before it in its chain. Nothing that means time may be misled by that.</summary>
public sealed class LegacyOrderTests
{
    private static readonly DateTimeOffset Start = new(2025, 12, 1, 2, 0, 0, TimeSpan.Zero);

    private static async Task<(TestInstallation Test, BackupResult Own)> MakeAsync(params string[] archives)
    {
        var test = new TestInstallation(clock: Start.AddMinutes(-1));
        test.Write("users/7/a.txt", "of today"u8);
        var own = await test.BackupAsync();
        foreach (var time in archives)
        {
            using var old = OldArchive.Sample(time);
            await test.ImportAsync(old.Save(test.Archives(), $"sting_backup_{time}.tar.gz"));
        }
        return (test, own);
    }

    private static async Task<List<RestorePoint>> PointsAsync(TestInstallation test, PointQuery query)
    {
        using var catalog = new Catalog(test.Installation);
        return await catalog.PointsAsync(query, default).ToListAsync();
    }

    [Theory]
    [InlineData("20251102_020000")]
    [InlineData("20251201_020001")]   // newer than the reserve's own point
    public async Task Latest_is_the_newest_of_the_reserve_itself(string archive)
    {
        var (test, own) = await MakeAsync(archive);
        await using var installation = test;
        Assert.Equal("backup_20251201_020000", own.BackupId);
        Assert.All(await PointsAsync(test, new PointQuery { Latest = true }), p => Assert.Equal(own.BackupId, p.BackupId));
        Assert.All(await PointsAsync(test, new PointQuery { BackupId = "latest" }), p => Assert.Equal(own.BackupId, p.BackupId));
        foreach (var request in (RestoreRequest[])[test.Everything(), test.Everything("b") with { BackupId = "latest" }, test.Everything("c") with { Date = "2025-12-01" }])
        {
            await test.RestoreAsync(request);
            Assert.Equal(["users"], Directory.EnumerateDirectories(request.Destination!).Select(Path.GetFileName));
        }
    }

    [Fact]
    public async Task Points_are_listed_by_time_whatever_their_number()
    {
        var (test, own) = await MakeAsync("20251109_020000", "20251102_020000");
        await using var installation = test;
        var points = await PointsAsync(test, new PointQuery());
        Assert.Equal(["backup_20251102_020000", "backup_20251109_020000", own.BackupId!], points.Select(p => p.BackupId).Distinct());
        Assert.Equal([3L, 2L, 1L], points.Select(p => p.Sequence).Distinct());
    }

    [Fact]
    public async Task A_date_before_the_first_own_backup_means_one_archive()
    {
        var (test, _) = await MakeAsync("20251109_020000", "20251102_020000");
        await using var installation = test;
        foreach (var (date, archive) in ((string, string)[])[("2025-11-30", "sting_backup_20251109_020000"), ("2025-11-09 01:59", "sting_backup_20251102_020000")])
        {
            var to = test.Folder(archive);
            await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to, Date = date });
            Assert.Equal([archive], Directory.EnumerateDirectories(Path.Combine(to, "legacy")).Select(Path.GetFileName));
            Assert.False(Directory.Exists(Path.Combine(to, "users")));
        }
        await test.FailsAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = test.Folder("x"), Date = "2025-11-01" }, "BackupNotFound");
    }

    [Fact]
    public async Task What_an_archive_lacks_is_told_when_it_is_asked_for()
    {
        var (test, _) = await MakeAsync("20251102_020000");
        await using var installation = test;
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(test.Installation,
            test.Everything() with { BackupId = "backup_20251102_020000", Classes = [DataClass.Embeddings, DataClass.Metadata] }, default).AsTask());
        Assert.Contains("Embeddings", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_of_a_file_are_not_parted_by_an_import_between_two_points()
    {
        await using var test = new TestInstallation(clock: Start.AddMinutes(-1));
        test.Write("conf/app.yml", "a"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromDays(2));
        await test.BackupAsync();
        using var old = OldArchive.Sample("20251202_020000");
        await test.ImportAsync(old.Save(test.Archives()));
        using var catalog = new Catalog(test.Installation);
        var version = Assert.Single(await catalog.FindAsync("conf/app.yml", null, new PointQuery(), default).ToListAsync());
        Assert.Equal((2, "2025-12-01", "2025-12-03"), (version.Points, version.FirstSeen.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), version.LastSeen.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        Assert.Single(await catalog.FindAsync("legacy/*/conf/config.yml", null, new PointQuery(), default).ToListAsync());
    }

    [Theory]
    [InlineData("20251102_020000")]
    [InlineData("20251201_021000")]
    public async Task Status_and_schedule_speak_of_the_reserves_own_backups(string archive)
    {
        var (test, own) = await MakeAsync(archive);
        await using var installation = test;
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal((own.BackupId, 2L, 1L), (status.LastRun!.BackupId, status.Points, status.Imported));
        Assert.All(status.Classes, c => Assert.Equal((own.BackupId, 1L), (c.BackupId, c.Points)));
        Assert.Empty(status.Damage);

        test.Clock.Advance(TimeSpan.FromMinutes(15));
        var plan = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Contains(DataClass.UserFiles, plan.Classes);
        Assert.DoesNotContain(DataClass.AuditLogs, plan.Classes);
    }

    [Fact]
    public async Task Nothing_but_an_import_is_no_backup()
    {
        await using var test = new TestInstallation(clock: Start);
        using var old = OldArchive.Sample("20251201_015000");
        await test.ImportAsync(old.Save(test.Archives()));
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal((Health.Bad, (LastRun?)null), (status.Health, status.LastRun));
        var due = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Equal(Enum.GetValues<DataClass>(), due.Classes.Order());
        Assert.All(await PointsAsync(test, new PointQuery { BackupId = "latest" }), p => Assert.NotNull(p.ImportedFrom));
    }

    [Fact]
    public async Task A_verification_finds_the_chain_whole_and_chooses_as_a_restore_does()
    {
        var (test, own) = await MakeAsync("20251102_020000", "20251201_030000");
        await using var installation = test;
        async Task<IntegrityResult> VerifyAsync(VerifyRequest request) => await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(test.Installation, request, default));
        var all = await VerifyAsync(new VerifyRequest { Level = IntegrityLevel.Data });
        Assert.Equal((3L, 0), (all.Points, all.Faults.Count));
        var view = await RepositoryView.LoadAsync(test.Store, test.Keys.Reserve, test.Keys.Writers, default);
        var byDate = PointSelection.Choose(view.Points, new VerifyRequest { Date = "2025-12-01" }, TimeZoneInfo.Utc);
        Assert.All(byDate, p => Assert.Equal(own.BackupId, p.Name));
        var before = PointSelection.Choose(view.Points, new VerifyRequest { Date = "2025-11-30" }, TimeZoneInfo.Utc);
        Assert.Equal((5, true), (before.Count, before.All(p => p.Name == "backup_20251102_020000")));
        Assert.All(PointSelection.Choose(view.Points, new VerifyRequest { BackupId = "latest" }, TimeZoneInfo.Utc), p => Assert.Equal(own.BackupId, p.Name));
    }

    [Fact]
    public async Task A_damaged_point_hides_nothing_by_the_date_of_an_import()
    {
        // Own, import, own: the second own point is damaged. It lies in time behind the first, whatever the import's date; so "latest" may be it.
        var (test, _) = await MakeAsync("20251102_020000");
        await using var installation = test;
        test.Write("users/7/a.txt", "newer"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromHours(1));
        var file = Directory.EnumerateFiles(Path.Combine(test.RepositoryRoot, "points"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        File.SetAttributes(file, FileAttributes.Normal);
        await File.WriteAllBytesAsync(file, bytes);
        await test.FailsAsync(test.Everything(), "PointDamaged");
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(test.Installation, test.Everything() with { Date = "2025-12-01" }, default).AsTask());
        Assert.Equal("PointDamaged", error.ErrorId);
        // What was before the first own point cannot be the damaged one.
        Assert.NotNull(await RestoreJob.PlanAsync(test.Installation, test.Everything() with { Date = "2025-11-20" }, default));
    }

    [Theory]
    [InlineData("20251102_020000", "2025-11-02T02:00:10Z", "2025-11-02T03:00:00+01:00", "Europe/Berlin", true)]   // the clock was UTC's, the zone is Berlin's: told
    [InlineData("20251102_020000", "2025-11-02T01:00:10Z", "2025-11-02T02:00:00+01:00", "Europe/Berlin", false)]
    [InlineData("20251026_023000", "2025-10-26T00:30:20Z", "2025-10-26T02:30:00+02:00", "Europe/Berlin", false)]  // the hour that is shown twice: the first
    [InlineData("20251026_023000", "2025-10-26T01:30:20Z", "2025-10-26T02:30:00+01:00", "Europe/Berlin", false)]  // and the second
    [InlineData("20250330_023000", "2025-03-30T01:00:20Z", "2025-03-30T03:00:00+02:00", "Europe/Berlin", false)]  // an hour that there was not
    public void A_clock_is_read_in_the_configured_zone(string clock, string written, string expected, string zone, bool isTold)
    {
        var invariant = CultureInfo.InvariantCulture;
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var local = DateTime.ParseExact(clock, "yyyyMMdd_HHmmss", invariant);
        var moment = LegacyDate.Of(local, info, DateTimeOffset.Parse(written, invariant));
        if (!isTold)
        {
            Assert.Equal(DateTimeOffset.Parse(expected, invariant), moment);
            Assert.Equal(DateTimeOffset.Parse(expected, invariant).Offset, moment.Offset);
        }
        Assert.Equal(!isTold, LegacyDate.Fits(moment, DateTimeOffset.Parse(written, invariant).AddHours(isTold ? -2 : 0)));
    }

    [Fact]
    public async Task The_contents_date_counts_where_the_file_was_renamed()
    {
        await using var test = new TestInstallation();
        using var renamed = OldArchive.Sample();
        using var lies = OldArchive.Sample("20251109_020000").Dump("20251001_000000", "-- PostgreSQL database dump, left by a restore\n");
        var plan = await test.PlanImportAsync(null, renamed.Save(test.Archives(), "before the upgrade.tgz"), lies.Save(test.Archives(), "sting_backup_20251231_000000.tar.gz"));
        Assert.Equal([new DateTimeOffset(2025, 11, 2, 2, 0, 0, TimeSpan.Zero), new(2025, 11, 9, 2, 0, 0, TimeSpan.Zero)], plan.Archives.Select(a => a.Time!.Value));
        Assert.Empty(plan.Archives[0].Notes);
        Assert.Contains("the content counts", Assert.Single(plan.Archives[1].Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_archives_of_one_second_get_two_names()
    {
        await using var test = new TestInstallation();
        using var one = OldArchive.Sample();
        using var two = OldArchive.Sample().File("./extra", "x");
        await test.ImportAsync(one.Save(test.Archives()));
        var second = await test.ImportAsync(two.Save(test.Archives(), "other.tar.gz"));
        Assert.Equal("backup_20251102_020000_2", second.Archives[0].BackupId);
    }
}
