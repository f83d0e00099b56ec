using System.Formats.Cbor;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What keeps an erasure's certificate back once its key is destroyed, and what stays behind and is said in it.</summary>
public sealed class ErasureRunTests
{
    [Fact]
    public async Task Where_none_is_due_nothing_is_done_and_the_next_day_is_told()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        Assert.Empty(await fixture.CompleteAsync());
        await using (var installation = await fixture.OpenAsync())
        {
            Assert.Null(ErasureJob.PlanRun(installation).NextDueTime);
        }
        var asked = await fixture.RequestAsync();
        await using var later = await fixture.OpenAsync();
        var plan = ErasureJob.PlanRun(later);
        Assert.Equal((0, asked.DueTime), (plan.Due.Count, plan.NextDueTime));
        Assert.Equal(asked.Id, ErasureJob.Find(later, $" {asked.Id} ").Id);
    }

    [Fact]
    public async Task While_a_backup_of_this_host_runs_the_certificate_waits_for_what_the_host_remembers()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        fixture.Keys.Clock.Advance(TimeSpan.FromDays(10));
        var errors = new List<StingException>();
        await using (var installation = await fixture.OpenAsync())
        using (installation.LockHost())
        {
            var result = await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default), errors);
            Assert.Equal((JobState.CompletedWithErrors, ErasureState.Incomplete), (result.State, Assert.Single(result.Erasures).State));
        }
        Assert.Contains("What this host remembers of it is not dropped yet", Assert.Single(errors).Message, StringComparison.Ordinal);
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync(days: 0)).State);
    }

    [Fact]
    public async Task Where_others_data_cannot_be_opened_either_nothing_is_proven_and_no_certificate_made()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        var sound = fixture.Keys.Store.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal)).ToDictionary(o => o.Key, o => o.Value.ToArray());
        await ReplaceAsync(sound.ToDictionary(o => o.Key, o => Array.ConvertAll(o.Value, one => (byte)(one ^ 1))));
        var errors = new List<StingException>();
        var waiting = Assert.Single(await fixture.CompleteAsync(errors));
        Assert.Equal((ErasureState.Incomplete, null), (waiting.State, waiting.Certificate));
        Assert.Contains(errors, error => error.ErrorId == "ErasureIncomplete" && error.Message.Contains("Reading does not show it", StringComparison.Ordinal));
        await ReplaceAsync(sound);
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);

        async Task ReplaceAsync(Dictionary<string, byte[]> packs)
        {
            foreach (var (name, bytes) in packs)
            {
                await fixture.Keys.Store.DeleteAsync(name, default);
                await fixture.Keys.Store.PutAsync(name, bytes, default);
            }
        }
    }

    [Fact]
    public async Task Whose_memory_it_cannot_reach_stands_in_the_certificate_and_who_is_revoked_does_not()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        fixture.IsHost = false;
        fixture.Enrol = writers => new EnrolledWriters([Other(writers, 1, "host-b", null), .. writers.All, Other(writers, 2, "host-c", 4)], []);
        var done = Assert.Single(await fixture.CompleteAsync());
        Assert.Equal(ErasureState.Completed, done.State);
        var certificate = await File.ReadAllTextAsync(done.Certificate!);
        Assert.Matches("(?s)host host-a:.*host host-b:", certificate);
        Assert.DoesNotContain("host-c", certificate, StringComparison.Ordinal);

        static EnrolledWriter Other(EnrolledWriters writers, byte id, string name, long? last) => writers.All[0] with { Id = new Id16([.. Enumerable.Repeat(id, Id16.Size)]), HostName = name, LastGoodSequence = last };
    }

    [Fact]
    public async Task What_several_have_in_a_class_is_counted_together()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await using var installation = await fixture.OpenAsync();
        var tier = new ScopedTier(Tier.Local, installation.Store, await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, default));
        var (ada, bob, both) = (await HitAsync("path:UserFiles/ada"), await HitAsync("path:UserFiles/bob"), await HitAsync("path:UserFiles/ada", "path:UserFiles/bob"));
        Assert.Equal((ada.Items + bob.Items, ada.Length + bob.Length), (both.Items, both.Length));

        async Task<ErasureHit> HitAsync(params string[] names)
        {
            var targets = await ErasureTargets.FindAsync(installation, names, default);
            return Assert.Single((await ErasureScope.MeasureAsync(installation, tier, targets.Select(target => target.Pseudonym).ToHashSet(), default)).Hits);
        }
    }

    [Fact]
    public async Task Where_more_approvals_are_asked_for_since_those_that_were_given_do_not_do()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        fixture.Access = new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>>(), []) { Counts = new Dictionary<GuardedOperation, int?> { [GuardedOperation.Erasure] = 2 } };
        var errors = new List<StingException>();
        Assert.Empty(await fixture.CompleteAsync(errors));
        Assert.Equal("ErasureNotApproved", Assert.Single(errors).ErrorId);
        fixture.Access = AccessPolicy.None;
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
    }

    [Fact]
    public void A_record_of_before_approvals_and_contributions_is_read_as_one_without_them()
    {
        var id = new Id16(new byte[Id16.Size]);
        var record = new ErasureRecord
        {
            Reserve = id, Id = id, State = ErasureState.Pending, Names = ["user:ada"], Targets = [new ErasureTarget(id, id, [id], new Id32(new byte[Id32.Size]))], RequestedNs = 1, RequestedBy = "dpo", DueNs = 2, LegalBasis = "law", Reference = "12",
            Approvers = ["officer"], EarlierCopies = ["one"], Delay = "7 days",
        };
        Assert.Equal((1, "7 days"), (Read(19).EarlierCopies.Count, Read(19).Delay));
        var earlier = Read(16);
        Assert.Equal((0, "", default, 1), (earlier.EarlierCopies.Count, earlier.Delay, earlier.Approval, earlier.Targets[0].Aliases.Count));

        ErasureRecord Read(int last)
        {
            var reader = new CborReader(record.ToPayload(), CborConformanceMode.Ctap2Canonical);
            var cbor = CborFields.StartMap(last);
            for (var left = reader.ReadStartMap(); left > 0; left--)
            {
                var (key, value) = (reader.ReadInt32(), reader.ReadEncodedValue());
                if (key <= last)
                {
                    cbor.WriteInt32(key);
                    cbor.WriteEncodedValue(value.Span);
                }
            }
            return ErasureRecord.Read(new CborFields(CborFields.End(cbor), "record", (why, inner) => KeyFrame.Damaged("record", why, inner)));
        }
    }

    [Fact]
    public async Task What_an_imported_archive_mixes_stays_until_that_point_goes_and_is_told()
    {
        await using var test = new TestInstallation();
        test.Write("users/7/a", "a"u8);
        await test.BackupAsync();
        var (keys, now) = (test.Keys, test.Clock.GetUtcNow());
        Assert.Empty(Residuals.Of(test.Installation, await ViewAsync(), now));
        var point = new PointRecord
        {
            Reserve = keys.Reserve, Writer = keys.Writer, Sequence = 2, Previous = default, Name = "backup_20200101_000000", Type = BackupType.Full, TimeNs = 1, CompletedNs = 1, Classes = [new PointClass(DataClass.Metadata, [], 0, 0, 0, 0)],
            Origin = new PointOrigin("sting_backup_20200101_000000.tar.gz", default),
        };
        await test.Store.PutAsync(point.ObjectName, point.ToBytes(keys.Signer), default);
        var told = Assert.Single(Residuals.Of(test.Installation, await ViewAsync(), now));
        Assert.Contains("imported from sting_backup_20200101_000000.tar.gz", told.What, StringComparison.Ordinal);
        Assert.Null(told.EndTime);

        async Task<RepositoryView> ViewAsync() => await RepositoryView.LoadAsync(test.Store, keys.Reserve, keys.Writers, default);
    }
}
