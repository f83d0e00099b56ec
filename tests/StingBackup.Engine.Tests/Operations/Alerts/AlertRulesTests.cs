using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>The strategy's rules, each at its edge.</summary>
public sealed class AlertRulesTests : AlertTestBase
{
    private static string Of(BackupMetrics metrics) => string.Join("; ", AlertRules.Of(metrics).Select(f => $"{f.Severity} {f.Rule} {f.Subject}".TrimEnd()));

    private static BackupMetrics Rated(MetricRating rating) => Good with { Ratings = [.. Good.Ratings.Select(r => r.Name == rating.Name ? rating : r)] };

    [Fact]
    public void Where_all_is_at_its_limit_nothing_is_wrong() => Assert.Equal("", Of(Good));

    [Fact]
    public void Two_failures_in_a_row_page_and_one_does_not()
    {
        Assert.Equal("", Of(Good with { ConsecutiveFailures = 1 }));
        Assert.Equal("Page BackupFailed", Of(Good with { ConsecutiveFailures = 2, LastFailure = "no room" }));
        Assert.Contains("no room", AlertRules.Of(Good with { ConsecutiveFailures = 2, LastFailure = "no room" })[0].Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_80_percent_is_a_warning_and_more_than_90_is_critical()
    {
        Assert.Equal("Warning StorageFull disk", Of(Good with { Storage = [new StorageMetric("disk", 81, 100)] }));
        Assert.Equal("Warning StorageFull disk", Of(Good with { Storage = [new StorageMetric("disk", 90, 100)] }));
        Assert.Equal("Critical StorageFull remote", Of(Good with { Storage = [new StorageMetric("remote", 91, 100)] }));
    }

    [Fact]
    public void More_than_two_hours_are_a_warning_and_more_than_four_are_critical()
    {
        Assert.Equal("", Of(Rated(MetricThresholds.Duration(TimeSpan.FromHours(2)))));
        Assert.Equal("Warning BackupSlow", Of(Rated(MetricThresholds.Duration(TimeSpan.FromHours(4)))));
        Assert.Equal("Critical BackupSlow", Of(Rated(MetricThresholds.Duration(TimeSpan.FromHours(4.1)))));
    }

    [Fact]
    public void Damage_pages_at_once()
    {
        Assert.Equal("Page Corruption Remote", Of(Good with { Damage = [new DamageMetric(Tier.Remote, Noon, 2, "data/x")] }));
        Assert.Equal("Page Corruption Local", Of(Good with { DamagedObjects = 1 }));
        Assert.Equal("Page Corruption Local", Of(Good with { DamagedObjects = 1, Damage = [new DamageMetric(Tier.Local, Noon, 2, "data/x")] }));
        Assert.Equal("Warning ObjectsHealed", Of(Good with { HealedObjects = 1 }));
    }

    [Fact]
    public void Rates_count_once_there_are_enough_runs()
    {
        var low = Rated(MetricThresholds.SuccessRate(0.89));
        Assert.Equal("Critical SuccessRateLow", Of(low));
        Assert.Equal("Warning SuccessRateLow", Of(Rated(MetricThresholds.SuccessRate(0.94))));
        Assert.Equal("", Of(low with { Runs = low.Runs with { Total = 19 } }));
    }

    [Fact]
    public void What_grows_old_is_told()
    {
        Assert.Equal("Critical BackupStale UserFiles", Of(Good with { Classes = [new ClassMetric(DataClass.UserFiles, Noon, TimeSpan.FromMinutes(91), TimeSpan.FromMinutes(15))] }));
        Assert.Equal("Critical BackupStale Reports", Of(Good with { Classes = [new ClassMetric(DataClass.Reports, null, null, TimeSpan.FromMinutes(15))] }));
        Assert.Equal("Warning ReplicationLate Remote", Of(Good with { Replication = [new ReplicationMetric(Tier.Remote, 1, 1, TimeSpan.FromMinutes(61), TimeSpan.FromMinutes(60))] }));
        Assert.Equal("", Of(Good with { Replication = [new ReplicationMetric(Tier.Archive, 1, 1, TimeSpan.FromDays(61), null)] }));
        Assert.Equal("Warning Unverified Local", Of(Good with { Checks = [Good.Checks[0] with { OldestAge = TimeSpan.FromDays(91) }] }));
        Assert.Equal("Warning KeyOld Epoch", Of(Good with { Keys = [Good.Keys[0] with { Age = TimeSpan.FromDays(93) }] }));
    }

    [Theory]
    [InlineData(CaptureAlarm.Behind, "Warning LogCapture")]
    [InlineData(CaptureAlarm.RoomLow, "Critical LogCapture")]
    [InlineData(CaptureAlarm.Degraded, "Critical LogCapture")]
    [InlineData(CaptureAlarm.Stalled, "Page LogCapture")]
    [InlineData(CaptureAlarm.Lost, "Page LogCapture")]
    public void The_capture_of_the_log_has_its_own_weights(CaptureAlarm alarm, string told) => Assert.Equal(told, Of(Good with { Wal = Good.Wal! with { Alarm = alarm } }));
}
