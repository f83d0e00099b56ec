using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>What one tier has damaged or lost comes from another: every kind of object, in both directions; what is damaged on both is named, and nothing is replaced.</summary>
public sealed class TierHealingTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    private int _states;

    public static TheoryData<string> Kinds => ["format/", "writers/", "approvers/", "subjects/", "points/", "index/", "meta/", "data/", "audit/"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_local_tier_is_healed_from_the_remote_one(string prefix)
    {
        foreach (var name in sample.Objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var missing in (bool[])[false, true])
            {
                var objects = Hurt(name, missing);
                var local = new MemoryObjectStore(objects);
                await using var installation = await sample.OpenAsync(local, NewState(), new MemoryObjectStore(Remote()));
                var warnings = new List<string>();
                var plan = await RepairJob.PlanAsync(installation, useKeys: true, default);
                var result = await RunAsync(RepairJob.RunAsync(installation, plan, default), warnings);
                Assert.Empty(result.Faults);
                // A missing data pack that only older points need would be one that was let go; here all points are young. A missing claim and fragment can be made anew besides.
                Assert.Equal([(name, Tier.Local, Tier.Remote)], result.Healed.Select(h => (h.Object, h.Tier, h.From)));
                Assert.Contains(warnings, w => w.StartsWith("ObjectHealed: '" + name, StringComparison.Ordinal));
                if (missing || prefix is not ("meta/" or "data/"))
                {
                    Assert.Contains(plan.Heals, h => h.Object == name && h.From == Tier.Remote);
                }
                Assert.Equal(sample.Objects[name].ToArray(), local.Objects[name].ToArray());
                // Nothing else, but the record of the repair.
                Assert.Empty(sample.Objects.Keys.Except(local.Objects.Keys));
                Assert.StartsWith("audit/", Assert.Single(local.Objects.Keys.Except(sample.Objects.Keys)), StringComparison.Ordinal);
                Assert.Contains((await StatusReader.ReadAsync(installation, default)).Warnings, w => w.Contains("1 objects were damaged or missing", StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_further_tier_is_healed_from_the_local_one(string prefix)
    {
        foreach (var name in sample.Objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var missing in (bool[])[false, true])
            {
                var remote = new MemoryObjectStore(Hurt(name, missing).Where(o => IsCopied(o.Key)));
                await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState(), remote);
                var plan = await RepairJob.PlanAsync(installation, Tier.Remote, useKeys: false, default);
                var before = remote.Objects.Count;
                Assert.Equal(Tier.Remote, plan.Tier);
                var result = await RunAsync(RepairJob.RunAsync(installation, plan, default), []);
                Assert.Empty(result.Faults);
                // What was not copied yet is the next synchronisation's affair, unless it is seen to be needed.
                var waits = missing && remote.Objects.Count == before;
                Assert.True(!waits || prefix is "points/" or "audit/" or "approvers/" or "writers/", name);
                Assert.Equal(waits ? [] : [(name, Tier.Remote, Tier.Local)], result.Healed.Select(h => (h.Object, h.Tier, h.From)));
                Assert.Empty((await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data, Tier = Tier.Remote })).Faults);
            }
        }
    }

    [Fact]
    public async Task Drops_and_the_ledger_are_healed_too()
    {
        await using var made = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState());
        var entry = new LedgerEntry { Reserve = made.Reserve, Sequence = 1, Previous = default, Pseudonym = new Id16(new byte[16]), Tag = new Id16(Enumerable.Repeat((byte)7, 16).ToArray()), ErasedNs = 1, Epoch = 1, Request = default };
        var objects = sample.Copy();
        objects[entry.ObjectName] = entry.ToBytes(sample.Reader.Role.Keys.KeyRole);
        var first = PointRecord.Guess(objects[objects.Keys.First(n => n.StartsWith("points/", StringComparison.Ordinal))])!;
        var identity = made.IdentityOf(first.Sequence);
        var drop = new DropRecord
        {
            Reserve = made.Reserve, Writer = identity.Writer, Sequence = first.Sequence, TimeNs = made.NowNs,
            Parts = [new DroppedPart(first.Writer, first.Sequence, first.Classes[0].Class, RetentionReason.Expired, made.NowNs)],
        }.ToBytes(identity.Signer);
        objects[DropRecord.NameOf(drop)] = drop;
        foreach (var name in objects.Keys.Where(n => n.StartsWith("ledger/", StringComparison.Ordinal) || n.StartsWith("drops/", StringComparison.Ordinal)).ToList())
        {
            foreach (var missing in (bool[])[false, true])
            {
                var hurt = new Dictionary<string, ReadOnlyMemory<byte>>(objects, StringComparer.Ordinal) { [name] = Verify.Flip(objects[name], objects[name].Length / 2) };
                if (missing)
                {
                    hurt.Remove(name);
                }
                var local = new MemoryObjectStore(hurt);
                await using var installation = await sample.OpenAsync(local, NewState(), new MemoryObjectStore(objects.Where(o => IsCopied(o.Key))));
                var result = await RunAsync(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default), []);
                Assert.Equal([name], result.Healed.Select(h => h.Object));
                Assert.Equal(objects[name].ToArray(), local.Objects[name].ToArray());
            }
        }
    }

    [Fact]
    public async Task What_is_damaged_on_both_tiers_is_named_and_nothing_is_replaced()
    {
        foreach (var name in (string[])[.. sample.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)), sample.Objects.Keys.First(n => n.StartsWith("points/", StringComparison.Ordinal))])
        {
            var (here, there) = (Hurt(name, false), Hurt(name, false, at: 20));
            var (local, remote) = (new MemoryObjectStore(here), new MemoryObjectStore(there.Where(o => IsCopied(o.Key))));
            await using var installation = await sample.OpenAsync(local, NewState(), remote);
            var result = await RunAsync(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default), []);
            Assert.Empty(result.Healed);
            Assert.Contains(result.Faults, f => f.Object == name && f.Problem.Contains("the Remote tier's copy is damaged too", StringComparison.Ordinal));
            Assert.Equal(here[name].ToArray(), local.Objects[name].ToArray());
            Assert.Equal(there[name].ToArray(), remote.Objects[name].ToArray());
        }
    }

    [Fact]
    public async Task A_local_tier_that_is_lost_comes_back_whole()
    {
        var local = new MemoryObjectStore();
        await using var installation = await sample.OpenAsync(local, NewState(), new MemoryObjectStore(Remote()));
        var result = await RunAsync(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default), []);
        Assert.Empty(result.Faults);
        Assert.Empty(sample.Items.Except((await sample.ReadableAsync(local.Objects)).Items));
        foreach (var (name, bytes) in local.Objects.Where(o => o.Key[..5] is "data/" or "meta/" or "point"))
        {
            Assert.Equal(sample.Objects[name].ToArray(), bytes.ToArray());
        }
    }

    [Fact]
    public async Task A_claim_of_somebody_who_was_erased_does_not_come_back()
    {
        var claim = sample.Objects.Keys.First(n => n.StartsWith("subjects/", StringComparison.Ordinal));
        var local = new MemoryObjectStore(Hurt(claim, true));
        await using var installation = await sample.OpenAsync(local, NewState(), new MemoryObjectStore(Remote()));
        var entry = new LedgerEntry { Reserve = installation.Reserve, Sequence = 1, Previous = default, Pseudonym = new Id16(new byte[16]), Tag = ObjectKinds.TagIn(claim), ErasedNs = 1, Epoch = 1, Request = default };
        await local.PutAsync(entry.ObjectName, entry.ToBytes(sample.Reader.Role.Keys.KeyRole), default);
        var healer = new TierHealer(installation, new FaultBook(), await OutputAsync());
        Assert.False(await healer.HealAsync(claim, "it is missing", installation.Writers, default));
        Assert.DoesNotContain(claim, local.Objects.Keys);
    }

    [Fact]
    public async Task Chains_of_hosts_whose_local_tier_is_another_one_stay_where_they_are()
    {
        var remote = new MemoryObjectStore(Remote());
        var others = $"points/{new string('7', 32)}/000000000001";
        Assert.True(await remote.PutAsync(others, "another host's"u8.ToArray(), default));
        var own = sample.Objects.Keys.First(n => n.StartsWith("points/", StringComparison.Ordinal));
        var objects = sample.Copy();
        objects.Remove(own);
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(objects), NewState(), remote);
        var repaired = await RunAsync(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default), []);
        Assert.Contains(repaired.Healed, h => h.Object == own);
        Assert.DoesNotContain(repaired.Healed, h => h.Object == others);
        Assert.DoesNotContain(repaired.Faults, f => f.Object == others);
    }

    /// <summary>What a tier may lack, TierDaysTests show: content that neither a young point nor the newest of a class reaches.</summary>
    [Fact]
    public async Task Packs_of_the_newest_state_are_missed_however_old_it_is_and_whoever_else_has_them()
    {
        var packs = sample.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)).Order().ToList();
        var objects = sample.Copy();
        packs.ForEach(p => objects.Remove(p));
        var remote = new MemoryObjectStore(Remote());
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(objects), NewState(), remote);
        Assert.Equal(packs, (await Verify.RunAsync(installation, new VerifyRequest())).Faults.Select(f => f.Object));
        await using var old = Older(installation, new MemoryObjectStore(objects), remote);
        var result = await Verify.RunAsync(old, new VerifyRequest());
        Assert.Equal(packs, result.Faults.Select(f => f.Object));
        Assert.Equal(0, result.PacksLetGo);
    }

    [Fact]
    public async Task A_restore_reads_around_damage_and_says_so()
    {
        foreach (var prefix in (string[])["data/", "meta/", "points/", "index/"])
        {
            var objects = sample.Copy();
            foreach (var name in objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).ToList())
            {
                objects[name] = Verify.Flip(objects[name], objects[name].Length / 2);
            }
            await using var installation = await sample.OpenAsync(new MemoryObjectStore(objects), NewState(), new MemoryObjectStore(Remote()));
            var destination = Path.Combine(sample.Folder, "restored", Guid.NewGuid().ToString("n"));
            Directory.CreateDirectory(destination);
            var warnings = new List<string>();
            var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, Date = "latest" }, default);
            var result = await RunRestoreAsync(RestoreJob.RunAsync(installation, plan, default), warnings);
            Assert.Equal((JobState.Completed, 0L), (result.State, result.Errors));
            Assert.True(result.ItemsRestored > 5);
            Assert.Contains(warnings, w => w.Contains(prefix, StringComparison.Ordinal));
            // Without the other tier the same damage costs files.
            if (prefix == "data/")
            {
                await using var alone = await sample.OpenAsync(new MemoryObjectStore(objects), NewState());
                var errors = new List<StingException>();
                Directory.CreateDirectory(destination + "x");
                await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(alone, await RestoreJob.PlanAsync(alone, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination + "x", Date = "latest" }, default), default), errors);
                Assert.NotEmpty(errors);
                Assert.Contains(warnings, w => w.StartsWith("ReadFromOtherTier: 'data/", StringComparison.Ordinal));
                Assert.Contains((await StatusReader.ReadAsync(installation, default)).Warnings, w => w.Contains("were only read, from other tiers", StringComparison.Ordinal));
            }
        }
    }

    private static Installation Older(Installation like, IObjectStore store, IObjectStore remote)
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(like.Clock.GetUtcNow() + TimeSpan.FromDays(8));
        return new Installation
        {
            Reserve = like.Reserve, ReserveRoot = like.ReserveRoot, Map = like.Map, Store = store, Host = like.Host, Writers = like.Writers, Keys = like.Keys, UnlockAsync = like.UnlockAsync, StateFolder = like.StateFolder + "-old",
            CacheFolder = like.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = like.Zone, Clock = clock,
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => ValueTask.FromResult(remote) },
        };
    }

    private static bool IsCopied(string name) => !name.StartsWith("sessions/", StringComparison.Ordinal) && !name.StartsWith("gc/", StringComparison.Ordinal);

    private IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Remote() => sample.Objects.Where(o => IsCopied(o.Key));

    private Dictionary<string, ReadOnlyMemory<byte>> Hurt(string name, bool missing, int? at = null)
    {
        var objects = sample.Copy();
        objects[name] = Verify.Flip(objects[name], at ?? objects[name].Length / 2);
        if (missing)
        {
            objects.Remove(name);
        }
        return objects;
    }

    private string NewState() => $"heal-{Interlocked.Increment(ref _states)}-{Guid.NewGuid():n}";

    private static async Task<JobOutput> OutputAsync()
    {
        JobOutput? taken = null;
        await foreach (var _ in JobStream.RunAsync(TimeProvider.System, (output, _) => Task.FromResult<object>(taken = output), default))
        {
        }
        return taken!;
    }

    private static Task<RepairResult> RunAsync(IAsyncEnumerable<JobEvent> job, List<string> warnings) => CompleteAsync<RepairResult>(job, warnings);

    private static Task<RestoreResult> RunRestoreAsync(IAsyncEnumerable<JobEvent> job, List<string> warnings) => CompleteAsync<RestoreResult>(job, warnings);

    private static async Task<T> CompleteAsync<T>(IAsyncEnumerable<JobEvent> job, List<string> warnings)
    {
        object? result = null;
        await foreach (var told in job)
        {
            switch (told)
            {
                case ItemFailedEvent failed: throw failed.Error;
                case WarningEvent warning: warnings.Add(warning.Message); break;
                case CompletedEvent completed: result = completed.Result; break;
            }
        }
        return Assert.IsType<T>(result);
    }
}
