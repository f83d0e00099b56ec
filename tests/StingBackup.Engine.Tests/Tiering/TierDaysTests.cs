using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>A tier lets content go by its days, and only what the next one has; readers find it there, backups do not build on it.</summary>
public sealed class TierDaysTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A file that is gone from the second run on, ten days later.</summary>
    private static async Task<(TierReserve Reserve, string First, SortedDictionary<string, string> Then)> TenDaysAsync(bool synced = true)
    {
        var reserve = new TierReserve(Start);
        reserve.Write("users/1/old.bin", 300_000);
        reserve.Write("users/1/kept.bin", 200_000);
        var then = reserve.Image();
        var first = (await reserve.BackupAsync()).BackupId!;
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/kept.bin", 200_001);
        reserve.Test.Clock.Advance(TimeSpan.FromDays(10));
        await reserve.BackupAsync();
        if (synced)
        {
            await reserve.SyncAsync();
        }
        return (reserve, first, then);
    }

    [Fact]
    public async Task Content_goes_from_the_local_tier_when_the_remote_has_it_and_comes_back_from_there()
    {
        var (reserve, first, then) = await TenDaysAsync();
        await using var _ = reserve;
        var before = reserve.LocalMemory.Objects;
        var plan = await RetentionJob.PlanAsync(reserve.Open(), null, default);
        var local = Assert.Single(plan.Tiers);
        Assert.Equal((Tier.Local, Tier.Remote, 7, 1L, 0L, ""), (local.Tier, local.Next, local.Days, local.Going.Packs, local.Unconfirmed.Packs, local.Problem));
        Assert.Equal(before.Keys, reserve.LocalMemory.Objects.Keys);
        var done = Assert.Single((await reserve.RetainAsync()).Tiers);
        Assert.Equal(local.Going, done.Going);
        var gone = Assert.Single(before.Keys.Except(reserve.LocalMemory.Objects.Keys));
        Assert.StartsWith("data/", gone, StringComparison.Ordinal);

        // The newest state is whole here: no other tier is opened for it.
        reserve.Away = TierReserve.Gone;
        var opened = reserve.Openings;
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
        Assert.Equal(opened, reserve.Openings);
        var errors = new List<StingException>();
        await reserve.RestoreAsync(first, errors: errors);
        Assert.Contains(errors, e => e.InnerException is StingException { ErrorId: "PackOutOfReach" } && e.Message.Contains("Remote", StringComparison.Ordinal));
        reserve.Away = null;
        Assert.Equal(then, await reserve.RestoreAsync(first));
        Assert.Equal(0, (await reserve.RetainAsync()).Tiers[0].Going.Packs);
        foreach (var level in (IntegrityLevel[])[IntegrityLevel.Structure, IntegrityLevel.Packs, IntegrityLevel.Data])
        {
            var verified = await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = level });
            Assert.Empty(verified.Faults);
            Assert.Equal(1, verified.PacksLetGo);
        }
        Assert.NotEqual(Health.Bad, (await StatusReader.ReadAsync(reserve.Open(), default)).Health);
    }

    /// <summary>The model checker's seed 5000062.</summary>
    [Theory]
    [InlineData(IntegrityLevel.Structure)]
    [InlineData(IntegrityLevel.Packs)]
    [InlineData(IntegrityLevel.Data)]
    public async Task A_pack_that_goes_while_it_is_verified_is_no_fault_unless_no_tier_has_it(IntegrityLevel level)
    {
        foreach (var isLost in (bool[])[false, true])
        {
            var (reserve, _, _) = await TenDaysAsync();
            await using var disposed = reserve;
            var before = reserve.LocalMemory.Objects.Keys.ToHashSet();
            reserve.Local.Before = (verb, name) =>
            {
                if (verb == "read" && name.StartsWith("index/", StringComparison.Ordinal))
                {
                    reserve.Local.Before = (_, _) => { };
                    reserve.RetainAsync().GetAwaiter().GetResult();
                    foreach (var gone in isLost ? before.Except(reserve.LocalMemory.Objects.Keys).ToList() : [])
                    {
                        reserve.RemoteMemory.DeleteAsync(gone, default).AsTask().GetAwaiter().GetResult();
                    }
                }
            };
            var found = await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = level });
            var went = Assert.Single(before.Except(reserve.LocalMemory.Objects.Keys));
            Assert.Equal(isLost ? [went] : [], found.Faults.Select(f => f.Object));
        }
    }

    [Fact]
    public async Task What_the_remote_tier_has_not_confirmed_stays()
    {
        var (reserve, _, _) = await TenDaysAsync(synced: false);
        await using var _1 = reserve;
        var before = reserve.LocalMemory.Objects.Keys.ToList();
        var waits = Assert.Single((await reserve.RetainAsync()).Tiers);
        Assert.Equal((0L, 1L), (waits.Going.Packs, waits.Unconfirmed.Packs));
        Assert.Equal(before.Where(n => n.StartsWith("data/", StringComparison.Ordinal)), reserve.LocalMemory.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)));

        // A listing that shows what is not there any more.
        await reserve.SyncAsync();
        var lies = new LyingStore(reserve.RemoteMemory);
        reserve.Remote = new Backup.FaultyStore(lies);
        foreach (var name in reserve.RemoteMemory.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)).ToList())
        {
            lies.Ghosts[name] = reserve.RemoteMemory.Objects[name].Length;
            await reserve.RemoteMemory.DeleteAsync(name, default);
        }
        Assert.Equal(0, Assert.Single((await reserve.RetainAsync()).Tiers).Going.Packs);

        reserve.Away = TierReserve.Gone;
        var warnings = new List<string>();
        var away = Assert.Single((await reserve.RetainAsync(warnings)).Tiers);
        Assert.Contains("does not answer", away.Problem, StringComparison.Ordinal);
        Assert.Single(warnings);
        Assert.Equal(before.Where(n => n.StartsWith("data/", StringComparison.Ordinal)), reserve.LocalMemory.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_backup_does_not_build_on_what_is_not_here()
    {
        var (reserve, _, _) = await TenDaysAsync();
        await using var _1 = reserve;
        var old = System.Security.Cryptography.RandomNumberGenerator.GetBytes(250_000);
        reserve.Test.Write("users/1/comes-back.bin", old);
        await reserve.BackupAsync();
        reserve.Delete("users/1/comes-back.bin");
        reserve.Test.Clock.Advance(TimeSpan.FromDays(9));
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        Assert.True((await reserve.RetainAsync()).Tiers[0].Going.Packs > 0);
        reserve.Test.Write("users/1/comes-back.bin", old);
        Assert.InRange((await reserve.BackupAsync()).BytesNew, 250_000, 300_000);
        reserve.Away = TierReserve.Gone;
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
        reserve.Away = null;
        // Also a full run, which calls nothing missing that only lies elsewhere.
        Assert.Equal(JobState.Completed, (await reserve.BackupAsync(BackupType.Full)).State);
    }

    [Fact]
    public async Task The_newest_state_stays_however_old_it_is()
    {
        var (reserve, _, _) = await TenDaysAsync();
        await using var _1 = reserve;
        reserve.Test.Clock.Advance(TimeSpan.FromDays(200));
        await reserve.RetainAsync();
        reserve.Away = TierReserve.Gone;
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
    }

    [Fact]
    public async Task A_repair_keeps_what_the_index_says_of_packs_elsewhere()
    {
        var (reserve, first, then) = await TenDaysAsync();
        await using var _ = reserve;
        await reserve.RetainAsync();
        var index = reserve.LocalMemory.Objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)).ToList();
        var plan = await RepairJob.PlanAsync(reserve.Open(), useKeys: true, default);
        Assert.Empty(plan.Faults);
        Assert.Empty((await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(reserve.Open(), plan, default))).Faults);
        Assert.Equal(index, reserve.LocalMemory.Objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)));
        Assert.Equal(then, await reserve.RestoreAsync(first));
    }

    [Fact]
    public async Task A_pack_that_no_tier_has_is_a_fault()
    {
        var (reserve, _, _) = await TenDaysAsync();
        await using var _1 = reserve;
        await reserve.RetainAsync();
        foreach (var name in reserve.RemoteMemory.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)).ToList())
        {
            await reserve.RemoteMemory.DeleteAsync(name, default);
        }
        var fault = Assert.Single((await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
        Assert.Equal("it is missing", fault.Problem);
        Assert.Equal(2, fault.FileCount);
    }

    [Fact]
    public async Task A_full_local_tier_makes_room_and_says_when_it_cannot()
    {
        var (reserve, first, then) = await TenDaysAsync(synced: false);
        await using var _ = reserve;
        var used = reserve.LocalMemory.Objects.Values.Sum(o => (long)o.Length);
        // The cap is 10 % of a disk of which the repository takes 90 % of the cap.
        reserve.HostView = new SmallDisk(used * 100 / 90 * 10);
        reserve.MaxPercent = 10;
        var warnings = new List<string>();
        await reserve.BackupAsync(warnings: warnings);
        Assert.Contains("wait until the next tier has them", Assert.Single(warnings), StringComparison.Ordinal);
        reserve.Write("users/1/too-much.bin", (int)(used * 30 / 100));
        warnings.Clear();
        var error = await Assert.ThrowsAsync<StingException>(() => reserve.BackupAsync(warnings: warnings));
        Assert.Equal("LocalTierFull", error.ErrorId);
        Assert.Empty((await RepositoryView.LoadAsync(reserve.Local, reserve.Test.Keys.Reserve, reserve.Test.Keys.Writers, default)).Damage);
        // With the remote tier up to date, what is old goes, and the same run has room.
        await reserve.SyncAsync();
        warnings.Clear();
        await reserve.BackupAsync(warnings: warnings);
        Assert.Empty(warnings);
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
        Assert.Equal(then, await reserve.RestoreAsync(first));
        var verified = await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = IntegrityLevel.Data });
        Assert.Empty(verified.Faults);
        Assert.True(verified.PacksLetGo > 0);
    }

    /// <summary>What goes for want of room goes before its days are over, and is no fault.</summary>
    [Fact]
    public async Task What_the_cap_let_go_early_is_not_missed()
    {
        var (reserve, first, then) = await TenDaysAsync(synced: false);
        await using var _ = reserve;
        reserve.LocalDays = 30;
        await reserve.SyncAsync();
        var used = reserve.LocalMemory.Objects.Values.Sum(o => (long)o.Length);
        reserve.HostView = new SmallDisk(used * 100 / 90 * 10);
        reserve.MaxPercent = 10;
        await reserve.BackupAsync();
        var verified = await Verify.RunAsync(reserve.Open(), new VerifyRequest { Level = IntegrityLevel.Structure });
        Assert.Empty(verified.Faults);
        Assert.True(verified.PacksLetGo > 0);
        Assert.Equal(then, await reserve.RestoreAsync(first));
    }

    private sealed class SmallDisk(long total) : IHostView
    {
        private readonly HostView _host = new();
        public bool IsWindows => _host.IsWindows;
        public string HomeDirectory => _host.HomeDirectory;
        public string CurrentDirectory => _host.CurrentDirectory;
        public string? GetVariable(string name) => _host.GetVariable(name);
        public bool FileExists(string path) => _host.FileExists(path);
        public bool DirectoryExists(string path) => _host.DirectoryExists(path);
        public bool CanRead(string path) => _host.CanRead(path);
        public bool CanWrite(string path) => _host.CanWrite(path);
        public byte[] ReadFile(string path) => _host.ReadFile(path);
        public string RealPath(string path) => _host.RealPath(path);
        public UnixFileMode? ModeOf(string path) => _host.ModeOf(path);
        public (long Free, long Total)? RoomOf(string path) => (total, total);
        public IReadOnlyList<string> DirectoriesIn(string path) => _host.DirectoriesIn(path);
    }
}
