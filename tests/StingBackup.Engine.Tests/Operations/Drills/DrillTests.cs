using System.Text;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Verification;

namespace StingBackup.Engine.Tests.Operations.Drills;

/// <summary>Tests of recovery: what is well passes, from the named tier alone; what is not fails, and says why.</summary>
public sealed class DrillTests
{
    [Fact]
    public async Task Files_come_back_from_the_local_tier_into_a_private_folder_that_is_gone_at_the_end()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var modes = new List<UnixFileMode>();
        var packs = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        reserve.LocalFaults.Before = (verb, name) =>
        {
            if (verb == "read" && Directory.Exists(reserve.Drills))
            {
                if (name.StartsWith("data/", StringComparison.Ordinal))
                {
                    packs[name] = true;
                }
                modes.AddRange(Directory.EnumerateDirectories(reserve.Drills).Select(d => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(d)));
            }
        };
        var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.File, Seed = 7, Files = 4 }, default);
        Assert.False(Directory.Exists(plan.Destination));
        Assert.Equal((4, Tier.Local, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)), (plan.Chosen.Count, plan.Tier, plan.TargetTime, plan.LongestTime));
        Assert.Equal(plan.Chosen, (await DrillJob.PlanAsync(reserve.Test.Open(), plan.Request, default)).Chosen);

        var test = await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, default));
        Assert.Equal((RecoveryVerdict.Passed, 4L, Tier.Local, Tier.Local, 7L), (test.Verdict, test.Items, test.Tier, test.NamedTier, test.Seed));
        Assert.Empty(test.Reasons);
        Assert.Equal(new RecoveryTestCheck("files by the reserve's own", 4, 4), Assert.Single(test.Checks));
        Assert.Equal(plan.Chosen, test.Choices.Select(c => $"{c.Item} of {c.Subject}"));
        Assert.True(Assert.Single(test.Packs) is { Tier: Tier.Local, Packs: > 0 } read && read.Length > test.Length);
        // Files that lie in one pack need it once.
        Assert.Equal((packs.Count, true), (plan.Packs, packs.Count < 4));
        Assert.NotEmpty(modes);
        Assert.All(modes, mode => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, mode));
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));
    }

    [Fact]
    public async Task A_person_comes_back_from_the_remote_tier_when_no_other_has_anything()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        await DrilledReserve.LoseDataAsync(reserve.Local);
        await DrilledReserve.LoseDataAsync(reserve.Archive);
        var test = await reserve.DrillAsync(RecoveryTestType.User);
        Assert.Equal((RecoveryVerdict.Passed, Tier.Remote), (test.Verdict, test.Tier));
        Assert.Equal(Tier.Remote, Assert.Single(test.Packs).Tier);
        Assert.StartsWith("user", Assert.Single(test.Choices).Subject, StringComparison.Ordinal);
        // All of the person's: two to four files, and folders.
        Assert.InRange(test.Checks.Single(c => c.Kind == "files by the reserve's own").Compared, 2, 4);
        Assert.All(test.Checks, c => Assert.Equal(c.Compared, c.Equal));
    }

    [Fact]
    public async Task A_honey_jar_comes_back_from_the_newest_full_run()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var test = await reserve.DrillAsync(RecoveryTestType.HoneyJar);
        Assert.Equal((RecoveryVerdict.Passed, "jar:j1"), (test.Verdict, Assert.Single(test.Choices).Subject));
        Assert.All(test.Points, p => Assert.StartsWith(reserve.FullRun, p, StringComparison.Ordinal));
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromHours(1)), (test.TargetTime, test.LongestTime));
    }

    [Fact]
    public async Task The_complete_system_comes_back_from_the_archive_alone_and_what_changed_since_is_compared_with_the_catalogue()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        await DrilledReserve.LoseDataAsync(reserve.Local);
        await DrilledReserve.LoseDataAsync(reserve.Remote);
        reserve.Test.Write("users/3/notes.txt", "rewritten since"u8);
        var test = await reserve.DrillAsync(RecoveryTestType.Full);
        Assert.Equal((RecoveryVerdict.Passed, Tier.Archive), (test.Verdict, test.Tier));
        Assert.Equal((8L, 1L), (test.Checks.Single(c => c.Kind == "files by the reserve's own").Equal, test.Checks.Single(c => c.Kind == "files by the catalogue").Equal));
        Assert.True(test.Checks.Single(c => c.Kind == "folders, links and others").Equal >= 8);
        Assert.Equal((TimeSpan.FromHours(24), TimeSpan.FromHours(8)), (test.TargetTime, test.LongestTime));
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));
    }

    [Fact]
    public async Task A_damaged_pack_fails_the_test_though_another_tier_has_it_whole()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        await DrilledReserve.DamageDataAsync(reserve.Remote);
        var errors = new List<StingException>();
        var test = await reserve.DrillAsync(RecoveryTestType.User, errors);
        Assert.Equal(RecoveryVerdict.Failed, test.Verdict);
        Assert.Contains(test.Reasons, r => r.StartsWith("Different:", StringComparison.Ordinal) && r.Contains("missing", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.ErrorId == "RestoreItemDamaged");
        Assert.Equal("DrillFailed", errors[^1].ErrorId);
        Assert.NotEmpty(test.Differences);
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));
        // The whole copies are there, and a restore, which may use any tier, would have them.
        Assert.Equal(RecoveryVerdict.Passed, (await reserve.DrillAsync(RecoveryTestType.File)).Verdict);
    }

    [Fact]
    public async Task A_file_of_the_reserve_that_changed_behind_its_length_and_time_is_found()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var path = Path.Combine(reserve.Test.ReserveRoot, "jars/j1/handbook.pdf");
        var content = File.ReadAllBytes(path);
        content[1000] ^= 1;
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, DrilledReserve.Handed);
        var test = await reserve.DrillAsync(RecoveryTestType.HoneyJar);
        Assert.Equal(RecoveryVerdict.Failed, test.Verdict);
        Assert.Contains("it is what the catalogue holds, and the reserve's own differs", Assert.Single(test.Differences).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slower_than_the_target_fails_and_longer_than_allowed_is_ended()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        await TurnedAsync(TimeSpan.FromMinutes(6), "SlowerThanTarget: it took 6");
        await TurnedAsync(TimeSpan.FromMinutes(31), "LongerThanAllowed: the test was ended after 30");
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));

        async Task TurnedAsync(TimeSpan by, string reason)
        {
            var turned = false;
            var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.File, Seed = 3 }, default);
            reserve.LocalFaults.Before = (verb, name) =>
            {
                if (verb == "read" && name.StartsWith("data/", StringComparison.Ordinal) && !Interlocked.Exchange(ref turned, true))
                {
                    reserve.Test.Clock.Advance(by);
                }
            };
            var test = await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, default), []);
            reserve.LocalFaults.Before = (_, _) => { };
            Assert.True(turned);
            Assert.Equal(RecoveryVerdict.Failed, test.Verdict);
            Assert.Contains(test.Reasons, r => r.StartsWith(reason, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Another_tier_than_the_strategy_s_is_no_evidence_and_counts_for_nothing()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var errors = new List<StingException>();
        var test = await reserve.DrillAsync(new RecoveryTestRequest { Type = RecoveryTestType.User, Tier = Tier.Local }, errors);
        Assert.Equal((RecoveryVerdict.NoEvidence, false, Tier.Local, Tier.Remote), (test.Verdict, test.Passed, test.Tier, test.NamedTier));
        Assert.StartsWith("OtherTier: it was restored from the Local tier, and the strategy names the Remote tier", Assert.Single(test.Reasons), StringComparison.Ordinal);
        Assert.Equal("DrillNoEvidence", Assert.Single(errors).ErrorId);
        var summary = await reserve.SummaryAsync();
        Assert.Equal((0L, null), (summary.Tests, summary.Calendar[1].LastTime));
    }

    [Fact]
    public async Task A_tier_that_fails_is_a_failed_test_with_its_error_and_a_missing_one_is_refused()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.User }, default);
        reserve.RemoteFaults.Before = (verb, name) =>
        {
            if (name.StartsWith("data/", StringComparison.Ordinal))
            {
                throw new StingException("StoreUnavailable", FailureKind.Io, "The bucket of user 7 does not answer.", name, "Wait.");
            }
        };
        var test = await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, default), []);
        Assert.Equal(RecoveryVerdict.Failed, test.Verdict);
        Assert.Contains("StoreUnavailable: the test could not go on", test.Reasons);
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));

        await using var alone = new TestInstallation();
        alone.Write("users/1/a.txt", "a"u8);
        await alone.BackupAsync();
        Assert.Equal("DrillTierMissing", (await Assert.ThrowsAsync<StingException>(async () => await DrillJob.PlanAsync(alone.Installation, new RecoveryTestRequest { Type = RecoveryTestType.Full }, default))).ErrorId);
        Assert.Equal("DrillNothingToTest", (await Assert.ThrowsAsync<StingException>(async () => await DrillJob.PlanAsync(alone.Installation, new RecoveryTestRequest { Type = RecoveryTestType.HoneyJar }, default))).ErrorId);
    }

    [Fact]
    public async Task What_a_killed_test_left_goes_with_the_next_and_nothing_else_does()
    {
        await using var reserve = await DrilledReserve.MakeAsync(withFurtherTiers: false);
        var (left, others) = (Path.Combine(reserve.Drills, "user-00000000000000ff"), Path.Combine(reserve.Drills, "somebody-s"));
        foreach (var folder in (string[])[left, others])
        {
            Directory.CreateDirectory(Path.Combine(folder, "users/1"));
            File.WriteAllText(Path.Combine(folder, "users/1/diary.txt"), "private");
        }
        // A killed process lets its lock go, and the file of it stays.
        File.WriteAllText(left + ".lock", "");
        Assert.True((await reserve.DrillAsync(RecoveryTestType.File)).Passed);
        Assert.False(Directory.Exists(left));
        Assert.Equal([others], Directory.EnumerateFileSystemEntries(reserve.Drills));
    }

    [Fact]
    public async Task Cancelled_it_leaves_nothing()
    {
        await using var reserve = await DrilledReserve.MakeAsync(withFurtherTiers: false);
        using var stop = new CancellationTokenSource();
        var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.File }, default);
        reserve.LocalFaults.Before = (verb, name) =>
        {
            if (verb == "read" && name.StartsWith("data/", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, stop.Token), []));
        Assert.Empty(Directory.EnumerateFileSystemEntries(reserve.Drills));
        Assert.Empty(await reserve.EvidenceAsync());
    }

    [Fact]
    public async Task Evidence_is_signed_names_nobody_and_is_missed_when_it_is_gone()
    {
        await using var reserve = await DrilledReserve.MakeAsync();
        var test = await reserve.DrillAsync(RecoveryTestType.File);
        var kept = Assert.Single(await reserve.EvidenceAsync(new RecoveryTestQuery { WithAuditLog = true }));
        Assert.Equal((test.Id, test.Verdict, test.Length, test.ReachedTime, true), (kept.Id, kept.Verdict, kept.Length, kept.ReachedTime, kept.IsInAuditLog));
        Assert.Equal(test.Choices.Select(c => (c.Items, c.Length)), kept.Choices.Select(c => (c.Items, c.Length)));
        Assert.Equal(test.Checks, kept.Checks);
        var bytes = reserve.Local.Objects[kept.Object];
        var text = Encoding.Latin1.GetString(bytes.Span);
        Assert.DoesNotContain("user#", text, StringComparison.Ordinal);
        Assert.DoesNotContain("users/", text, StringComparison.Ordinal);
        Assert.DoesNotContain("notes", text, StringComparison.Ordinal);
        Assert.Empty((await VerifyAsync()).Faults);
        // It lies on further tiers too.
        await TestInstallation.CompleteAsync<TierSyncResult>(Engine.Tiering.TierSyncJob.RunAsync(reserve.Test.Open(), Tier.Remote, default));
        Assert.Equal(bytes.ToArray(), reserve.Remote.Objects[kept.Object].ToArray());

        var wrong = bytes.ToArray();
        wrong[^100] ^= 1;
        await reserve.Local.DeleteAsync(kept.Object, default);
        await reserve.Local.PutAsync(kept.Object, wrong, default);
        var damaged = new List<StingException>();
        Assert.Empty(await reserve.EvidenceAsync(damaged: damaged));
        Assert.Equal("ObjectDamaged", Assert.Single(damaged).ErrorId);
        Assert.Equal(kept.Object, Assert.Single((await VerifyAsync()).Faults).Object);

        await reserve.Local.DeleteAsync(kept.Object, default);
        damaged.Clear();
        Assert.Empty(await reserve.EvidenceAsync(new RecoveryTestQuery { WithAuditLog = true }, damaged));
        Assert.Equal("DrillEvidenceMissing", Assert.Single(damaged).ErrorId);
        Assert.Contains("its evidence is missing", Assert.Single((await VerifyAsync()).Faults).Problem, StringComparison.Ordinal);

        Task<IntegrityResult> VerifyAsync() => TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(reserve.Test.Open(), new VerifyRequest { Level = IntegrityLevel.Structure }, default), [], []);
    }
}
