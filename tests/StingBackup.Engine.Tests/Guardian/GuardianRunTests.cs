using StingBackup.Engine.Guardian;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Clean;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Guardian;

/// <summary>Runs over real files that meet what encryptors leave, and what follows of it.</summary>
public sealed class GuardianRunTests : IAsyncLifetime
{
    private GuardianFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await GuardianFixture.BeginAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    private TestInstallation Test => _fixture.Test;

    [Theory]
    [InlineData(BackupType.Incremental)]
    [InlineData(BackupType.Full)]
    public async Task Whoever_s_files_are_enciphered_is_named_and_nobody_else(BackupType type)
    {
        _fixture.Put($"{GuardianFixture.Bob}/new.txt", "hello"u8.ToArray());
        Assert.Empty((await Test.BackupAsync(type)).Suspicious);
        _fixture.Encrypt(GuardianFixture.Ann);
        _fixture.Put($"{GuardianFixture.Bob}/new.txt", "hello again"u8.ToArray());
        var found = Assert.Single((await Test.BackupAsync(type)).Suspicious);
        Assert.Contains("3b241101", found.Subject, StringComparison.Ordinal);
        Assert.True(found is { IsSuspicious: true, Score: >= 60, FilesBefore: 41, Scrambled: 41, Changed: 41 }, found.ToString() + string.Join("; ", found.Evidence));
        Assert.True(found.Reasons.HasFlag(AnomalyReasons.Scrambled));
        Assert.Contains("41 of 41 files that could be read became what a cipher makes", found.Evidence[0], StringComparison.Ordinal);
        var mark = Assert.Single((await _fixture.NewestPointAsync()).Anomalies);
        Assert.Equal((found.Score, found.Reasons), (mark.Score, mark.Reasons));
        Assert.Equal((await _fixture.NewestPointAsync()).TimeNs, mark.SinceNs);
    }

    [Fact]
    public async Task A_full_run_after_an_incremental_one_takes_what_did_not_change_for_unchanged()
    {
        _fixture.Put($"{GuardianFixture.Bob}/new.txt", "hello"u8.ToArray());
        Assert.Empty((await Test.BackupAsync(BackupType.Full)).Suspicious);
        var seen = await AnomalyReader.ReadAsync(Test.Installation, null, null, everything: true, default);
        var bob = Assert.Single(seen, a => a.Subject != AnomalyReader.Whole);
        Assert.Equal((0, 1L, 0L, 0L), (bob.Score, bob.Added!.Value, bob.Changed!.Value, bob.Deleted!.Value));
    }

    [Fact]
    public async Task What_moved_or_went_is_told_from_what_was_destroyed()
    {
        foreach (var (path, content) in _fixture.Files.Where(f => f.Key.StartsWith($"{GuardianFixture.Bob}/folder1", StringComparison.Ordinal)).ToList())
        {
            _fixture.Delete(path);
            _fixture.Put(path.Replace("folder1", "elsewhere", StringComparison.Ordinal), content);
        }
        Assert.Empty((await Test.BackupAsync()).Suspicious);
        Assert.Equal(13, (await AnomalyReader.ReadAsync(Test.Installation, null, null, everything: true, default)).First(a => a.Subject != AnomalyReader.Whole).Moved);
        foreach (var path in _fixture.Files.Keys.Where(p => p.StartsWith(GuardianFixture.Bob, StringComparison.Ordinal)).Skip(3).ToList())
        {
            _fixture.Delete(path);
        }
        var found = Assert.Single((await Test.BackupAsync()).Suspicious);
        Assert.Equal((AnomalyReasons.MassDeletion, 37L), (found.Reasons, found.Deleted!.Value));
    }

    [Fact]
    public async Task A_file_that_nobody_should_touch_is_enough()
    {
        var path = $"{GuardianFixture.Ann}/folder0/file00.txt";
        await using var watched = new TestInstallation { Guarding = AnomalyOptions.Default with { Honeypots = [path] } };
        watched.Write(path, "account numbers"u8);
        watched.Write($"{GuardianFixture.Ann}/other.txt", "x"u8);
        await watched.BackupAsync();
        watched.Write($"{GuardianFixture.Ann}/other.txt", "changed"u8);
        Assert.Empty((await watched.BackupAsync()).Suspicious);
        File.Delete(Path.Combine(watched.ReserveRoot, path));
        Assert.Equal((AnomalyReasons.Honeypot, 100), Assert.Single((await watched.BackupAsync()).Suspicious) is var found ? (found.Reasons, found.Score) : default);
    }

    [Fact]
    public async Task A_slow_one_is_caught_by_its_sum_and_the_clean_point_is_from_before_its_first_file()
    {
        var clean = (await Test.BackupAsync()).BackupId;
        for (var run = 1; ; run++)
        {
            Assert.True(run <= 10, "It was not caught.");
            Test.Clock.Advance(TimeSpan.FromHours(1));
            _fixture.Encrypt(GuardianFixture.Ann, run);
            if ((await Test.BackupAsync()).Suspicious.Count > 0)
            {
                break;
            }
        }
        var point = Assert.Single(await FindAsync(GuardianFixture.Ann["users/".Length..]));
        Assert.Equal((clean, true), (point.BackupId, point.IsSuspect));
        Assert.StartsWith($"{clean} is the newest from before", point.Evidence[0], StringComparison.Ordinal);
        Assert.Contains(point.Evidence, e => e.EndsWith("raised an alarm.", StringComparison.Ordinal));
        Assert.Contains(point.Evidence, e => e.Contains("cipher", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_older_expires_and_the_alert_stands_until_somebody_settles_it()
    {
        _fixture.Encrypt(GuardianFixture.Ann);
        await Test.BackupAsync();
        Assert.Equal(1, (await MetricsReader.ReadAsync(Test.Installation, default)).Anomaly!.Subjects);
        var alert = Assert.Single(AlertRules.Of(await MetricsReader.ReadAsync(Test.Installation, default)), a => a.Rule == "Ransomware");
        Assert.Equal(AlertSeverity.Page, alert.Severity);
        Assert.DoesNotContain("3b241101", alert.Summary, StringComparison.Ordinal);
        var later = Test.Clock.GetUtcNow().AddDays(400);
        Assert.All((await RetentionJob.PlanAsync(Test.Installation, later, default)).Entries.Where(e => e.DataClass == DataClass.UserFiles), e => Assert.False(e.Goes));
        var plan = await AnomalySettlementJob.PlanAsync(Test.Installation, GuardianFixture.Ann["users/".Length..], "repaired", default);
        await AnomalySettlementJob.RunAsync(Test.Installation, plan, default);
        Assert.Equal(0, (await MetricsReader.ReadAsync(Test.Installation, default)).Anomaly!.Subjects);
        Assert.Contains((await RetentionJob.PlanAsync(Test.Installation, later, default)).Entries, e => e is { Goes: true, DataClass: DataClass.UserFiles });
        // With the next point all hosts know, and this one needs no note any more.
        await Test.BackupAsync();
        var mark = Assert.Single((await _fixture.NewestPointAsync()).Anomalies);
        Assert.Equal((0, AnomalyReasons.None), (mark.Score, mark.Reasons));
        Assert.Empty(Settlements.Read(Test.Installation).All);
        Assert.Equal(0, (await MetricsReader.ReadAsync(Test.Installation, default)).Anomaly!.Subjects);
        Assert.False(Assert.Single(await FindAsync(GuardianFixture.Ann["users/".Length..])).IsSuspect);
        Assert.Equal("AnomalyNotFound", (await Assert.ThrowsAsync<StingException>(async () => await AnomalySettlementJob.PlanAsync(Test.Installation, "all", "", default))).ErrorId);
    }

    [Fact]
    public async Task A_hold_ends_by_itself()
    {
        _fixture.Encrypt(GuardianFixture.Ann);
        await Test.BackupAsync();
        Test.Clock.Advance(TimeSpan.FromDays(29));
        Assert.All((await RetentionJob.PlanAsync(Test.Installation, Test.Clock.GetUtcNow().AddDays(400), default)).Entries.Where(e => e.DataClass == DataClass.UserFiles), e => Assert.False(e.Goes));
        Test.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Contains((await RetentionJob.PlanAsync(Test.Installation, Test.Clock.GetUtcNow().AddDays(400), default)).Entries, e => e is { Goes: true, DataClass: DataClass.UserFiles });
    }

    [Fact]
    public async Task A_restore_takes_each_subject_from_its_own_clean_point_and_lists_what_it_leaves_out()
    {
        var before = _fixture.Files.Where(f => f.Key.StartsWith(GuardianFixture.Ann, StringComparison.Ordinal)).ToDictionary();
        _fixture.Encrypt(GuardianFixture.Ann);
        _fixture.Put($"{GuardianFixture.Ann}/PAY.txt", "pay"u8.ToArray());
        _fixture.Put($"{GuardianFixture.Bob}/late.txt", "written after the attack"u8.ToArray());
        await Test.BackupAsync();
        var target = Path.Combine(Test.Root, "restored");
        var plan = await RestoreJob.PlanAsync(Test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = target, CleanPoint = true }, default);
        Assert.Equal(42, plan.QuarantinedCount);
        var result = await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(Test.Installation, plan, default));
        Assert.Equal((0L, 42L), (result.Errors, result.QuarantinedCount));
        Assert.Contains(result.Quarantined, q => q.Path == $"{GuardianFixture.Ann}/PAY.txt" && q.Change == DifferenceKind.Added);
        Assert.Equal(41, result.Quarantined.Count(q => q.Change == DifferenceKind.Modified && q.Path.StartsWith(GuardianFixture.Ann, StringComparison.Ordinal)));
        Assert.Equal(2, result.BackupIds.Count);
        Assert.All(before, f => Assert.Equal(f.Value, File.ReadAllBytes(Path.Combine(target, f.Key))));
        Assert.False(File.Exists(Path.Combine(target, $"{GuardianFixture.Ann}/PAY.txt")));
        Assert.Equal("written after the attack", File.ReadAllText(Path.Combine(target, $"{GuardianFixture.Bob}/late.txt")));
        Assert.Equal("RestoreRequestInvalid", (await Assert.ThrowsAsync<StingException>(async () =>
            await RestoreJob.PlanAsync(Test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, BackupId = "latest", CleanPoint = true }, default))).ErrorId);
    }

    [Fact]
    public async Task After_an_attack_on_all_nothing_that_its_run_changed_is_trusted()
    {
        const string Jar = "jars/6f1c3c1e-9f0a-4d7e-8a55-0d0a4f3b2c11/note.md", Still = "jars/aaaac1e-9f0a-4d7e-8a55-0d0a4f3b2c12/still.md", Third = "users/11111111-e2bb-4255-8caf-4136c566a962";
        foreach (var path in (string[])[Jar, Still])
        {
            _fixture.Put(path, "# a jar of one small file, of which no model can tell"u8.ToArray());
        }
        for (var i = 0; i < 40; i++)
        {
            _fixture.Put($"{Third}/text{i}.txt", Simulation.SimulatedContent.Make(Simulation.Format.Text, 2000 + i, new Random(i)));
        }
        await Test.BackupAsync();
        var before = _fixture.Files.ToDictionary();
        foreach (var user in (string[])[GuardianFixture.Ann, GuardianFixture.Bob, Third])
        {
            _fixture.Encrypt(user);
        }
        _fixture.Put(Jar, _fixture.Cipher(60));
        var run = await Test.BackupAsync();
        Assert.InRange(run.Suspicious.Count, 3, 4);
        var target = Path.Combine(Test.Root, "restored");
        var plan = await RestoreJob.PlanAsync(Test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = target, CleanPoint = true }, default);
        var result = await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(Test.Installation, plan, default));
        Assert.Contains(result.Quarantined, q => q.Path == Jar);
        Assert.DoesNotContain(result.Quarantined, q => q.Path == Still);
        Assert.All(before, f => Assert.Equal(f.Value, File.ReadAllBytes(Path.Combine(target, f.Key))));
    }

    [Fact]
    public async Task After_an_attack_on_all_whoever_was_hit_before_sets_nobody_else_back()
    {
        const string Still = "jars/aaaac1e-9f0a-4d7e-8a55-0d0a4f3b2c12/still.md", Third = "users/11111111-e2bb-4255-8caf-4136c566a962";
        _fixture.Put(Still, "# before"u8.ToArray());
        for (var i = 0; i < 40; i++)
        {
            _fixture.Put($"{Third}/text{i}.txt", Simulation.SimulatedContent.Make(Simulation.Format.Text, 2000 + i, new Random(i)));
        }
        await Test.BackupAsync();
        _fixture.Encrypt(GuardianFixture.Ann);
        Assert.Single((await Test.BackupAsync()).Suspicious);
        _fixture.Put(Still, "# changed by its people"u8.ToArray());
        await Test.BackupAsync();
        foreach (var user in (string[])[GuardianFixture.Ann, GuardianFixture.Bob, Third])
        {
            _fixture.Encrypt(user);
        }
        Assert.InRange((await Test.BackupAsync()).Suspicious.Count, 3, 4);
        var target = Path.Combine(Test.Root, "restored");
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(Test.Installation, await RestoreJob.PlanAsync(Test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = target, CleanPoint = true }, default), default));
        Assert.Equal("# changed by its people", File.ReadAllText(Path.Combine(target, Still)));
        Assert.False(File.Exists(Path.Combine(target, $"{GuardianFixture.Ann}/PAY.txt")));
    }

    [Fact]
    public async Task Whoever_lost_everything_comes_back_too()
    {
        Directory.Delete(Path.Combine(Test.ReserveRoot, GuardianFixture.Ann), recursive: true);
        Assert.Single((await Test.BackupAsync()).Suspicious);
        var point = Assert.Single(await FindAsync(GuardianFixture.Ann["users/".Length..]));
        Assert.True(point is { IsSuspect: true, NewestBackupId: null, BackupId: not null });
        var target = Path.Combine(Test.Root, "restored");
        var plan = await RestoreJob.PlanAsync(Test.Installation, new RestoreRequest { Scope = RestoreScope.User, Subject = GuardianFixture.Ann["users/".Length..], Destination = target, CleanPoint = true }, default);
        Assert.Equal(41, plan.Files);
    }

    [Fact]
    public async Task An_erasure_takes_the_subject_out_of_what_the_host_remembers()
    {
        _fixture.Encrypt(GuardianFixture.Ann, 2);
        await Test.BackupAsync();
        var name = $"user:{GuardianFixture.Ann["users/".Length..]}";
        var tag = Test.Installation.Subjects.TagOf(name);
        Assert.Contains(GuardMemory.Open(Test.Installation, null).Subjects, m => m.Tag == tag);
        HostTraces.Purge(Test.Installation, [tag], new HashSet<string> { name });
        Assert.DoesNotContain(GuardMemory.Open(Test.Installation, null).Subjects, m => m.Tag == tag);
        Assert.Contains(GuardMemory.Open(Test.Installation, null).Subjects, m => m.Tag.IsZero);
    }

    [Fact]
    public async Task A_memory_that_cannot_be_read_is_told_and_begun_anew()
    {
        _fixture.Put($"{GuardianFixture.Ann}/a.txt", "a"u8.ToArray());
        await Test.BackupAsync();
        var path = Directory.GetFiles(Path.Combine(Test.Root, "state", "guardian"), "*.memory").Single();
        File.WriteAllBytes(path, [.. File.ReadAllBytes(path).Reverse()]);
        _fixture.Put($"{GuardianFixture.Ann}/a.txt", "b"u8.ToArray());
        Assert.Equal(JobState.Completed, (await Test.BackupAsync()).State);
        Assert.NotEmpty(GuardMemory.Open(Test.Installation, null).Subjects);
    }

    private async Task<List<CleanRestorePoint>> FindAsync(string user)
    {
        var found = new List<CleanRestorePoint>();
        await foreach (var point in CleanPointSearch.FindAsync(Test.Installation, RestoreScope.User, user, null, default))
        {
            found.Add(point);
        }
        return found;
    }
}
