using System.Security.Cryptography;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tests.Tiering.Cold;

namespace StingBackup.Engine.Tests.Restore.Thawing;

/// <summary>Plans, requests and restores out of an archive whose packs must be thawed, in front of the real S3 server.</summary>
public sealed class RetrievalTests
{
    private static readonly RestoreRequest Everything = new() { Scope = RestoreScope.Reserve, AllowPartial = true };

    /// <summary>A reserve of two people whose packs are in the archive alone.</summary>
    private static async Task<(ArchivedReserve Reserve, GlacierFixture Glacier, Dictionary<string, byte[]> Written)> ArchivedAsync(string storageClass = "GLACIER", bool withYoungRun = false)
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(ArchivedReserve.Start);
        ArchivedReserve? reserve = null;
        var late = new LateClock(() => reserve?.Test.Clock ?? clock);
        var glacier = await GlacierFixture.StartAsync(late, storageClass);
        reserve = new ArchivedReserve(await glacier.OpenAsync(), packSize: 2 << 20);
        foreach (var person in (int[])[1, 2])
        {
            reserve.Test.Write($"users/{person}/big.bin", RandomNumberGenerator.GetBytes(1_800_000));
            reserve.Test.Write($"users/{person}/small.txt", RandomNumberGenerator.GetBytes(3_000));
        }
        await reserve.Test.BackupAsync();
        reserve.Advance(8);
        await reserve.ArchiveAsync();
        var old = ArchivedReserve.Names(reserve.Local, "data/");
        if (withYoungRun)
        {
            // Before the local tier lets go: a run stores anew what is not there.
            reserve.Test.Write("users/2/new.txt", RandomNumberGenerator.GetBytes(5_000));
            await reserve.Test.BackupAsync();
        }
        reserve.LoseLocalData(old);
        return (reserve, glacier, ArchivedReserve.Content(reserve.Test.ReserveRoot));
    }

    /// <summary>The clock of a reserve that is made after the server that is on it.</summary>
    private sealed class LateClock(Func<TimeProvider> clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock().GetUtcNow();
        public override long GetTimestamp() => clock().GetTimestamp();
    }

    private static async Task<ArchiveRetrieval> AskAsync(ArchivedReserve reserve, RestoreRequest request, RetrievalSpeed speed)
    {
        var installation = reserve.Open();
        return await TestInstallation.CompleteAsync<ArchiveRetrieval>(RetrievalJob.RunAsync(installation, await RetrievalJob.PlanAsync(installation, request, speed, default), default));
    }

    private static async Task<RestoreResult> RestoreAsync(Installation installation, RestoreRequest request, CancellationToken cancel = default)
    {
        object? result = null;
        await foreach (var happened in RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), waits: true, cancel))
        {
            switch (happened)
            {
                case ItemFailedEvent failed: throw failed.Error;
                case CompletedEvent completed: result = completed.Result; break;
            }
        }
        return Assert.IsType<RestoreResult>(result);
    }

    [CephFact]
    public async Task A_plan_names_packs_tiers_costs_and_times_before_anything_is_asked()
    {
        var (reserve, glacier, _) = await ArchivedAsync(withYoungRun: true);
        await using var one = reserve;
        await using var two = glacier;
        var plan = await RetrievalJob.PlanPacksAsync(reserve.Open(), Everything, default);
        Assert.Equal([Tier.Local, Tier.Archive], plan.Tiers.Select(t => t.Tier));
        Assert.Equal(PackReadiness.Ready, Assert.Single(plan.Packs, p => p.Tier == Tier.Local).State);
        var cold = plan.Packs.Where(p => p.Tier == Tier.Archive).ToList();
        Assert.Equal(2, cold.Count);
        Assert.All(cold, p => Assert.Equal(("GLACIER", PackReadiness.Archived), (p.StorageClass, p.State)));
        Assert.InRange(plan.Tiers[1].Needed, 3_600_000, cold.Sum(p => p.Length));
        Assert.Equal((2L, cold.Sum(p => p.Length), 0L, 0L), (plan.ToThaw.Packs, plan.ToThaw.Length, plan.Thawing.Packs, plan.Missing.Packs));
        Assert.Equal([RetrievalSpeed.Bulk, RetrievalSpeed.Standard, RetrievalSpeed.Expedited], plan.Estimates.Select(e => e.Speed));
        Assert.Equal((TimeSpan.FromHours(3), TimeSpan.FromHours(5)), (plan.Estimates[1].From, plan.Estimates[1].To));
        // 0.01 a GB and 0.05 a thousand requests, and the copies for a week: by hand.
        var gigabytes = plan.ToThaw.Length / 1e9m;
        Assert.Equal(decimal.Round(gigabytes * (0.01m + 0.023m * 7 / 30) + 0.05m * 2 / 1000, 4), plan.Estimates[1].Cost);
        Assert.Empty(glacier.Proxy.Asked);
        // One person's files need one person's packs.
        var file = await RetrievalJob.PlanPacksAsync(reserve.Open(), new RestoreRequest { Scope = RestoreScope.File, Files = ["users/1/small.txt"] }, default);
        Assert.Equal(1, file.ToThaw.Packs);
        Assert.NotEqual(plan.Id, file.Id);
        Assert.Equal(file.Id, (await RetrievalJob.PlanPacksAsync(reserve.Open(), new RestoreRequest { Scope = RestoreScope.File, Files = ["users/1/small.txt"] }, default)).Id);
    }

    [CephFact]
    public async Task A_restore_waits_in_rounds_and_goes_on_after_its_process_ended()
    {
        var (reserve, glacier, written) = await ArchivedAsync();
        await using var one = reserve;
        await using var two = glacier;
        var destination = Path.Combine(reserve.Test.Root, "back");
        var request = Everything with { Destination = destination };
        // Nobody has asked: it says what to do. Without -Wait each file fails by name, with the same remedy.
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => RestoreAsync(reserve.Open(), request))).ErrorId);
        var errors = new List<StingException>();
        Assert.Empty(await ArchivedReserve.RestoreAsync(reserve.Open(), destination, errors: errors));
        Assert.All(errors, e => Assert.Equal("PackArchived", ((StingException)e.InnerException!).ErrorId));

        var asked = await AskAsync(reserve, Everything, RetrievalSpeed.Standard);
        Assert.Equal((RetrievalState.Thawing, 2L, 0L), (asked.State, asked.Requested.Packs, asked.Thawed.Packs));
        Assert.Equal(["Standard 202", "Standard 202"], glacier.Proxy.Asked.Select(a => $"{a.Tier} {a.Status}"));
        // Asked again: nothing is asked twice.
        await AskAsync(reserve, Everything, RetrievalSpeed.Standard);
        Assert.Equal(2, glacier.Proxy.Asked.Count);
        // One of the two comes first; a person's files come back while the other's wait.
        var plan = await RetrievalJob.PlanPacksAsync(reserve.Open(), Everything, default);
        var early = plan.Packs[0];
        await reserve.Open().OpenTierAsync(Tier.Archive, default).AsTask().ContinueWith(s => s.Result.Thawing!.ThawAsync(early.Name, RetrievalSpeed.Expedited, 7, default).AsTask(), TaskScheduler.Default).Unwrap();
        reserve.Test.Clock.Advance(TimeSpan.FromMinutes(6));
        using (var ends = new CancellationTokenSource())
        {
            var first = RestoreAsync(reserve.Open(), request, ends.Token);
            for (var i = 0; i < 6000 && !((string[])["1", "2"]).Any(person => File.Exists(Path.Combine(destination, "users", person, "big.bin"))); i++)
            {
                await Task.Delay(10);
            }
            await ends.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        }
        var some = ArchivedReserve.Content(destination);
        Assert.InRange(some.Count, 1, 3);
        Assert.All(some, f => Assert.Equal(written[f.Key], f.Value));
        // Another process, the same command: it finds the request by its packs, and waits for the rest.
        var second = RestoreAsync(reserve.Open(), request);
        await reserve.Test.Clock.RunAsync(second, TimeSpan.FromMinutes(30));
        Assert.Equal(JobState.Completed, (await second).State);
        Assert.Equal(written, ArchivedReserve.Content(destination));
        Assert.Equal(3, glacier.Proxy.Asked.Count);
        Assert.Equal(RetrievalState.Ready, (await StatusAsync(reserve)).State);
        reserve.Advance(10);
        Assert.Equal(RetrievalState.Expired, (await StatusAsync(reserve)).State);
    }

    private static async Task<ArchiveRetrieval> StatusAsync(ArchivedReserve reserve)
    {
        var all = new List<ArchiveRetrieval>();
        await foreach (var retrieval in RetrievalJob.GetAsync(reserve.Open(), null, default))
        {
            all.Add(retrieval);
        }
        return Assert.Single(all);
    }

    [CephFact]
    public async Task A_retrieval_that_is_broken_off_goes_on_and_holds_its_points_while_it_lasts()
    {
        var (reserve, glacier, _) = await ArchivedAsync("DEEP_ARCHIVE");
        await using var one = reserve;
        await using var two = glacier;
        var asked = 0;
        glacier.Proxy.Refuse = _ => Interlocked.Increment(ref asked) > 1 ? 500 : null;
        Assert.Equal("StoreBusy", (await Assert.ThrowsAsync<StingException>(() => AskAsync(reserve, Everything, RetrievalSpeed.Bulk))).ErrorId);
        Assert.Equal((RetrievalState.Incomplete, 1L), await StatusAsync(reserve) is var half ? (half.State, half.Requested.Packs) : default);
        glacier.Proxy.Refuse = _ => null;
        var done = await AskAsync(reserve, Everything, RetrievalSpeed.Bulk);
        Assert.Equal((RetrievalState.Thawing, 2L), (done.State, done.Requested.Packs));
        Assert.Equal(2, glacier.Proxy.Asked.Count(a => a.Status == 202));
        Assert.Equal("ThawRefused", (await Assert.ThrowsAsync<StingException>(() => AskAsync(reserve, new RestoreRequest { Scope = RestoreScope.User, Subject = "1" }, RetrievalSpeed.Expedited))).ErrorId);

        // A newer point of each class, so that the old one goes by its days alone.
        reserve.Test.Write("users/1/more.txt", [1, 2, 3]);
        await reserve.Test.BackupAsync();
        async Task<RetentionPlan> PlanAsync() => await RetentionJob.PlanAsync(reserve.Open(), reserve.Test.Clock.GetUtcNow().AddDays(400), default);
        var held = (await PlanAsync()).Entries.Where(e => e.BackupId == done.BackupIds[0] && e.DataClass == DataClass.UserFiles).ToList();
        Assert.NotEmpty(held);
        Assert.All(held, e => Assert.Equal((false, $"retrieval {done.Id}"), (e.Goes, e.KeptBy)));
        reserve.Advance(11);
        Assert.All((await PlanAsync()).Entries.Where(e => e.BackupId == done.BackupIds[0] && e.DataClass == DataClass.UserFiles), e => Assert.True(e.Goes));
    }

    [CephFact]
    public async Task Above_the_cost_limit_a_second_identity_approves_and_a_faster_speed_is_another_request()
    {
        var (reserve, glacier, _) = await ArchivedAsync();
        await using var one = reserve;
        await using var two = glacier;
        reserve.Test.Archiving = reserve.Test.Archiving with { CostLimit = 0.01m };
        var cheap = await AskAsync(reserve, Everything, RetrievalSpeed.Bulk);
        Assert.True(cheap.Cost < 0.01m);
        var dear = await RetrievalJob.PlanAsync(reserve.Open(), Everything, RetrievalSpeed.Expedited, default);
        Assert.Equal((true, 2L, (ApprovalState?)ApprovalState.NotRequested), (dear.Estimate!.NeedsApproval, dear.ToAsk.Packs, dear.Approval));
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => AskAsync(reserve, Everything, RetrievalSpeed.Expedited))).ErrorId);
        Assert.Equal(2, glacier.Proxy.Asked.Count);   // the cheap ones alone
        Assert.Equal(RetrievalSpeed.Bulk, (await StatusAsync(reserve)).Speed);
    }

    [CephFact]
    public async Task Many_small_retrievals_in_a_day_meet_the_limit_that_one_of_all_would()
    {
        var (reserve, glacier, _) = await ArchivedAsync();
        await using var one = reserve;
        await using var two = glacier;
        static RestoreRequest Of(string person) => new() { Scope = RestoreScope.User, Subject = person };
        var single = (await RetrievalJob.PlanAsync(reserve.Open(), Of("1"), RetrievalSpeed.Expedited, default)).Estimate!.Cost;
        reserve.Test.Archiving = reserve.Test.Archiving with { CostLimit = single * 1.5m };
        var first = await AskAsync(reserve, Of("1"), RetrievalSpeed.Expedited);
        Assert.Equal(single, first.Cost);

        // The same once more goes on and counts once; the next one would pass by itself, and not with it.
        Assert.Null((await RetrievalJob.PlanAsync(reserve.Open(), Of("1"), RetrievalSpeed.Expedited, default)).Approval);
        var next = await RetrievalJob.PlanAsync(reserve.Open(), Of("2"), RetrievalSpeed.Expedited, default);
        Assert.Equal((true, single, (ApprovalState?)ApprovalState.NotRequested), (next.Estimate!.NeedsApproval, next.CostOfDay, next.Approval));
        Assert.True(next.Estimate.Cost < reserve.Test.Archiving.CostLimit);
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => AskAsync(reserve, Of("2"), RetrievalSpeed.Expedited))).ErrorId);
        Assert.Single(glacier.Proxy.Asked);

        // A day later it passes; and what is asked for anew in the place of a record still counts.
        reserve.Test.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));
        Assert.Equal(0, (await RetrievalJob.PlanAsync(reserve.Open(), Of("2"), RetrievalSpeed.Expedited, default)).CostOfDay);
        var second = await AskAsync(reserve, Of("2"), RetrievalSpeed.Expedited);
        reserve.Test.Clock.Advance(TimeSpan.FromHours(6));
        Assert.Equal(second.Cost, (await RetrievalJob.PlanAsync(reserve.Open(), Of("2"), RetrievalSpeed.Expedited, default)).CostOfDay);
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => AskAsync(reserve, Of("2"), RetrievalSpeed.Expedited))).ErrorId);
        reserve.Test.Archiving = reserve.Test.Archiving with { CostLimit = single * 2.5m };
        var again = await AskAsync(reserve, Of("2"), RetrievalSpeed.Expedited);
        reserve.Test.Clock.Advance(TimeSpan.FromHours(6));
        Assert.Equal(second.Cost + again.Cost, (await RetrievalJob.PlanAsync(reserve.Open(), Of("2"), RetrievalSpeed.Expedited, default)).CostOfDay);
    }

    [Fact]
    public async Task No_second_sees_more_requests_than_the_limit()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var pace = new RequestPace(clock, 10);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(pace.WaitAsync(default).AsTask().IsCompletedSuccessfully);
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }
        var next = pace.WaitAsync(default).AsTask();
        clock.Advance(TimeSpan.FromMilliseconds(899));
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await next.WaitAsync(TimeSpan.FromSeconds(5));
        var last = pace.WaitAsync(default).AsTask();
        Assert.False(last.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(10));
        await last.WaitAsync(TimeSpan.FromSeconds(5));
    }
}
