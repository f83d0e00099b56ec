using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Lifecycle.Pruning;

namespace StingBackup.Engine.Tests.Lifecycle.Retention;

/// <summary>What a plan of a retention tells of each class.</summary>
public sealed class RetentionPlanTests
{
    [Fact]
    public async Task Each_class_has_its_days_its_oldest_that_stays_and_when_the_next_one_goes()
    {
        await using var hosts = new TwoHosts();
        var start = hosts.Test.Clock.GetUtcNow();
        foreach (var day in (int[])[0, 10, 20])
        {
            hosts.Test.Clock.Advance(start.AddDays(day) - hosts.Test.Clock.GetUtcNow());
            hosts.Write(first: true, "users/1/a.txt", new byte[100 + day]);
            hosts.Write(first: true, "settings/b.yaml", new byte[100 + day]);
            await hosts.BackupAsync(first: true);
        }
        hosts.Test.Clock.Advance(start.AddDays(368) - hosts.Test.Clock.GetUtcNow());   // of people's files, which stay a year, the first is over
        var plan = await RetentionJob.PlanAsync(hosts.Open(first: true), null, default);
        Assert.Equal(plan.Classes.Select(sum => sum.DataClass).Order(), plan.Classes.Select(sum => sum.DataClass));
        Assert.True(plan.Classes.Count > 1);
        foreach (var sum in plan.Classes)
        {
            var entries = plan.Entries.Where(entry => entry.DataClass == sum.DataClass).ToList();
            Assert.Equal((entries.Count, entries.Count(entry => entry.Goes)), (sum.Points, sum.Going));
        }
        var files = plan.Classes.Single(sum => sum.DataClass == DataClass.UserFiles);
        Assert.Equal((3, 1, 365), (files.Points, files.Going, files.Days));
        Assert.Equal(10, ((files.OldestTime ?? default) - start).TotalDays, 0.1);
        Assert.Equal(375, ((files.NextTime ?? default) - start).TotalDays, 0.1);
    }

    [Fact]
    public async Task What_is_held_has_no_end_that_could_come_next()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        fixture.Keys.Clock.Advance(TimeSpan.FromMinutes(1));
        await fixture.BackupAsync();
        fixture.Keys.Clock.Advance(TimeSpan.FromDays(370));
        await using var installation = await fixture.OpenAsync();
        await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, "ada", "lawsuit 7", default), "counsel", default);
        var plan = await RetentionJob.PlanAsync(installation, null, default);
        var entries = plan.Entries.Where(entry => entry.DataClass == DataClass.UserFiles).OrderBy(entry => entry.EndTime).ToList();
        Assert.StartsWith("legal hold", entries[0].KeptBy, StringComparison.Ordinal);
        Assert.StartsWith("newest", entries[^1].KeptBy, StringComparison.Ordinal);
        Assert.Equal(entries[^1].EndTime, plan.Classes.Single(sum => sum.DataClass == DataClass.UserFiles).NextTime);
    }
}
