using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Engine.Tests.Operations.Drills;

/// <summary>Chance, the calendar, metrics, alerts and objectives of drills.</summary>
public sealed class DrillCalendarTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_not_tested_lately_is_favoured_and_the_same_seed_draws_the_same()
    {
        string[] names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        // "a" was tested yesterday, "b" a hundred days ago, the others never.
        DateTimeOffset? LastOf(string name) => name switch { "a" => Now.AddDays(-1), "b" => Now.AddDays(-100), _ => null };
        string Draw(long seed) => names.MaxBy(n => new DrillOdds(seed, Now).Draw(n, LastOf(n)))!;
        var drawn = Enumerable.Range(0, 4000).Select(seed => Draw(seed)).CountBy(n => n).ToDictionary();
        Assert.True(drawn.GetValueOrDefault("a") <= 3, $"a was drawn {drawn.GetValueOrDefault("a")} times");
        Assert.InRange(drawn.GetValueOrDefault("b"), 1, 40);   // 100 of 29,300: 14
        Assert.All(names[2..], n => Assert.InRange(drawn[n], 400, 600));
        Assert.Equal(Draw(42), names.Reverse().MaxBy(n => new DrillOdds(42, Now).Draw(n, LastOf(n))));
    }

    [Fact]
    public async Task The_calendar_tells_what_is_due_and_what_failed_and_alerts_and_metrics_go_by_it()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        // The first backup was a week and a half day ago: files are due, and not yet late enough to be told.
        Assert.Equal([RecoveryTestType.File], await DrillJob.DueAsync(reserve.Test.Open(), default));
        Assert.Equal("", await AlertsAsync());
        reserve.Advance(1);
        Assert.Equal("Warning RecoveryTestOverdue File", await AlertsAsync());
        Assert.True((await reserve.DrillAsync(RecoveryTestType.File)).Passed);
        Assert.Equal("", await AlertsAsync());
        Assert.Empty(await DrillJob.DueAsync(reserve.Test.Open(), default));

        await DrilledReserve.DamageDataAsync(reserve.Remote);
        await reserve.DrillAsync(RecoveryTestType.User);
        Assert.Equal("Critical RecoveryTestFailed User", await AlertsAsync());
        var summary = await reserve.SummaryAsync();
        Assert.Equal((2L, 1L, 0.5), (summary.Tests, summary.Passed, summary.SuccessRate));
        Assert.Equal([RecoveryVerdict.Passed, RecoveryVerdict.Failed, null, null], summary.Calendar.Select(d => d.LastVerdict));
        Assert.Equal([Tier.Local, Tier.Remote, Tier.Local, Tier.Archive], summary.Calendar.Select(d => d.Tier));
        Assert.Equal([7.0, 30.0, 30.0, 91.0], summary.Calendar.Select(d => d.Every.TotalDays));
        var text = MetricsText.Of(await MetricsReader.ReadAsync(reserve.Test.Open(), default));
        Assert.Contains("sting_backup_recovery_test_success 0.5\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_level{metric=\"recovery_test_success\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_threshold_warning{metric=\"recovery_test_success\"} 0.95\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_recovery_test_last_passed{type=\"User\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_recovery_test_last_timestamp_seconds{type=\"Full\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_recovery_test_last_success_timestamp_seconds{type=\"User\"} 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("sting_backup_recovery_test_last_success_timestamp_seconds{type=\"File\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("sting_backup_recovery_test_interval_seconds{type=\"Full\"} 7862400\n", text, StringComparison.Ordinal);

        reserve.Advance(40);
        Assert.Equal("Critical RecoveryTestFailed User; Warning RecoveryTestOverdue File; Warning RecoveryTestOverdue HoneyJar; Warning RecoveryTestOverdue User", await AlertsAsync());
        Assert.Equal([RecoveryTestType.File, RecoveryTestType.HoneyJar, RecoveryTestType.User], await DrillJob.DueAsync(reserve.Test.Open(), default));

        async Task<string> AlertsAsync() => string.Join("; ", AlertRules.Of(await MetricsReader.ReadAsync(reserve.Test.Open(), default)).Where(f => f.Rule.StartsWith("RecoveryTest", StringComparison.Ordinal)).Select(f => $"{f.Severity} {f.Rule} {f.Subject}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_tier_that_is_not_there_makes_no_test_overdue_and_before_the_first_backup_nothing_is()
    {
        await using var test = new TestInstallation();
        Assert.All((await DrillReader.SummaryAsync(test.Installation, default)).Calendar, d => Assert.Equal((null, false), (d.NextTime, d.IsOverdue)));
        test.Write("users/1/a.txt", "a"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromDays(400));
        var calendar = (await DrillReader.SummaryAsync(test.Open(), default)).Calendar;
        Assert.Equal([RecoveryTestType.File, RecoveryTestType.HoneyJar], calendar.Where(d => d.IsOverdue).Select(d => d.Type));
        Assert.Equal(["There is no Remote tier, which the strategy restores it from.", "There is no Archive tier, which the strategy restores it from."], calendar.Where(d => d.NextTime is null).Select(d => d.Impossible));
    }

    [Fact]
    public async Task Objectives_show_what_was_reached_and_what_the_whole_reserve_would_take()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var before = await TargetReader.ReadAsync(reserve.Test.Open(), default);
        Assert.Equal(["RTO Single file 00:05:00", "RTO User's Honey Reserve 00:30:00", "RTO Honey Jar collection 02:00:00", "RTO Complete system 1.00:00:00", "RPO User uploads 00:15:00", "RPO Honey jars 00:15:00", "RPO Metadata 00:00:00", "RPO Reports 01:00:00"],
            before.Select(t => $"{t.Objective} {t.Name} {t.Target:c}"));
        Assert.All(before.Take(4), t => Assert.Equal((null, null, null), (t.Reached, t.IsMet, t.Forecast)));
        // More than a week without a backup.
        Assert.Equal(false, before[4].IsMet);
        Assert.True(before[4].Reached > TimeSpan.FromDays(7));

        // Each read of content takes ten seconds by this clock.
        reserve.ArchiveFaults.Before = (verb, name) =>
        {
            if (verb == "read" && name.StartsWith("data/", StringComparison.Ordinal))
            {
                reserve.Test.Clock.Advance(TimeSpan.FromSeconds(10));
            }
        };
        var test = await reserve.DrillAsync(RecoveryTestType.Full);
        Assert.True(test.RestoreTime >= TimeSpan.FromSeconds(10));
        var full = (await TargetReader.ReadAsync(reserve.Test.Open(), default))[3];
        Assert.Equal((test.ReachedTime, true, test.Id), (full.Reached, full.IsMet, full.Source));
        // The reserve is as long as what was restored, so it would take as long.
        Assert.InRange(full.Forecast!.Value.TotalSeconds, test.RestoreTime.TotalSeconds * 0.99, test.RestoreTime.TotalSeconds * 1.01);
    }
}
