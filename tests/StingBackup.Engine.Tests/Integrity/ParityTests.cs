using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Lifecycle.Pruning;
using StingBackup.Engine.Tests.Repository.Parity;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tests.Tiering;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Packs of the local tier that no other tier has whole come back out of their own parity; what the parity itself is and goes through is told, made anew, and gone with its pack.</summary>
public sealed class ParityTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    private const int Percent = 5;

    [Fact]
    public async Task Each_damaged_pack_is_put_right_by_its_parity_alarmed_and_audited()
    {
        foreach (var name in sample.Objects.Keys.Where(ObjectName.IsPack))
        {
            var whole = sample.Objects[name];
            foreach (var hurt in (byte[][])[Verify.Flip(whole, whole.Length / 2), [.. whole[..^Math.Min(40_000, whole.Length / 2)].Span], [.. whole.Span, 1, 2, 3], Burst(whole)])
            {
                var (memory, store) = Open(sample.Copy());
                await ((IReplacingStore)memory).ReplaceAsync(name, hurt, default);
                await using var installation = await sample.OpenAsync(store, Verify.NewState());
                Assert.Contains((await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs })).Faults, f => f.Object == name);
                var plan = await RepairJob.PlanAsync(installation, useKeys: true, default);
                Assert.True(hurt.Length == whole.Length || plan.Heals.Any(h => h.Object == name && h.From == Tier.Local));
                var warnings = new List<string>();
                var result = await RepairAsync(installation, warnings);
                Assert.Empty(result.Faults);
                Assert.Equal([(name, Tier.Local, Tier.Local)], result.Healed.Select(h => (h.Object, h.Tier, h.From)));
                Assert.Contains(warnings, w => w.StartsWith($"ObjectHealed: '{name}'", StringComparison.Ordinal) && w.Contains("its own parity", StringComparison.Ordinal));
                Assert.Equal(whole.ToArray(), memory.Objects[name].ToArray());
                Assert.Empty((await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
                Assert.Contains((await StatusReader.ReadAsync(installation, default)).Warnings, w => w.Contains("1 of them by their own parity", StringComparison.Ordinal));
                Assert.Contains((await AuditChains.LoadAsync(installation, null, default)).Records, r => r.Verb == "Repair-StingRepository" && r.Outcome.Contains("1 healed", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Sectors_that_cannot_be_read_are_put_right_too()
    {
        var name = Longest();
        var memory = new MemoryObjectStore(WithParity(sample.Copy()));
        var hurt = new HurtStore(memory);
        hurt.Unreadable.Add((name, 8192, 4096));
        hurt.Unreadable.Add((name, 40_000, 1));
        hurt.Unreadable.Add((PackParity.NameOf(name), memory.Objects[PackParity.NameOf(name)].Length - 4096, 10));
        await using var installation = await sample.OpenAsync(new ParityStore(hurt, Percent), Verify.NewState());
        var result = await RepairAsync(installation, []);
        Assert.Equal([name], result.Healed.Select(h => h.Object));
        Assert.Equal(sample.Objects[name].ToArray(), memory.Objects[name].ToArray());
    }

    [Fact]
    public async Task More_than_the_parity_can_give_is_refused_and_nothing_is_touched()
    {
        var name = Longest();
        var layout = ParityLayout.Of(sample.Objects[name].Length, Percent);
        var objects = WithParity(sample.Copy());
        var hurt = objects[name].ToArray();
        for (var piece = 0; piece <= layout.SpareCount; piece++)
        {
            hurt[piece * ParityLayout.Piece] ^= 1;
        }
        objects[name] = hurt;
        var memory = new MemoryObjectStore(objects);
        await using var installation = await sample.OpenAsync(new ParityStore(memory, Percent), Verify.NewState());
        var result = await RepairAsync(installation, []);
        Assert.Empty(result.Healed);
        Assert.Contains(result.Faults, f => f.Object == name && f.Problem.Contains("of the pieces of one group of its parity are lost", StringComparison.Ordinal));
        Assert.Equal(hurt, memory.Objects[name].ToArray());
    }

    [Fact]
    public async Task A_restore_reads_by_parity_says_so_and_changes_nothing()
    {
        var objects = WithParity(sample.Copy());
        var wanted = await RestoreAsync(objects, [], []);
        foreach (var name in sample.Objects.Keys.Where(ObjectName.IsPack))
        {
            var hurt = objects[name].ToArray();
            foreach (var at in Enumerable.Range(0, 16))
            {
                hurt[at * (hurt.Length - 1) / 15] ^= 0x10;
            }
            objects[name] = hurt;
        }
        List<string> warnings = [];
        List<StingException> errors = [];
        Assert.Equal(wanted, await RestoreAsync(objects, warnings, errors));
        Assert.Empty(errors);
        Assert.All((string[])["data/", "meta/"], kind => Assert.Contains(warnings, w => w.StartsWith($"ReadByParity: '{kind}", StringComparison.Ordinal)));

        // What it cannot give is an error of its files, as without it.
        foreach (var name in sample.Objects.Keys.Where(n => n.StartsWith("meta/", StringComparison.Ordinal)))
        {
            objects[name] = sample.Objects[name];
        }
        foreach (var name in objects.Keys.Where(n => ObjectKinds.Of(n) == ObjectKind.Parity).ToList())
        {
            objects[name] = Verify.Flip(objects[name], 30);
        }
        await RestoreAsync(objects, [], errors);
        Assert.Contains(errors, e => e.Message.Contains("is damaged", StringComparison.Ordinal));
    }

    /// <summary>Restores the newest state, and sees that nothing was changed by it.</summary>
    private async Task<SortedDictionary<string, string>> RestoreAsync(Dictionary<string, ReadOnlyMemory<byte>> objects, List<string> warnings, List<StingException> errors)
    {
        var memory = new MemoryObjectStore(objects);
        await using var installation = await sample.OpenAsync(new ParityStore(memory, Percent), Verify.NewState());
        var destination = Directory.CreateDirectory(Path.Combine(sample.Folder, "restored", Guid.NewGuid().ToString("n"))).FullName;
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, Date = "latest" }, default);
        await foreach (var told in RestoreJob.RunAsync(installation, plan, default))
        {
            switch (told)
            {
                case WarningEvent warning: warnings.Add(warning.Message); break;
                case ItemFailedEvent failed: errors.Add(failed.Error); break;
            }
        }
        Assert.All(objects.Where(o => ObjectName.IsPack(o.Key)), o => Assert.True(memory.Objects[o.Key].Span.SequenceEqual(o.Value.Span)));
        Assert.Equal(warnings.Exists(w => w.StartsWith("ReadByParity", StringComparison.Ordinal)), (await StatusReader.ReadAsync(installation, default)).Warnings.Any(w => w.Contains("or by their parity", StringComparison.Ordinal)));
        return FolderImage.Read(destination);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_once_is_asked_again_and_what_cannot_be_recovered_is_asked_for_once()
    {
        var name = Longest();
        var why = Failures.Damaged(name, "its bytes are other ones");
        var objects = WithParity(sample.Copy());
        objects[name] = Verify.Flip(objects[name], 5000);
        var hurt = new HurtStore(new MemoryObjectStore(objects));
        await using var installation = await sample.OpenAsync(new ParityStore(hurt, Percent), Verify.NewState());
        var copies = new CopiesRead(installation);
        hurt.Next = new StingException("StoreUnreachable", FailureKind.Io, "It does not answer.", "memory", "Look at the network.");
        Assert.Equal("StoreUnreachable", (await Assert.ThrowsAsync<StingException>(async () => await copies.RecoverAsync(name, why, default))).ErrorId);
        Assert.Equal(sample.Objects[name].ToArray(), await copies.RecoverAsync(name, why, default));
        var reads = hurt.Reads;
        Assert.NotNull(await copies.RecoverAsync(name, why, default));
        Assert.Equal(reads, hurt.Reads);

        objects[PackParity.NameOf(name)] = Verify.Flip(objects[PackParity.NameOf(name)], 30);
        hurt = new HurtStore(new MemoryObjectStore(objects));
        await using var without = await sample.OpenAsync(new ParityStore(hurt, Percent), Verify.NewState());
        copies = new CopiesRead(without);
        Assert.Null(await copies.RecoverAsync(name, why, default));
        reads = hurt.Reads;
        Assert.Null(await copies.RecoverAsync(name, why, default));
        Assert.Equal(reads, hurt.Reads);
    }

    [Fact]
    public async Task Another_tier_goes_first()
    {
        var name = Longest();
        var (memory, store) = Open(sample.Copy());
        await ((IReplacingStore)memory).ReplaceAsync(name, Verify.Flip(sample.Objects[name], 5000), default);
        await using var installation = await sample.OpenAsync(store, Verify.NewState(), new MemoryObjectStore(sample.Objects));
        Assert.Equal([(name, Tier.Remote)], (await RepairAsync(installation, [])).Healed.Select(h => (h.Object, h.From)));
        // The copy that came has parity again.
        Assert.Equal(0, (await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs })).PacksWithoutParity);
        // Where the other tier's copy is damaged too, the parity serves.
        await ((IReplacingStore)memory).ReplaceAsync(name, Verify.Flip(sample.Objects[name], 5000), default);
        var remote = new MemoryObjectStore(sample.Objects.Select(o => o.Key == name ? new(o.Key, Verify.Flip(o.Value, 700)) : o));
        await using var both = await sample.OpenAsync(store, Verify.NewState(), remote);
        Assert.Equal([(name, Tier.Local)], (await RepairAsync(both, [])).Healed.Select(h => (h.Object, h.From)));
        Assert.Equal(sample.Objects[name].ToArray(), memory.Objects[name].ToArray());
    }

    [Fact]
    public async Task A_pack_that_is_gone_does_not_come_back_out_of_its_parity()
    {
        foreach (var name in sample.Objects.Keys.Where(ObjectName.IsPack))
        {
            var (memory, store) = Open(sample.Copy());
            await memory.DeleteAsync(name, default);
            await using var installation = await sample.OpenAsync(store, Verify.NewState());
            var result = await RepairAsync(installation, []);
            Assert.Empty(result.Healed);
            Assert.DoesNotContain(name, memory.Objects.Keys);
        }
    }

    [Fact]
    public async Task Parity_that_is_missing_is_counted_and_what_is_damaged_is_a_fault_until_a_repair_makes_it_anew()
    {
        var objects = WithParity(sample.Copy());
        var names = objects.Keys.Where(n => ObjectKinds.Of(n) == ObjectKind.Parity).ToList();
        var (missing, damaged) = (names[0], names[1]);
        objects.Remove(missing);
        objects[damaged] = Verify.Flip(objects[damaged], objects[damaged].Length - 30);
        var memory = new MemoryObjectStore(objects);
        await using var installation = await sample.OpenAsync(new ParityStore(memory, Percent), Verify.NewState());
        var shallow = await Verify.RunAsync(installation, new VerifyRequest());
        Assert.Equal((1L, 0L, true), (shallow.PacksWithoutParity, shallow.ParityDamaged, shallow.Passed));
        var found = await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs });
        Assert.Equal((1L, 1L), (found.PacksWithoutParity, found.ParityDamaged));
        Assert.Contains("made anew from its pack", Assert.Single(found.Faults, f => f.Object == damaged).Remedy, StringComparison.Ordinal);
        Assert.Empty((await RepairAsync(installation, [])).Faults);
        var after = await Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs });
        Assert.Equal((0L, 0L, true), (after.PacksWithoutParity, after.ParityDamaged, after.Passed));
        // Without the setting what is damaged goes, and nothing is missed.
        objects.Remove(names[2]);
        await using var off = await sample.OpenAsync(new ParityStore(new MemoryObjectStore(objects), 0), Verify.NewState());
        Assert.Empty((await RepairAsync(off, [])).Faults);
        Assert.True(await Verify.RunAsync(off, new VerifyRequest { Level = IntegrityLevel.Packs }) is { Passed: true, PacksWithoutParity: 0 });
    }

    [Fact]
    public async Task A_run_that_dies_between_a_pack_and_its_parity_costs_nothing_but_the_parity()
    {
        for (var left = 0; ; left++)
        {
            var memory = new MemoryObjectStore();
            var hurt = new HurtStore(memory);
            await using var test = new TestInstallation(new ParityStore(hurt, Percent)) { Threads = 1 };
            test.Write("users/ada/a.bin", new byte[200_000]);
            await test.BackupAsync();
            test.Write("users/ada/b.bin", System.Security.Cryptography.RandomNumberGenerator.GetBytes(300_000));
            hurt.Left = left;
            try
            {
                await test.BackupAsync(BackupType.Full);
                Assert.True(left > 6);
                return;
            }
            catch (StingException e) when (e.ErrorId == "StoreFailed")
            {
                // It lies where it lies.
            }
            var packs = memory.Objects.Keys.Where(ObjectName.IsPack).Select(PackParity.NameOf).ToHashSet();
            Assert.Empty(memory.Objects.Keys.Where(n => ObjectKinds.Of(n) == ObjectKind.Parity).Except(packs));   // none without its pack
            Assert.Empty((await Verify.RunAsync(Over(test, memory), new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
            hurt.Restart();
            await test.BackupAsync(BackupType.Full);
            Assert.Empty((await Verify.RunAsync(Over(test, memory), new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
        }
    }

    [Fact]
    public async Task Parity_goes_with_its_pack_and_stays_on_its_tier()
    {
        await using var hosts = new TwoHosts(Percent);
        hosts.Write(true, "users/1/kept.bin", System.Security.Cryptography.RandomNumberGenerator.GetBytes(400_000));
        hosts.Write(true, "users/1/gone.bin", System.Security.Cryptography.RandomNumberGenerator.GetBytes(3_000_000));
        await hosts.BackupAsync(first: true);
        Assert.Equal(hosts.Memory.Objects.Keys.Where(ObjectName.IsPack).Select(PackParity.NameOf).Order(), hosts.Names(PackParity.Prefix).Order());
        File.Delete(Path.Combine(hosts.Reserve(true), "users/1/gone.bin"));
        hosts.Test.Clock.Advance(TimeSpan.FromDays(370));
        hosts.Write(true, "users/1/new.bin", System.Security.Cryptography.RandomNumberGenerator.GetBytes(100_000));
        await hosts.BackupAsync(first: true);
        await hosts.LetGoAsync();
        var before = hosts.Memory.Objects.Keys.ToHashSet();
        // Parity whose pack the power took: the sweep takes it too.
        var orphan = $"parity/ab/ab{new string('0', 62)}";
        await hosts.Memory.PutAsync(orphan, new byte[100], default);
        for (var sweep = 0; sweep < 3; sweep++)
        {
            await hosts.PruneAsync();
            hosts.Test.Clock.Advance(TimeSpan.FromHours(49));
        }
        Assert.DoesNotContain(orphan, hosts.Memory.Objects.Keys);
        Assert.Contains(before, n => ObjectName.IsPack(n) && !hosts.Memory.Objects.ContainsKey(n));
        Assert.Equal(hosts.Memory.Objects.Keys.Where(ObjectName.IsPack).Select(PackParity.NameOf).Order(), hosts.Names(PackParity.Prefix).Order());
        await hosts.VerifyAsync();

        // Also where the setting is off by then; and a copy of the tier has none.
        await using var tiers = new TierReserve();
        var local = new ParityStore(tiers.LocalMemory, 0);
        var (name, bytes) = hosts.Memory.Objects.First(o => ObjectName.IsPack(o.Key));
        await new ParityStore(tiers.LocalMemory, Percent).PutAsync(name, bytes, default);
        Assert.Contains(PackParity.NameOf(name), tiers.LocalMemory.Objects.Keys);
        Assert.Equal(tiers.LocalMemory.Objects[PackParity.NameOf(name)].Length, new ParityStore(tiers.LocalMemory, Percent).Beside(name, bytes.Length));
        Assert.Null(Engine.Tiering.TierObjects.StepOf(PackParity.NameOf(name)));
        await local.DeleteAsync(name, default);
        Assert.Empty(tiers.LocalMemory.Objects);
    }

    private static (MemoryObjectStore Memory, ParityStore Store) Open(Dictionary<string, ReadOnlyMemory<byte>> objects)
    {
        var memory = new MemoryObjectStore(WithParity(objects));
        return (memory, new ParityStore(memory, Percent));
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> WithParity(Dictionary<string, ReadOnlyMemory<byte>> objects)
    {
        foreach (var name in objects.Keys.Where(ObjectName.IsPack).ToList())
        {
            objects[PackParity.NameOf(name)] = PackParity.Make(name, objects[name].Span, Percent);
        }
        return objects;
    }

    private static byte[] Burst(ReadOnlyMemory<byte> whole)
    {
        var hurt = whole.ToArray();
        hurt.AsSpan(100, Math.Min(65_536, hurt.Length - 100)).Clear();
        return hurt;
    }

    private string Longest() => sample.Objects.Where(o => ObjectName.IsPack(o.Key)).MaxBy(o => o.Value.Length).Key;

    /// <summary>A look at a copy, by a host that shares its keys with the test's and is not closed for that reason.</summary>
    private static Installation Over(TestInstallation test, MemoryObjectStore memory)
    {
        var opened = test.Open();
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = new ParityStore(new MemoryObjectStore(memory.Objects), Percent), Host = opened.Host, Writers = opened.Writers, UnlockAsync = opened.UnlockAsync,
            StateFolder = Path.Combine(test.Root, Verify.NewState()), CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = opened.Zone, Clock = opened.Clock,
        };
    }

    private static async Task<RepairResult> RepairAsync(Installation installation, List<string> warnings)
    {
        object? result = null;
        await foreach (var told in RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default))
        {
            switch (told)
            {
                case ItemFailedEvent failed: throw failed.Error;
                case WarningEvent warning: warnings.Add(warning.Message); break;
                case CompletedEvent completed: result = completed.Result; break;
            }
        }
        return Assert.IsType<RepairResult>(result);
    }
}
