using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Lifecycle.Retention;

/// <summary>Legal holds in a reserve with real keys: what their subjects are in does not go.</summary>
public sealed class HeldPartsTests
{
    private static async Task<RetentionPlan> PlanAsync(ErasureFixture fixture, IObjectStore? store = null)
    {
        await using var installation = await fixture.OpenAsync(store);
        return await RetentionJob.PlanAsync(installation, null, default);
    }

    private static async Task<LegalHold> HoldAsync(ErasureFixture fixture, string user)
    {
        await using var installation = await fixture.OpenAsync();
        return await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, user, "lawsuit 7", default), "counsel", default);
    }

    private static async Task<RetentionResult> LetGoAsync(ErasureFixture fixture, RetentionPlan plan)
    {
        await using var installation = await fixture.OpenAsync();
        return await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, plan, default));
    }

    /// <summary>A person in the two runs that the fixture makes; a third without her, all of them long over but the newest.</summary>
    private static async Task<ErasureFixture> WithoutAdaAsync()
    {
        var fixture = await ErasureFixture.CreateAsync();
        Directory.Delete(Path.Combine(fixture.Reserve, "users", "ada"), recursive: true);
        await fixture.BackupAsync();
        await fixture.BackupAsync();
        fixture.Keys.Clock.Advance(TimeSpan.FromDays(3000));
        return fixture;
    }

    [Fact]
    public async Task A_hold_keeps_the_points_that_its_subject_is_in_and_no_others()
    {
        using var fixture = await WithoutAdaAsync();
        var free = await PlanAsync(fixture);
        Assert.Equal([true, true, true, false], free.Entries.Where(entry => entry.DataClass == DataClass.UserFiles).Select(entry => entry.Goes));
        var hold = await HoldAsync(fixture, "ada");
        var held = await PlanAsync(fixture);
        Assert.Equal([$"legal hold {hold.Id}", $"legal hold {hold.Id}", "", "newest 1"], held.Entries.Where(entry => entry.DataClass == DataClass.UserFiles).Select(entry => entry.KeptBy));
        Assert.Equal([false, false, true, false], held.Entries.Where(entry => entry.DataClass == DataClass.UserFiles).Select(entry => entry.Goes));
        // She is in no jar: those go as ever.
        Assert.Equal(free.Entries.Where(entry => entry.DataClass == DataClass.HoneyJars), held.Entries.Where(entry => entry.DataClass == DataClass.HoneyJars));
    }

    [Fact]
    public async Task A_hold_that_was_set_after_the_plan_keeps_them_too()
    {
        using var fixture = await WithoutAdaAsync();
        var plan = await PlanAsync(fixture);
        var going = plan.Going.Count();
        var hold = await HoldAsync(fixture, "ada");
        var done = await LetGoAsync(fixture, plan);
        Assert.Equal((going - 2, 2L), (done.Dropped, done.Held));
        var left = await PlanAsync(fixture);
        Assert.Empty(left.Going);
        Assert.Equal(2, left.Entries.Count(entry => entry.DataClass == DataClass.UserFiles && entry.KeptBy == $"legal hold {hold.Id}"));
    }

    [Fact]
    public async Task Two_holds_on_one_person_are_two_holds()
    {
        using var fixture = await WithoutAdaAsync();
        var first = await HoldAsync(fixture, "ada");
        fixture.Keys.Clock.Advance(TimeSpan.FromMinutes(1));   // of two holds the older one is named
        await HoldAsync(fixture, "ada");
        Assert.Equal(2, (await PlanAsync(fixture)).Entries.Count(entry => entry.DataClass == DataClass.UserFiles && entry.KeptBy == $"legal hold {first.Id}"));
    }

    /// <summary>What somebody brought into a jar is under a name that only trees tell.</summary>
    [Fact]
    public async Task Where_a_database_tells_contributors_a_hold_keeps_what_may_hold_contributions_too()
    {
        using var fixture = await WithoutAdaAsync();
        var hold = await HoldAsync(fixture, "ada");
        var contributors = new JarContributors(_ => throw new InvalidOperationException("Nobody asks the database."), new ContributorMemory(Path.Combine(fixture.Keys.Folder, "memory"), static () => new byte[32]), static _ => true, fixture.Keys.Clock);
        await using var installation = await fixture.OpenAsync(contributors: contributors);
        var plan = await RetentionJob.PlanAsync(installation, null, default);
        foreach (var kept in (DataClass[])[DataClass.HoneyJars, DataClass.Metadata, DataClass.Embeddings])
        {
            Assert.DoesNotContain(plan.Going, entry => entry.DataClass == kept);
            Assert.Contains(plan.Entries, entry => entry.DataClass == kept && entry.KeptBy == $"legal hold {hold.Id}");
        }
        Assert.Contains(plan.Going, entry => entry.DataClass == DataClass.Settings);
    }

    [Fact]
    public async Task A_hold_that_was_lifted_keeps_nothing()
    {
        using var fixture = await WithoutAdaAsync();
        var hold = await HoldAsync(fixture, "ada");
        await using (var installation = await fixture.OpenAsync())
        {
            await fixture.ApprovedAsync(installation, () => LegalHolds.LiftAsync(installation, hold.Id, "counsel", default));
        }
        Assert.DoesNotContain((await PlanAsync(fixture)).Entries, entry => entry.KeptBy.StartsWith("legal", StringComparison.Ordinal));
    }

    /// <summary>Whom a hold means stands in the subject's claim. Where that cannot be read, anybody may be meant.</summary>
    [Fact]
    public async Task A_hold_on_somebody_whose_claim_is_lost_keeps_everything()
    {
        using var fixture = await WithoutAdaAsync();
        var hold = await HoldAsync(fixture, "ada");
        Assert.Contains((await PlanAsync(fixture)).Entries, entry => entry.Goes);
        var without = new Dictionary<string, ReadOnlyMemory<byte>>(fixture.Keys.Store.Objects.Where(pair => !pair.Key.StartsWith("subjects/", StringComparison.Ordinal)), StringComparer.Ordinal);
        var plan = await PlanAsync(fixture, new MemoryObjectStore(without));
        Assert.Empty(plan.Going);
        Assert.Contains(plan.Entries, entry => entry.DataClass == DataClass.HoneyJars && entry.KeptBy == $"legal hold {hold.Id}");
    }
}
