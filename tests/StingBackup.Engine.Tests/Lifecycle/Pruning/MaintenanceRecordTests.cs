using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>Drops and marks decide what is deleted: whoever changes any of one is found out, and nothing is done on its account.</summary>
public sealed class MaintenanceRecordTests
{
    private static readonly Id16 Other = new([.. Enumerable.Repeat((byte)7, 16)]);

    /// <summary>Two points a year apart, of which the first went, and its packs are marked.</summary>
    private static async Task<TwoHosts> MarkedAsync()
    {
        var hosts = new TwoHosts();
        hosts.Write(true, "users/1/gone.bin", RandomNumberGenerator.GetBytes(500_000));
        await hosts.BackupAsync(first: true);
        File.Delete(Path.Combine(hosts.Reserve(true), "users/1/gone.bin"));
        hosts.Test.Clock.Advance(TimeSpan.FromDays(370));
        hosts.Write(true, "users/1/new.bin", RandomNumberGenerator.GetBytes(100_000));
        await hosts.BackupAsync(first: true);
        await hosts.LetGoAsync();
        Assert.True((await hosts.PruneAsync()).Marked.Packs > 0);
        await hosts.VerifyAsync();
        return hosts;
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(TwoHosts hosts) =>
        [.. (await Verify.RunAsync(hosts.Open(first: true), new VerifyRequest { Level = IntegrityLevel.Structure })).Faults.Select(fault => fault.Object)];

    private static async Task PutAsync(TwoHosts hosts, string name, byte[] bytes)
    {
        await hosts.Memory.DeleteAsync(name, default);
        Assert.True(await hosts.Memory.PutAsync(name, bytes, default));
    }

    [Fact]
    public async Task Every_byte_of_a_drop_and_of_each_step_of_a_mark_counts()
    {
        await using var hosts = await MarkedAsync();
        hosts.Test.Clock.Advance(TimeSpan.FromHours(1));
        await hosts.PruneAsync();   // condemned: all three steps stand
        var names = hosts.Names("drops/").Concat(hosts.Names("gc/")).ToList();
        Assert.Equal(4, names.Count);
        foreach (var name in names)
        {
            var sound = hosts.Memory.Objects[name].ToArray();
            for (var at = 0; at < sound.Length; at += 5)
            {
                var changed = sound.ToArray();
                changed[at] ^= 1;
                await PutAsync(hosts, name, changed);
                Assert.Contains(name, await FaultsAsync(hosts));
            }
            await PutAsync(hosts, name, sound[..^1]);
            Assert.Contains(name, await FaultsAsync(hosts));
            await PutAsync(hosts, name, sound);
        }
        Assert.Empty(await FaultsAsync(hosts));
    }

    /// <summary>Changed by somebody who can sign: who signed must be who it says, in this reserve, under this name.</summary>
    [Theory]
    [InlineData("reserve")]
    [InlineData("writer")]
    [InlineData("signer")]
    [InlineData("name")]
    public async Task Each_field_of_a_drop_that_ties_it_to_its_place_is_checked(string field)
    {
        await using var hosts = await MarkedAsync();
        var first = hosts.Open(first: true);
        var name = Assert.Single(hosts.Names("drops/"));
        var drop = DropRecord.Read(name, hosts.Memory.Objects[name], first.Reserve, first.Writers);
        Assert.All(drop.Parts, part => Assert.Equal((first.Writer, 1L, RetentionReason.Expired), (part.Writer, part.Sequence, part.Reason)));
        var changed = (field switch
        {
            "reserve" => drop with { Reserve = Other },
            "writer" => drop with { Writer = hosts.SecondWriter },
            _ => drop with { TimeNs = drop.TimeNs + 1 },
        }).ToBytes(field == "signer" ? hosts.Open(first: false).Signer : first.Signer);
        var wrong = field == "name" ? DropRecord.NameOf([1]) : DropRecord.NameOf(changed);
        await PutAsync(hosts, wrong, changed);
        Assert.Equal([wrong], await FaultsAsync(hosts));
        Assert.Equal("PruneUnsafe", (await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync())).ErrorId);
    }

    [Theory]
    [InlineData("reserve")]
    [InlineData("writer")]
    [InlineData("signer")]
    [InlineData("mark")]
    [InlineData("step")]
    public async Task Each_field_of_a_mark_that_ties_it_to_its_place_is_checked(string field)
    {
        await using var hosts = await MarkedAsync();
        var first = hosts.Open(first: true);
        var name = hosts.Names("gc/")[0];
        var mark = MarkRecord.Read(name, hosts.Memory.Objects[name], first.Reserve, first.Writers);
        var changed = (field switch
        {
            "reserve" => mark with { Reserve = Other },
            "writer" => mark with { Writer = hosts.SecondWriter },
            "mark" => mark with { Mark = Other },
            "step" => mark with { Step = MarkStep.Condemned },
            _ => mark,
        }).ToBytes(field == "signer" ? hosts.Open(first: false).Signer : first.Signer);
        await PutAsync(hosts, name, changed);
        Assert.Equal([name], await FaultsAsync(hosts));
        Assert.Equal("PruneUnsafe", (await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync())).ErrorId);
    }

    [Fact]
    public async Task What_a_revoked_host_did_after_its_last_good_point_lets_nothing_go()
    {
        await using var hosts = await MarkedAsync();
        var first = hosts.Open(first: true);
        var revoked = new EnrolledWriters([.. first.Writers.All.Select(writer => writer.Id == first.Writer ? writer with { LastGoodSequence = 1 } : writer)], []);
        var view = await RepositoryView.LoadAsync(hosts.Store, first.Reserve, revoked, default);
        Assert.NotEmpty(view.Backups.Single(point => point.Record.Sequence == 1).Record.Classes);
        var damage = new List<StingException>();
        Assert.Empty((await MarkBook.LoadAsync(hosts.Store, first.Reserve, revoked, damage, default)).Marks);
        Assert.Empty(damage);
    }

    [Fact]
    public async Task A_damaged_mark_is_told_and_stops_no_backup()
    {
        await using var hosts = await MarkedAsync();
        var name = hosts.Names("gc/")[0];
        var changed = hosts.Memory.Objects[name].ToArray();
        changed[^1] ^= 1;
        await PutAsync(hosts, name, changed);
        hosts.Write(true, "users/1/more.bin", RandomNumberGenerator.GetBytes(50_000));
        var errors = new List<StingException>();
        var result = await hosts.BackupAsync(first: true, errors: errors);
        Assert.Equal((JobState.CompletedWithErrors, name), (result.State, Assert.Single(errors).Target));
        Assert.InRange(result.BytesNew, 50_000, 200_000);
        // Nothing goes on its account, however long one waits.
        var packs = hosts.PackBytes;
        hosts.Test.Clock.Advance(TimeSpan.FromDays(30));
        await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync());
        Assert.Equal(packs, hosts.PackBytes);
    }

    /// <summary>Else one flipped bit, or a host that only writes, would keep the repository from ever being swept.</summary>
    [Fact]
    public async Task A_repair_takes_away_what_counts_for_nobody_and_sweeps_go_on()
    {
        await using var hosts = await MarkedAsync();
        var first = hosts.Open(first: true);
        foreach (var name in (string[])[hosts.Names("drops/")[0], hosts.Names("gc/")[0]])
        {
            var changed = hosts.Memory.Objects[name].ToArray();
            changed[^1] ^= 1;
            await PutAsync(hosts, name, changed);
        }
        Assert.Equal(2, hosts.Names("gc/").Count);   // the second step is sound, and goes with the first
        var forged = new DropRecord { Reserve = first.Reserve, Writer = hosts.SecondWriter, Sequence = 0, TimeNs = 0, Parts = [new DroppedPart(first.Writer, 2, DataClass.UserFiles, RetentionReason.Expired, 0)] }.ToBytes(hosts.Open(first: false).Signer);
        await PutAsync(hosts, DropRecord.NameOf(forged), forged);
        Assert.Equal("PruneUnsafe", (await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync())).ErrorId);
        var repaired = await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(first, await RepairJob.PlanAsync(first, useKeys: true, default), default), output: []);
        Assert.Empty(repaired.Faults);
        Assert.Empty(hosts.Names("drops/").Concat(hosts.Names("gc/")));
        Assert.True((await hosts.LetGoAsync()).Dropped > 0);
        for (var i = 0; i < 4; i++)
        {
            await hosts.PruneAsync();
            hosts.Test.Clock.Advance(TimeSpan.FromHours(48));
        }
        Assert.False((await PruneJob.PlanAsync(hosts.Open(first: true), default)).HasWork);
        Assert.InRange(hosts.PackBytes, 100_000, 300_000);
        await hosts.VerifyAsync();
    }
}
