using System.Text.RegularExpressions;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Tiering;

namespace StingBackup.Engine.Tests.Operations;

/// <summary>The status as people see it: what it says, and how it looks on terminals.</summary>
public sealed partial class StatusScreenTests
{
    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Sequence();

    private static string[] Lines(BackupStatus status, int width = 80, bool colors = false) => StatusScreen.Lines(status, width, colors);

    private static string Line(BackupStatus status, string start) => Lines(status).First(l => l.StartsWith(start, StringComparison.Ordinal));

    private static ValueTask<BackupStatus> ReadAsync(TestInstallation test) => StatusDetailReader.ReadAsync(test.Installation, default);

    private static StingConfiguration Configure(TestInstallation test, string more = "")
    {
        var file = Path.Combine(test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $"repository:\n  backup_root: {test.RepositoryRoot}\nreserve:\n  path: {test.ReserveRoot}\nstate_directory: {test.Root}/state\ntime_zone: UTC\n{more}");
        return new ConfigurationLoader(new HostView()).Load(file);
    }

    [Fact]
    public async Task Each_class_stands_against_its_objective_with_its_next_run()
    {
        await using var test = new TestInstallation(clock: new DateTimeOffset(2026, 5, 4, 20, 0, 0, TimeSpan.Zero));
        test.Configuration = Configure(test);
        test.Write("users/ada/a.bin", "content"u8);
        test.Write("audit/log.txt", "entry"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromMinutes(10));
        var fresh = await ReadAsync(test);
        var users = fresh.Details!.Classes.Single(c => c.DataClass == DataClass.UserFiles);
        Assert.Equal((TimeSpan.FromMinutes(15), false, test.Clock.GetUtcNow().AddMinutes(-10)), (users.Target, users.IsLate, users.LastSuccess!.Value));
        // Backed up at 20:01, due from 20:14:30 on by the slack of a tenth, taken by the tick of 20:15.
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 20, 15, 0, TimeSpan.Zero), users.NextTime);
        Assert.Equal(fresh.Health, fresh.Details.Health);
        Assert.Matches(@"^UserFiles +2026-05-04 20:01 +10 min +15 min +20:15 +ok$", Line(fresh, "UserFiles"));
        Assert.Contains("Full Tue 02:00", string.Join(' ', Lines(fresh).Select(l => l.Trim())), StringComparison.Ordinal);

        test.Clock.Advance(TimeSpan.FromMinutes(30));
        var late = await ReadAsync(test);
        Assert.Equal(Health.Warning, late.Details!.Health);
        Assert.StartsWith(" LOOK ", Lines(late with { Details = late.Details })[0], StringComparison.Ordinal);
        Assert.EndsWith("late", Line(late, "UserFiles"), StringComparison.Ordinal);
        Assert.Contains(late.Details.Classes, c => c is { IsLate: false, Target.TotalMinutes: > 60 });
    }

    [Fact]
    public async Task A_run_with_errors_is_never_green()
    {
        await using var test = new TestInstallation();
        test.Write("users/ada/a.txt", "one"u8);
        await test.BackupAsync();
        test.Keys.Refused.Add("path:HoneyJars/j1");
        test.Keys.Refused.Add("jar:j1");
        test.Write("jars/j1/b.txt", "two"u8);
        await test.BackupAsync(errors: []);
        var status = await ReadAsync(test);
        var text = StatusScreen.Render(status, 80, colors: true);
        Assert.Equal(Health.Warning, status.Details!.Health);
        Assert.DoesNotContain("GOOD", text, StringComparison.Ordinal);
        Assert.Contains("\e[1;38;5;130m2 items not read\e[0m", text, StringComparison.Ordinal);
        Assert.Matches("HoneyJars .*\e\\[1;38;5;196m2 not read\e\\[0m\n", text);
        // Green stands beside what was whole, and nowhere else.
        Assert.All(text.Split('\n').Where(l => l.Contains("38;5;28", StringComparison.Ordinal)), l => Assert.EndsWith("\e[1;38;5;28mok\e[0m", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_waits_for_a_tier_how_full_it_is_and_why_it_lags_is_told()
    {
        await using var tiers = new TierReserve();
        tiers.Write("users/1/a.bin", 500_000);
        await tiers.BackupAsync();
        await tiers.SyncAsync();
        tiers.Quota = tiers.RemoteMemory.Objects.Sum(o => o.Value.Length) * 10 / 9;
        tiers.Away = TierReserve.Gone;
        tiers.Write("users/1/b.bin", 100_000);
        await tiers.BackupAsync();
        tiers.Test.Clock.Advance(TimeSpan.FromHours(3));
        var status = await StatusDetailReader.ReadAsync(tiers.Open(), default);
        var remote = status.Details!.Tiers.Single(t => t.Tier == Tier.Remote);
        Assert.Equal(1, remote.WaitingPoints);
        Assert.InRange(remote.WaitingLength, 100_000, 110_000);
        Assert.True(remote is { IsLate: true, Lag.TotalHours: > 2.9, Share: > 0.89 and < 0.91 }, remote.ToString());
        Assert.Equal(status.StoreLength, status.Details.Tiers[0].Length);
        Assert.Matches(@"^Remote +\d+ KB +90 % of \d+ KB +1 points, \d+ KB, 3 h$", Line(status, "Remote"));
        Assert.Equal(Health.Warning, status.Details.Health);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    [InlineData(60)]
    [InlineData(10)]
    [InlineData(0)]
    public async Task It_fits_and_colours_change_no_word(int width)
    {
        await using var test = new TestInstallation { Drills = new Told(new DrillSummary(4, 3, TimeProvider.System.GetUtcNow(), null)) };
        test.Configuration = Configure(test);
        test.Write("users/ada/a.txt", "one"u8);
        await test.BackupAsync();
        var status = await ReadAsync(test) with
        {
            Warnings = [string.Join(' ', Enumerable.Repeat("something is weaker than it should be", 6)), new string('x', 300)],
            Damage = [new IntegrityFault { Object = "data/" + new string('a', 64), Problem = "it is missing", Tier = Tier.Local, Subjects = [], Files = [], FileCount = 0, Remedy = "" }],
        };
        var details = status.Details! with { Alerts = [new StingAlert { Id = "1", Rule = "BackupFailed", Subject = "", Severity = AlertSeverity.Page, State = AlertState.Acknowledged, AcknowledgedBy = "ada", Summary = new string('y', 100), Action = "look", FirstTime = default, LastTime = default }] };
        status = status with { Details = details };
        var plain = Lines(status, width);
        var most = width switch { 0 or > 79 => 79, < 60 => 60, _ => width };
        Assert.All(plain, l => Assert.True(l.Length <= most, $"{l.Length}: {l}"));
        Assert.Equal(plain, Lines(status, width, colors: true).Select(l => Sequence().Replace(l, "")));
        Assert.DoesNotContain(plain, l => l.Contains('\e', StringComparison.Ordinal));
        Assert.Contains(plain, l => l.Contains("3 of 4 succeeded", StringComparison.Ordinal));
        Assert.Contains(plain, l => l.StartsWith("Alerts      Page BackupFailed:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Before_the_first_run_and_without_drills_it_says_so()
    {
        await using var test = new TestInstallation();
        var status = await ReadAsync(test);
        var lines = Lines(status);
        Assert.StartsWith(" BAD   There is no backup.", lines[0], StringComparison.Ordinal);
        Assert.Contains("Last run    none yet", lines);
        Assert.Contains("Drills      none yet", lines);
        Assert.Contains("Keys        not on this host", lines);
    }

    [Fact]
    public async Task Drills_that_failed_keep_it_from_green_and_those_that_did_well_do_not()
    {
        await using var test = new TestInstallation { Drills = new Told(new DrillSummary(4, 3, null, null)) };
        test.Write("users/ada/a.txt", "one"u8);
        await test.BackupAsync();
        Assert.Equal((Health.Good, Health.Warning), (await ReadAsync(test)) is var status ? (status.Health, status.Details!.Health) : default);
        await using var good = new TestInstallation { Drills = new Told(new DrillSummary(4, 4, null, null)) };
        good.Write("users/ada/a.txt", "one"u8);
        await good.BackupAsync();
        var well = await ReadAsync(good);
        Assert.Equal(Health.Good, well.Details!.Health);
        Assert.StartsWith(" GOOD   Every class is backed up", Lines(well)[0], StringComparison.Ordinal);
        // Without a configuration nothing but age changes: it is late, and no longer green.
        good.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((Health.Good, Health.Warning), (await ReadAsync(good)) is var later ? (later.Health, later.Details!.Health) : default);
    }

    /// <summary>Drills as somebody else would tell them.</summary>
    internal sealed class Told(DrillSummary summary) : IDrillEvidence
    {
        public ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel) => ValueTask.FromResult<DrillSummary?>(summary);
    }
}
