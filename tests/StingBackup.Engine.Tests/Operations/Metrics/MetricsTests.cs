using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Documentation;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tests.Tiering;

namespace StingBackup.Engine.Tests.Operations.Metrics;

/// <summary>The figures of monitoring, over runs that went well, failed, died, and over a tier that lags.</summary>
public sealed partial class MetricsTests
{
    [GeneratedRegex("sting_backup_[a-z_]+")]
    private static partial Regex Name();

    private static ValueTask<BackupMetrics> ReadAsync(TestInstallation test) => MetricsReader.ReadAsync(test.Installation, default);

    private static double Value(BackupMetrics metrics, string name, string? label = null) =>
        MetricFamilies.Of(metrics).Single(f => f.Name == $"sting_backup_{name}").Samples.Single(s => s.Label?.Value == label).Value;

    private static async Task FailAsync(TestInstallation test) => await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());

    [Fact]
    public async Task Before_the_first_run_there_is_nothing_to_judge_by()
    {
        await using var test = new TestInstallation();
        var metrics = await ReadAsync(test);
        Assert.Equal((0L, 0L, (TimeSpan?)null, (DateTimeOffset?)null), (metrics.Runs.Total, metrics.ConsecutiveFailures, metrics.LastDuration, metrics.LastRunTime));
        Assert.Equal(MetricLevel.Unknown, metrics.Ratings.Single(r => r.Name == "backup_success_rate").Level);
        Assert.Equal(MetricLevel.Unknown, metrics.Ratings.Single(r => r.Name == "recovery_test_success").Level);
        Assert.Empty(metrics.Classes);
        Assert.DoesNotContain("success_ratio", MetricsText.Of(metrics), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_in_a_row_are_counted_whether_the_repository_knows_of_them_or_not_and_a_success_ends_them()
    {
        await using var memory = new MemoryObjectStore();
        var store = new FaultyStore(memory);
        await using var test = new TestInstallation(store);
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        // The barrier fails: the run was announced. Then the announcement itself fails: the repository knows nothing.
        store.Before = (verb, _) => { if (verb == "barrier") { throw new StingException("StoreFull", FailureKind.ResourceExhausted, "no room", "store", "make room"); } };
        test.Write("users/1/b.txt", "two"u8);
        await FailAsync(test);
        var one = await ReadAsync(test);
        Assert.Equal((1L, "no room"), (one.ConsecutiveFailures, one.LastFailure));
        Assert.Equal((2L, 1L, 1L), (one.Runs.Total, one.Runs.Completed, one.Runs.Failed));
        store.Before = (verb, name) => { if (verb == "put" && name.StartsWith("sessions/", StringComparison.Ordinal)) { throw new StingException("StoreUnavailable", FailureKind.Io, "it is away", "store", "wait"); } };
        await FailAsync(test);
        await FailAsync(test);
        var three = await ReadAsync(test);
        Assert.Equal((3L, "it is away"), (three.ConsecutiveFailures, three.LastFailure));
        Assert.Equal((4L, 3L), (three.Runs.Total, three.Runs.Failed));
        Assert.Equal(MetricLevel.Critical, three.Ratings[0].Level);
        store.Before = (_, _) => { };
        await test.BackupAsync();
        var again = await ReadAsync(test);
        Assert.Equal((0L, ""), (again.ConsecutiveFailures, again.LastFailure));
        // What died before is a void point now; what the repository never knew of still counts.
        Assert.Equal((5L, 2L, 3L), (again.Runs.Total, again.Runs.Completed, again.Runs.Failed));
        test.Clock.Advance(TimeSpan.FromDays(8));
        Assert.Equal(0, (await ReadAsync(test)).Runs.Total);
    }

    [Fact]
    public async Task A_run_that_another_one_keeps_out_is_no_failure_and_one_that_goes_on_is_none_yet()
    {
        await using var test = new TestInstallation();
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        using (test.Installation.LockHost())
        {
            await FailAsync(test);
            Assert.Equal(0, (await ReadAsync(test)).ConsecutiveFailures);
            var session = new SessionRecord(test.Installation.IdentityOf(2), test.Installation.NowNs);
            await test.Store.PutAsync(session.ObjectName, session.ToBytes(), default);
            test.Clock.Advance(TimeSpan.FromHours(5));
            var running = await ReadAsync(test);
            Assert.Equal((TimeSpan.FromHours(5), 0L), (running.RunningFor, running.ConsecutiveFailures));
            Assert.Equal(MetricLevel.Critical, running.Ratings.Single(r => r.Name == "backup_duration").Level);
        }
        // Its process is gone: it died.
        var dead = await ReadAsync(test);
        Assert.Equal((1L, (TimeSpan?)null), (dead.ConsecutiveFailures, dead.RunningFor));
    }

    [Fact]
    public async Task Classes_tell_their_last_success_and_not_their_last_try()
    {
        await using var test = new TestInstallation();
        test.Write("users/1/a.txt", "one"u8);
        var first = await test.BackupAsync();
        var locked = test.Write("users/1/locked.txt", "x"u8);
        test.WrapSource = source => new FaultySource(source) { Unreadable = path => path.EndsWith("locked.txt", StringComparison.Ordinal) };
        test.Clock.Advance(TimeSpan.FromHours(2));
        await test.BackupAsync(errors: []);
        File.Delete(locked);
        var metrics = await ReadAsync(test);
        var users = metrics.Classes.Single(c => c.DataClass == DataClass.UserFiles);
        Assert.Equal((first.StartedTime.ToUnixTimeSeconds(), TimeSpan.FromMinutes(15)), (users.LastSuccess!.Value.ToUnixTimeSeconds(), users.Target));
        Assert.InRange(users.Age!.Value, TimeSpan.FromHours(2), TimeSpan.FromHours(2.1));
        Assert.Equal((1L, 1L, 0.5), (metrics.Runs.Completed, metrics.Runs.WithErrors, metrics.Runs.SuccessRate!.Value));
    }

    [Fact]
    public async Task A_tier_that_lags_and_how_full_its_quota_is()
    {
        await using var reserve = new TierReserve { Quota = 1_000_000 };
        reserve.Write("users/1/a.bin", 200_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        reserve.Write("users/1/b.bin", 50_000);
        await reserve.BackupAsync();
        reserve.Test.Clock.Advance(TimeSpan.FromMinutes(90));
        reserve.Away = TierReserve.Gone;
        var openings = reserve.Openings;
        var metrics = await MetricsReader.ReadAsync(reserve.Open(), default);
        Assert.Equal(openings, reserve.Openings);
        var remote = Assert.Single(metrics.Replication);
        Assert.Equal((Tier.Remote, 1L, TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(60)), (remote.Tier, remote.Points, remote.Lag, remote.MaxLag));
        Assert.True(remote.Length > 50_000);
        var quota = metrics.Storage.Single(s => s.Place == "remote");
        Assert.Equal((reserve.RemoteMemory.Objects.Values.Sum(o => (long)o.Length), 1_000_000L), (quota.Used, quota.Limit));
    }

    [Fact]
    public async Task What_a_verification_found_is_remembered_until_one_as_deep_finds_nothing()
    {
        await using var test = new TestInstallation();
        test.Write("users/1/a.bin", SampleRepository.Noise(1, 300_000));
        await test.BackupAsync();
        var pack = Directory.EnumerateFiles(Path.Combine(test.RepositoryRoot, "data"), "*", SearchOption.AllDirectories).First();
        var whole = await File.ReadAllBytesAsync(pack);
        await File.WriteAllBytesAsync(pack, Verify.Flip(whole, whole.Length / 2));
        Assert.Equal(0, Value(await ReadAsync(test), "damaged_objects"));   // nobody has read it yet
        Assert.False((await VerifyAsync(IntegrityLevel.Packs)).Passed);
        var damage = Assert.Single((await ReadAsync(test)).Damage);
        Assert.Equal((Tier.Local, 1L), (damage.Tier, damage.Objects));
        await File.WriteAllBytesAsync(pack, whole);
        Assert.True((await VerifyAsync(IntegrityLevel.Structure)).Passed);
        Assert.Equal(1, Value(await ReadAsync(test), "damaged_objects"));   // a look at names says nothing of bytes
        Assert.True((await VerifyAsync(IntegrityLevel.Packs)).Passed);
        var healed = await ReadAsync(test);
        Assert.Empty(healed.Damage);
        Assert.Equal(NanosecondTime.FromNs(test.Installation.NowNs, 0).ToUnixTimeSeconds(), (long)Value(healed, "integrity_oldest_check_timestamp_seconds", "local"));

        Task<IntegrityResult> VerifyAsync(IntegrityLevel level) =>
            TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(test.Installation, new VerifyRequest { Level = level }, default), []);
    }

    [Fact]
    public async Task Each_run_writes_the_file_whether_it_does_well_or_not_and_one_that_cannot_be_written_fails_none()
    {
        await using var memory = new MemoryObjectStore();
        var store = new FaultyStore(memory);
        await using var test = new TestInstallation(store);
        var file = Path.Combine(test.Root, "sting.prom");
        Configure(test, file);
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        Assert.Contains("\nsting_backup_consecutive_failures 0\n", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        store.Before = (verb, _) => { if (verb == "barrier") { throw new StingException("StoreFull", FailureKind.ResourceExhausted, "no room", "store", "make room"); } };
        test.Write("users/1/b.txt", "two"u8);
        await FailAsync(test);
        Assert.Contains("\nsting_backup_consecutive_failures 1\n", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(test.Root, "sting.prom*"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead));
        }
        store.Before = (_, _) => { };
        File.Delete(file);
        Directory.CreateDirectory(file);   // root writes everywhere, but not over a folder
        await test.BackupAsync();
        var cannot = Assert.Throws<StingException>(() => MetricsFile.Write(file, ReadAsync(test).AsTask().GetAwaiter().GetResult()));
        Assert.Equal("MetricsUnwritable", cannot.ErrorId);
        Assert.Empty(Directory.GetFiles(test.Root, "sting.prom*"));
    }

    [PromtoolFact]
    public async Task Prometheus_reads_what_is_written_and_finds_nothing_to_lint()
    {
        using var german = new WithCulture("de-DE");
        await using var test = new TestInstallation();
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        var text = MetricsText.Of(await ReadAsync(test));
        Assert.Equal("", await Promtool.RunAsync(text, "check", "metrics"));
        Assert.EndsWith("\n# EOF\n", text, StringComparison.Ordinal);
    }

    [PromtoolFact]
    public async Task The_rules_are_sound_and_fire_when_they_should()
    {
        Assert.Contains("SUCCESS", await Promtool.RunAsync("", "check", "rules", Path.Combine(Promtool.Rules, "sting-backup.rules.yml")), StringComparison.Ordinal);
        Assert.Contains("SUCCESS", await Promtool.RunAsync("", ["test", "rules", .. Directory.GetFiles(Promtool.Rules, "*.test.yml")]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_and_rules_name_metrics_that_there_are()
    {
        await using var test = new TestInstallation();
        var there = MetricFamilies.Of(await ReadAsync(test)).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(there.Count, MetricFamilies.Of(await ReadAsync(test)).Count);
        foreach (var path in (string[])["contrib/grafana/sting-backup.json", "contrib/prometheus/sting-backup.rules.yml"])
        {
            var text = ProjectTree.Read(path);
            var named = Name().Matches(text).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
            Assert.True(named.Count > 10, path);
            Assert.Empty(named.Except(there));
        }
        using var dashboard = JsonDocument.Parse(ProjectTree.Read("contrib/grafana/sting-backup.json"));
        Assert.All(dashboard.RootElement.GetProperty("panels").EnumerateArray(), panel => Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray()));
    }

    private static void Configure(TestInstallation test, string metrics)
    {
        var file = Path.Combine(test.Root, "sting-backup.yaml");
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            repository:
              backup_root: {test.RepositoryRoot}
            reserve:
              path: {test.ReserveRoot}
            keys:
              spares: 20
              directory: {Path.Combine(test.Root, "keys")}
            state_directory: {Path.Combine(test.Root, "state")}
            cache_directory: {Path.Combine(test.Root, "cache")}
            log_directory: {Path.Combine(test.Root, "logs")}
            metrics:
              file: {metrics}
            """));
        test.Configuration = new ConfigurationLoader(new HostView()).Load(file);
    }
}
