using StingBackup.Engine.Backup;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Tests.Keys;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What the key role alone does: where it has no keys, and what its folders hold.</summary>
public sealed class KeyRoleVerbsTests
{
    [Fact]
    public async Task Where_the_key_directory_is_not_each_says_where_it_is_to_be_run()
    {
        await using var test = new TestInstallation();
        var installation = test.Installation;
        Func<Task>[] verbs =
        [
            () => Task.FromResult(ErasureJob.List(installation)), () => Task.FromResult(ErasureJob.Find(installation, "x")), () => Task.FromResult(ErasureJob.PlanRun(installation)), () => Task.FromResult(LegalHolds.List(installation, true)),
            () => KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(KeyRotationKind.Epoch), default).AsTask(),
            () => LegalHolds.AddAsync(installation, new LegalHoldPlan("user:ada", "lawsuit 7"), "counsel", default).AsTask(),
        ];
        foreach (var verb in verbs)
        {
            Assert.Equal("KeyDirectoryMissing", (await Assert.ThrowsAsync<StingException>(verb)).ErrorId);
        }
        HostTraces.Purge(new Installation
        {
            Reserve = installation.Reserve, ReserveRoot = installation.ReserveRoot, Map = installation.Map, Store = installation.Store, Host = null, Writers = installation.Writers, UnlockAsync = installation.UnlockAsync,
            StateFolder = Path.Combine(test.Root, "none"), CacheFolder = installation.CacheFolder, Threads = 1, ZstdLevel = 1, Zone = installation.Zone, Clock = installation.Clock,
        }, [], new HashSet<string>());
        Assert.False(Directory.Exists(Path.Combine(test.Root, "none")));   // who backs nothing up remembers nothing, and takes no host's lock
        Assert.Equal("ErasureFeedMissing", (await Assert.ThrowsAsync<StingException>(() => ErasureFeed.ReadAsync(installation, default).AsTask())).ErrorId);
        Assert.Equal("ErasureSyncNoServer", (await Assert.ThrowsAsync<StingException>(() => ErasureSync.PlanAsync(installation, default).AsTask())).ErrorId);
    }

    [Fact]
    public async Task A_record_under_another_name_is_damage_and_what_is_half_written_is_passed_over()
    {
        using var keys = new KeyFixture();
        using var made = await keys.CreateAsync();
        using var reader = KeyFixture.Unlock(made);
        var folder = keys.InKeys("holds");
        var holds = new SignedFolder(keys.Files, folder, KeyFileKind.LegalHold);
        IReadOnlyList<HoldRecord> Read() => holds.ReadAll(made.KeyRoleKeys, HoldRecord.Read, record => record.Id);
        Assert.Empty(Read());
        var hold = new HoldRecord { Reserve = made.ReserveId, Id = made.WriterId, Subject = "user:ada", Tag = made.ReserveId, Reason = "lawsuit 7", SetBy = "counsel", SetNs = 1 };
        holds.Write(hold.Id, hold.ToPayload(), reader.Role.Keys.KeyRole);
        await File.WriteAllTextAsync(Path.Combine(folder, ".half.tmp"), "");
        Assert.Equal(hold, Assert.Single(Read()));
        Assert.Equal((true, null), (hold.IsActive, hold.ToHold().LiftedTime));
        Assert.NotNull((hold with { LiftedBy = "counsel", LiftedNs = 5 }).ToHold().LiftedTime);
        File.Move(holds.PathOf(hold.Id), holds.PathOf(hold.Tag));
        Assert.Contains("belongs to another name", Assert.Throws<StingException>(Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_host_remembers_of_the_erased_goes_also_where_its_cache_cannot_be_read()
    {
        await using var test = new TestInstallation();
        for (var i = 0; i < 20; i++)
        {
            test.Write($"users/{i % 2}/f{i}.txt", "content"u8);
        }
        await test.BackupAsync();
        var cache = test.Installation.CachePath(DataClass.UserFiles);
        await File.WriteAllTextAsync(cache + ".early", "left by a run that died");
        var mark = ScanWitness.PathOf(test.Installation, DataClass.UserFiles);
        await File.WriteAllTextAsync(mark, "where the journal of changes stood, by folders");
        var before = await File.ReadAllBytesAsync(cache);
        HostTraces.Purge(test.Installation, [], new HashSet<string> { "user:nobody" });
        Assert.Equal(before, await File.ReadAllBytesAsync(cache));
        Assert.False(File.Exists(cache + ".early") || File.Exists(mark));
        before[^1] ^= 1;
        await File.WriteAllBytesAsync(cache, before);
        HostTraces.Purge(test.Installation, [], new HashSet<string> { "user:nobody" });
        Assert.False(File.Exists(cache));   // what cannot be read cannot be searched
        await File.WriteAllTextAsync(cache + "-of-another", "stays");
        HostTraces.Purge(test.Installation, [], new HashSet<string> { "user:nobody" });   // none is there any more
        Assert.True(File.Exists(cache + "-of-another"));
        File.Delete(cache + "-of-another");
        Assert.Equal(20, (await test.BackupAsync()).ItemsRead);
    }
}
