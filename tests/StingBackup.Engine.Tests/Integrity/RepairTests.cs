using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>What can be made anew is, nothing that is whole is touched, and what is lost is said.</summary>
public sealed partial class RepairTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    private int _states;

    [Fact]
    public async Task A_sound_repository_stays_as_it_is()
    {
        var store = new MemoryObjectStore(sample.Objects);
        var result = await RepairAsync(store);
        Assert.Equal((0L, 0L, 0L, true), (result.Entries, result.FragmentsReplaced, result.ObjectsRestored, result.Signed));
        Assert.Empty(result.Faults);
        Assert.Equal(sample.Objects.Keys.Count(n => n[..5] is "data/" or "meta/"), result.Packs);
        AssertSame(sample.Objects, store.Objects.Where(o => sample.Objects.ContainsKey(o.Key)));
        Assert.StartsWith("audit/", Assert.Single(store.Objects.Keys.Except(sample.Objects.Keys)), StringComparison.Ordinal);   // its record
    }

    [Fact]
    public async Task A_condemned_pack_that_a_point_reaches_stays_in_the_index()
    {
        var store = new MemoryObjectStore(sample.Objects.Where(o => !o.Key.StartsWith("index/", StringComparison.Ordinal)));
        await using (var installation = await sample.OpenAsync(store, NewState()))
        {
            List<MarkedPack> packs = [.. sample.Objects.Where(o => o.Key[..5] is "data/" or "meta/").Select(o => new MarkedPack(ObjectKinds.IdIn(o.Key), ObjectKinds.Of(o.Key)!.Value, o.Value.Length, IsMoved: false))];
            var mark = new MarkRecord { Reserve = installation.Reserve, Writer = installation.Writer, Sequence = 1, Mark = Id16.New(installation.Random), Step = MarkStep.Marked, TimeNs = installation.NowNs, Packs = packs };
            foreach (var step in (MarkRecord[])[mark, mark with { Step = MarkStep.Sessions, Packs = [] }, mark with { Step = MarkStep.Condemned }])
            {
                await store.PutAsync(step.ObjectName, step.ToBytes(installation.Signer), default);
            }
        }
        Assert.Empty((await RepairAsync(store)).Faults);
        await AssertCleanAsync(store);
    }

    [Theory]
    [InlineData("format/")]
    [InlineData("writers/")]
    [InlineData("approvers/")]
    [InlineData("subjects/")]
    [InlineData("index/")]
    [InlineData("sessions/")]
    public async Task What_can_be_made_anew_is_made_anew(string prefix)
    {
        foreach (var name in sample.Objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var missing in (bool[])[false, true])
            {
                var objects = sample.Copy();
                objects[name] = Verify.Flip(objects[name], objects[name].Length - 70);
                if (missing)
                {
                    objects.Remove(name);
                }
                var store = new MemoryObjectStore(objects);
                var result = await RepairAsync(store);
                Assert.Empty(result.Faults);
                Assert.Equal(prefix is "index/" && !missing ? 1 : 0, result.FragmentsReplaced);
                Assert.Equal(prefix is "format/" or "writers/" or "approvers/" or "subjects/" ? 1 : 0, result.ObjectsRestored);
                await AssertCleanAsync(store);
                // All else is as it was.
                AssertSame(objects.Where(o => o.Key != name), store.Objects.Where(o => objects.ContainsKey(o.Key) && o.Key != name));
            }
        }
    }

    [Fact]
    public async Task All_of_it_damaged_at_once_is_made_anew_at_once()
    {
        var objects = sample.Copy();
        // Nothing makes a restore point or an audit record anew.
        foreach (var name in objects.Keys.Where(n => n[..5] is not ("data/" or "meta/" or "point" or "audit") && n != "format/1").ToList())
        {
            objects[name] = Verify.Flip(objects[name], 50);
        }
        var store = new MemoryObjectStore(objects);
        var result = await RepairAsync(store);
        Assert.Empty(result.Faults);
        Assert.True(result.Signed);
        await AssertCleanAsync(store);
        // The host writes on as before.
        await using var installation = await sample.OpenAsync(store, NewState());
        Assert.Equal(await NewInASoundOneAsync(), (await BackupAsync(installation)).BytesNew);
    }

    [Fact]
    public async Task What_a_lost_pack_held_is_stored_again_by_a_full_run_and_old_points_are_whole_again()
    {
        foreach (var damaged in (bool[])[false, true])
        {
            // The pack of the last run: all that it held still lies in the reserve.
            var pack = await PackOfLastRunAsync();
            var objects = sample.Copy();
            objects[pack] = Verify.Flip(objects[pack], objects[pack].Length / 2);
            if (!damaged)
            {
                objects.Remove(pack);
            }
            var store = new MemoryObjectStore(objects);
            var first = await RepairAsync(store);
            Assert.Equal([pack], first.Faults.Select(f => f.Object));
            await Verify.AgreesWithReaderAsync(sample, store.Objects, await Verify.RunAsync(sample, store.Objects));
            var lost = sample.Items.Except((await sample.ReadableAsync(store.Objects)).Items).ToList();
            Assert.NotEmpty(lost);

            await using (var installation = await sample.OpenAsync(store, NewState()))
            {
                var errors = new List<StingException>();
                await BackupAsync(installation, BackupType.Full, errors);
            }
            Assert.Empty(sample.Items.Except((await sample.ReadableAsync(store.Objects)).Items));

            // Nothing needs the damaged pack any more: a second repair takes it away.
            var second = await RepairAsync(store);
            Assert.Empty(second.Faults);
            Assert.DoesNotContain(pack, store.Objects.Keys);
            await AssertCleanAsync(store);
        }
    }

    [Fact]
    public async Task The_whole_chunks_of_a_damaged_pack_stay_readable()
    {
        foreach (var pack in sample.Objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)))
        {
            foreach (var cut in (bool[])[false, true])
            {
                var objects = sample.Copy();
                objects[pack] = cut ? objects[pack][..(objects[pack].Length / 2)] : Verify.Flip(objects[pack], objects[pack].Length / 2);
                var before = (await sample.ReadableAsync(objects)).Items;
                foreach (var useKeys in (bool[])[true, false])
                {
                    var store = new MemoryObjectStore(objects);
                    var result = await RepairAsync(store, useKeys);
                    Assert.Equal([pack], result.Faults.Select(f => f.Object));
                    Assert.False(result.Signed);
                    Assert.Equal(before.Order(StringComparer.Ordinal), (await sample.ReadableAsync(store.Objects)).Items.Order(StringComparer.Ordinal));
                    Assert.Equal([pack], (await Verify.RunAsync(sample, store.Objects)).Faults.Select(f => f.Object));
                    var again = await RepairAsync(store, useKeys);
                    Assert.Equal((0L, 0L), (again.Entries, again.FragmentsReplaced));
                }
            }
        }
    }

    [Fact]
    public async Task A_damaged_pack_stays_as_long_as_something_that_may_need_it_cannot_be_read()
    {
        // Healed by a full run, so that nothing needs the damaged pack; but a page of a tree, which might, is damaged too.
        var pack = await PackOfLastRunAsync();
        var objects = sample.Copy();
        objects[pack] = Verify.Flip(objects[pack], objects[pack].Length / 2);
        var store = new MemoryObjectStore(objects);
        await RepairAsync(store);
        await using (var installation = await sample.OpenAsync(store, NewState()))
        {
            await BackupAsync(installation, BackupType.Full, []);
        }
        var healed = new Dictionary<string, ReadOnlyMemory<byte>>(store.Objects);
        var hidden = 0;
        foreach (var other in sample.Objects.Keys.Where(n => n.StartsWith("meta/", StringComparison.Ordinal) || n.StartsWith("points/", StringComparison.Ordinal)))
        {
            var damaged = new Dictionary<string, ReadOnlyMemory<byte>>(healed);
            damaged[other] = Verify.Flip(healed[other], healed[other].Length / 2);
            // The full run stored some pages anew: damage of the old ones hides nothing.
            if ((await Verify.RunAsync(sample, damaged)).Faults.Any(f => f.Object == other && f.FileCount > 0))
            {
                hidden++;
                store = new MemoryObjectStore(damaged);
                await RepairAsync(store);
                Assert.Contains(pack, store.Objects.Keys);
            }
        }
        Assert.NotEqual(0, hidden);
        store = new MemoryObjectStore(healed);
        await RepairAsync(store);
        Assert.DoesNotContain(pack, store.Objects.Keys);
    }

    [Fact]
    public async Task What_the_key_role_signed_later_elsewhere_is_left_alone()
    {
        var objects = sample.Copy();
        var old = FormatObject.Read("format/1", objects["format/1"], sample.Keys.KeyRolePublicKey.Span);
        objects["format/1"] = (old with { Revision = 2 }).ToBytes(sample.Reader.Role.Keys.KeyRole);
        var store = new MemoryObjectStore(objects);
        Assert.Equal(0, (await RepairAsync(store)).ObjectsRestored);
        AssertSame(objects, store.Objects.Where(o => objects.ContainsKey(o.Key)));
        // One byte of the version in its header is damage like any other.
        objects["format/2"] = Verify.Flip(objects["format/2"], 10);
        store = new MemoryObjectStore(objects);
        Assert.Equal(1, (await RepairAsync(store)).ObjectsRestored);
        await AssertCleanAsync(store);
    }

    [Fact]
    public async Task Where_nothing_may_be_deleted_the_damaged_object_is_named_and_the_new_index_is_used()
    {
        var name = sample.Objects.Keys.First(n => n.StartsWith("index/", StringComparison.Ordinal));
        var objects = sample.Copy();
        objects[name] = Verify.Flip(objects[name], 90);
        var store = new AppendOnlyStore(objects);
        var result = await RepairAsync(store);
        Assert.Equal([name], result.Faults.Select(f => f.Object));
        Assert.Equal(1, result.FragmentsReplaced);
        var verified = await Verify.RunAsync(sample, store.Inner.Objects);
        Assert.Equal([name], verified.Faults.Select(f => f.Object));
        Assert.Equal(0, verified.Faults[0].FileCount);
    }

    [Fact]
    public async Task A_plan_says_what_is_wrong_and_changes_nothing()
    {
        var objects = sample.Copy();
        objects["format/1"] = Verify.Flip(objects["format/1"], 30);
        var store = new MemoryObjectStore(objects);
        await using var installation = await sample.OpenAsync(store, NewState());
        var plan = await RepairJob.PlanAsync(installation, useKeys: true, default);
        Assert.Equal(["format/1"], plan.Faults.Select(f => f.Object));
        Assert.Equal(sample.Objects.Where(o => o.Key[..5] is "data/" or "meta/").Sum(o => o.Value.Length), plan.PackBytes);
        AssertSame(objects, store.Objects);
    }

    [Fact]
    public async Task A_repair_waits_for_no_backup_and_runs_beside_none()
    {
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState());
        using var running = installation.LockHost();
        var plan = await RepairJob.PlanAsync(installation, useKeys: true, default);
        var refused = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(installation, plan, default)));
        Assert.Equal("BackupRunning", refused.ErrorId);
    }

    [Fact]
    public async Task The_hosts_cache_is_dropped()
    {
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState());
        await BackupAsync(installation);
        Assert.True(File.Exists(installation.CachePath(DataClass.UserFiles)));
        await RunAsync(installation, useKeys: true);
        Assert.False(File.Exists(installation.CachePath(DataClass.UserFiles)));
        Assert.NotEqual(0, (await BackupAsync(installation)).ItemsRead);
    }

    [Fact]
    public async Task A_host_that_lost_its_keys_is_enrolled_anew_and_can_write_for_every_subject()
    {
        // A sample of its own: the new enrolment goes to the key directory that others share.
        await using var own = new SampleRepository();
        await own.InitializeAsync();
        var store = new MemoryObjectStore(own.Objects);
        var options = own.KeyOptions! with { HostStateDirectory = Path.Combine(own.Folder, NewState()) };
        var keys = ReserveKeys.Open(options, own.Keys.KeyRoleFingerprint);
        await using (var opened = await own.OpenAsync(store, NewState()))
        {
            using var reader = keys.Unlock(null);
            await using var bare = await BareAsync(opened, keys, store, reader);
            var result = await RunAsync(bare, useKeys: true);
            Assert.Empty(result.Faults);
        }
        using var again = ReserveKeys.Open(options, own.Keys.KeyRoleFingerprint);
        Assert.True(again.IsEnrolled);
        using var writers = await again.LoadWritersAsync(store, default);
        await using var subjects = again.OpenWriter(store, writers);
        Assert.Equal("system", (await subjects.GetAsync("system", default)).Name);
    }

    [Fact]
    public async Task A_repository_without_any_sound_format_object_opens_by_its_copy_and_is_mended()
    {
        foreach (var lost in (bool[])[true, false])
        {
            var objects = sample.Copy();
            foreach (var name in (string[])["format/1", "format/2"])
            {
                objects[name] = Verify.Flip(objects[name], 40);
                if (lost)
                {
                    objects.Remove(name);
                }
            }
            var store = new MemoryObjectStore(objects);
            Assert.Equal(sample.Keys.ReserveId, (await sample.Keys.LoadFormatAsync(store, default)).Format.ReserveId);
            Assert.Equal(2, (await RepairAsync(store)).ObjectsRestored);
            await AssertCleanAsync(store);
        }
        // Where nothing proves that it is this reserve's, it is refused.
        var foreign = await Assert.ThrowsAsync<StingException>(async () =>
            await sample.Keys.LoadFormatAsync(new MemoryObjectStore([new("format/1", Verify.Flip(sample.Objects["format/1"], 40))]), default));
        Assert.Equal("RepositoryForeign", foreign.ErrorId);
        var missing = await Assert.ThrowsAsync<StingException>(async () => await sample.Keys.LoadFormatAsync(new MemoryObjectStore(), default));
        Assert.Equal("RepositoryMissing", missing.ErrorId);
    }

    private string NewState() => $"repair-{Interlocked.Increment(ref _states)}-{Guid.NewGuid():n}";

    /// <summary>The same installation on a host that was never enrolled.</summary>
    private static async Task<Installation> BareAsync(Installation opened, ReserveKeys keys, IObjectStore store, ISubjectReader reader) => new()
    {
        Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = ReserveMap.Compile(new ReserveSettings { Path = "/" }, UsersMap.Empty), Store = store, Host = null,
        Writers = await keys.LoadWritersAsync(store, default), Keys = keys, UnlockAsync = _ => ValueTask.FromResult(reader), StateFolder = opened.StateFolder, CacheFolder = opened.CacheFolder,
        Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock,
    };

    private async Task<RepairResult> RepairAsync(IObjectStore store, bool useKeys = true)
    {
        await using var installation = await sample.OpenAsync(store, NewState());
        return await RunAsync(installation, useKeys);
    }

    private static async Task<RepairResult> RunAsync(Installation installation, bool useKeys)
    {
        var told = new List<object>();
        var plan = await RepairJob.PlanAsync(installation, useKeys, default);
        var result = await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(installation, plan, default), output: told);
        Assert.Equal(result.Faults, told.Cast<IntegrityFault>());
        return result;
    }

    private async Task<BackupResult> BackupAsync(Installation installation, BackupType type = BackupType.Incremental, List<StingException>? errors = null)
    {
        sample.Clock.Advance(TimeSpan.FromMinutes(1));
        return await TestInstallation.CompleteAsync<BackupResult>(
            BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default), errors);
    }

    private async Task AssertCleanAsync(MemoryObjectStore store)
    {
        Assert.Empty((await Verify.RunAsync(sample, store.Objects)).Faults);
        Assert.Empty(sample.Items.Except((await sample.ReadableAsync(store.Objects)).Items));
    }

    /// <summary>Bytes that a host without a cache stores in a sound copy: small files are bundled anew.</summary>
    private async Task<long> NewInASoundOneAsync()
    {
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState());
        return (await BackupAsync(installation)).BytesNew;
    }

    private async Task<string> PackOfLastRunAsync()
    {
        await using var installation = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), NewState());
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, default);
        return view.Index.Fragments.MaxBy(f => f.Sequence)!.Packs.Single(p => p.Kind == ObjectKind.DataPack).Name;
    }

    private static void AssertSame(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> expected, IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> actual) =>
        Assert.Equal(expected.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, Convert.ToHexString(o.Value.Span))),
            actual.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, Convert.ToHexString(o.Value.Span))));

    /// <summary>A store of a host that has no right to delete.</summary>
    private sealed class AppendOnlyStore(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> objects) : IObjectStore
    {
        public MemoryObjectStore Inner { get; } = new(objects);
        public string Location => Inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => Inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => Inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => Inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => Inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) =>
            throw new StingException("StoreAccessDenied", FailureKind.PermissionDenied, $"'{name}' may not be deleted.", name, "Delete it as somebody who may.");
        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
