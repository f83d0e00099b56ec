using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Costs;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Clean;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Operations;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>Verifications, repairs, and looks at what backups hold of people: what the audit log has of each, and what not.</summary>
public sealed class LookTrailTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly GatedStore _store = new();
    private readonly List<string> _told = [];
    private TestInstallation _test = null!;
    private string _first = "", _second = "";

    public async Task InitializeAsync()
    {
        _test = new TestInstallation(_store);
        _test.Write("users/7/a.txt", "1"u8);
        _test.Write("users/8/b.txt", "1"u8);
        _test.Write("jars/j/c.md", "1"u8);
        _first = (await _test.BackupAsync()).BackupId!;
        _test.Write("users/8/b.txt", "22"u8);
        _second = (await _test.BackupAsync()).BackupId!;
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private async Task<string> PseudonymAsync(string name) => (await _test.Keys.GetAsync(name, default)).Pseudonym.ToString();

    private static string[] Sorted(params string[] ids) => [.. ids.Order(StringComparer.Ordinal)];

    private async Task<IReadOnlyList<AuditEntry>> RecordsAsync() => await AuditReader.ReadAsync(_test.Installation, default);

    /// <summary>What was recorded since, as command, outcome and subjects.</summary>
    private async Task<IReadOnlyList<(string Command, string Outcome, string[] Subjects)>> SinceAsync(Func<Installation, Task> act, Caller? caller = null)
    {
        var before = (await RecordsAsync()).Count;
        await act(Open(caller));
        return [.. (await RecordsAsync()).Skip(before).Select(r => (r.Command, r.Outcome, r.Subjects.ToArray()))];
    }

    /// <summary>As another process would.</summary>
    private Installation Open(Caller? caller = null)
    {
        var opened = _test.Open();
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = opened.Store, Host = opened.Host, Writers = opened.Writers, UnlockAsync = opened.UnlockAsync, StateFolder = opened.StateFolder,
            CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _test.Clock, Caller = caller ?? Caller.OfProcess, Warn = _told.Add,
        };
    }

    private async Task BrowseAsync(Installation installation, string? path, bool recurse = true)
    {
        using var catalog = new Catalog(installation);
        Assert.NotEmpty(await catalog.ItemsAsync(_second, null, null, path, recurse, default).ToListAsync());
    }

    [Fact]
    public async Task A_verification_leaves_one_record_with_its_scope_counts_and_result()
    {
        Task Verify(Installation installation, VerifyRequest request) => TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, request, default));
        var sound = Assert.Single(await SinceAsync(i => Verify(i, new VerifyRequest { Level = IntegrityLevel.Data })));
        Assert.Equal("Test-StingBackupIntegrity", sound.Command);
        Assert.Matches("^Sound: Local, Data, 2 runs, [0-9]+ packs$", sound.Outcome);
        Assert.Empty(sound.Subjects);
        Assert.Matches("^Sound: Local, Packs, one moment, 50 %, 1 runs, [0-9]+ packs$", Assert.Single(await SinceAsync(i => Verify(i, new VerifyRequest { Level = IntegrityLevel.Packs, BackupId = _first, SamplePercent = 50 }))).Outcome);

        var pack = _store.Inner.Objects.Keys.First(name => ObjectKinds.Of(name) == ObjectKind.DataPack);
        var bytes = _store.Inner.Objects[pack].ToArray();
        bytes[bytes.Length / 2] ^= 1;
        await _store.Inner.DeleteAsync(pack, default);
        await _store.Inner.PutAsync(pack, bytes, default);
        Assert.Matches("^Damaged 1: Local, Packs, 2 runs, [0-9]+ packs$", Assert.Single(await SinceAsync(i => Verify(i, new VerifyRequest { Level = IntegrityLevel.Packs }))).Outcome);

        var failed = await SinceAsync(i => Assert.ThrowsAsync<StingException>(() => Verify(i, new VerifyRequest { BackupId = "backup_20000101_000000" })));
        Assert.Equal("BackupNotFound", Assert.Single(failed).Outcome);
        Assert.True((await AuditReader.TestAsync(_test.Installation, default)).IsSound);
    }

    [Fact]
    public async Task A_repair_leaves_one_record_and_its_plan_none()
    {
        var fragment = _store.Inner.Objects.Keys.First(name => name.StartsWith("index/", StringComparison.Ordinal));
        await _store.Inner.DeleteAsync(fragment, default);
        Assert.Empty(await SinceAsync(async i => await RepairJob.PlanAsync(i, useKeys: true, default)));
        var record = Assert.Single(await SinceAsync(async i => await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(i, await RepairJob.PlanAsync(i, useKeys: true, default), default))));
        Assert.Equal("Repair-StingRepository", record.Command);
        Assert.Matches("^Sound: Local, [0-9]+ packs, [0-9]+ index fragments replaced, 0 objects restored, 0 healed$", record.Outcome);
    }

    [Fact]
    public async Task A_look_at_one_person_is_on_record_by_pseudonym_once_an_hour_for_each_identity_and_command()
    {
        // The folders on the way, users and users/7, are the system's own.
        var (seven, eight, system) = (await PseudonymAsync("user#7"), await PseudonymAsync("user#8"), await PseudonymAsync("system"));
        var portal = Caller.OfProcess with { Portal = new AccessIdentity(IdentityKind.User, "another-account"), IsAccount = true };
        var look = Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7")));
        Assert.Equal(("Get-StingRestorePointItem", "Looked at 2 subjects"), (look.Command, look.Outcome));
        Assert.Equal(Sorted(seven, system), look.Subjects);
        var entry = (await RecordsAsync())[^1];
        Assert.Equal((AuditEvent.Noted, Caller.OfProcess.Actor), (entry.Event, entry.Actor));

        Assert.Empty(await SinceAsync(i => BrowseAsync(i, "users/7/a.txt", recurse: false)));   // the same again
        var another = Assert.Single(await SinceAsync(i => BrowseAsync(i, "users")));
        Assert.Equal([eight], another.Subjects);   // who is new
        Assert.Equal("Looked at 1 subject", another.Outcome);
        Assert.Equal(Sorted(seven, system), Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7"), portal)).Subjects);   // another identity
        Assert.Equal(portal.Actor, (await RecordsAsync())[^1].Actor);
        _test.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Empty(await SinceAsync(i => BrowseAsync(i, "users/7")));
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Sorted(seven, system), Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7"))).Subjects);
        // What is remembered is no authority: without it there is a record more.
        File.Delete(Path.Combine(Open().StateFolder, "audit", _test.Keys.Reserve.ToString(), "looks.json"));
        Assert.Equal(Sorted(seven, system), Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7"))).Subjects);
    }

    [Fact]
    public async Task It_is_on_record_before_the_first_name_is_told()
    {
        await SinceAsync(async i =>
        {
            using var catalog = new Catalog(i);
            await using var items = catalog.ItemsAsync(_second, null, "7", null, recurse: true, default).GetAsyncEnumerator();
            Assert.True(await items.MoveNextAsync());
            Assert.Equal("Get-StingRestorePointItem", (await RecordsAsync())[^1].Command);
        });
    }

    [Fact]
    public async Task Each_way_to_names_leaves_a_record_of_whose()
    {
        var all = Sorted(await PseudonymAsync("jar:j"), await PseudonymAsync("user#7"), await PseudonymAsync("user#8"), await PseudonymAsync("system"));
        var (seven, eight) = (await PseudonymAsync("user#7"), await PseudonymAsync("user#8"));
        async Task<string[]> Of(string command, Func<Installation, Task> act)
        {
            var record = Assert.Single(await SinceAsync(act));
            Assert.Equal(command, record.Command);
            return record.Subjects;
        }

        Assert.Equal([seven], await Of("Find-StingItem", async i => { using var c = new Catalog(i); await c.FindAsync("a.txt", "7", new PointQuery(), default).ToListAsync(); }));
        // Whoever searches everybody reads everybody's names, shown or not.
        Assert.Equal(all.Except([seven]), await Of("Find-StingItem", async i => { using var c = new Catalog(i); await c.FindAsync("a.txt", null, new PointQuery(), default).ToListAsync(); }));
        Assert.Equal([eight], await Of("Compare-StingRestorePoint", async i => { using var c = new Catalog(i); Assert.Single(await c.CompareAsync(_first, _second, null, null, null, default).ToListAsync()); }));
        Assert.Equal([eight], await Of("Find-StingCorruption", async i => { using var s = new CorruptionSearch(i, null); await s.CasesAsync(null, "8", new PointQuery(), default).ToListAsync(); }));
        Assert.Equal(all, await Of("Find-StingCleanRestorePoint", async i => await CleanPointSearch.FindAsync(i, RestoreScope.Reserve, null, null, default).ToListAsync()));
        Assert.Equal(all, await Of("Measure-StingCost", async i => await CostReader.ReadSubjectsAsync(i, default)));
        var request = new RestoreRequest { Scope = RestoreScope.User, Subject = "8", Destination = Path.Combine(_test.Root, "out") };
        Assert.Equal([eight], await Of("Restore-StingUser", async i => await RestoreJob.PlanAsync(i, request, default)));
        Assert.Equal([eight], await Of("Get-StingRestorePlan", async i => await RetrievalJob.PlanPacksAsync(i, request, default)));
        // The restore itself is another deed.
        Assert.Equal("Completed", Assert.Single(await SinceAsync(async i => await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(i, await RestoreJob.PlanAsync(i, request, default), default)))).Outcome);
    }

    [Fact]
    public async Task What_takes_no_key_leaves_none()
    {
        Assert.Empty(await SinceAsync(async i =>
        {
            using var catalog = new Catalog(i);
            Assert.NotEmpty(await catalog.PointsAsync(new PointQuery(), default).ToListAsync());
            await CostReader.ReadAsync(i, default);
        }));
    }

    [Fact]
    public async Task Of_more_than_a_hundred_the_number_stands_there_and_who_is_looked_at_after_that_by_name()
    {
        for (var i = 100; i < 200; i++)
        {
            _test.Write($"users/{i}/x", "1"u8);
        }
        _second = (await _test.BackupAsync()).BackupId!;
        var look = Assert.Single(await SinceAsync(i => BrowseAsync(i, null)));
        Assert.Equal("Looked at 104 subjects", look.Outcome);
        Assert.Empty(look.Subjects);
        Assert.Empty(await SinceAsync(i => BrowseAsync(i, null)));
        Assert.Equal(Sorted(await PseudonymAsync("user#7"), await PseudonymAsync("system")), Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7"))).Subjects);
    }

    [Fact]
    public async Task Where_nothing_can_be_written_people_look_all_the_same_and_are_told()
    {
        _store.IsReadOnly = true;
        Assert.Empty(await SinceAsync(i => BrowseAsync(i, "users/7")));
        Assert.Contains("That Get-StingRestorePointItem looked at 2 subjects does not stand in the audit log", Assert.Single(_told), StringComparison.Ordinal);
        var warnings = new List<string>();
        await foreach (var told in VerifyJob.RunAsync(_test.Installation, new VerifyRequest { Level = IntegrityLevel.Structure }, default))
        {
            warnings.AddRange(told is WarningEvent warning ? [warning.Message] : []);
        }
        Assert.Contains("Test-StingBackupIntegrity (Sound: ", Assert.Single(warnings), StringComparison.Ordinal);
        // Nothing of it is remembered as recorded.
        _store.IsReadOnly = false;
        Assert.Single(await SinceAsync(i => BrowseAsync(i, "users/7")));
    }

    [Fact]
    public async Task A_host_without_keys_of_its_own_is_asked_for_no_passphrase_to_record_and_records_once_the_key_role_is_open()
    {
        using var site = await EscrowSite.CreateAsync();
        Directory.Delete(Path.Combine(site.Site1, "state", "host"), recursive: true);
        await using var installation = await site.OpenAsync();
        Assert.Null(installation.Host);
        async Task<IReadOnlyList<JobEvent>> VerifyAsync(IntegrityLevel level) => await VerifyJob.RunAsync(installation, new VerifyRequest { Level = level }, default).ToListAsync();
        var before = (await AuditReader.ReadAsync(installation, default)).Count;
        Assert.Contains(await VerifyAsync(IntegrityLevel.Structure), e => e is VerboseEvent told && told.Message.StartsWith("Test-StingBackupIntegrity does not stand in the audit log", StringComparison.Ordinal));
        Assert.False(installation.CanSign);
        Assert.Equal(before, (await AuditReader.ReadAsync(installation, default)).Count);

        await VerifyAsync(IntegrityLevel.Data);
        Assert.Contains(await AuditReader.ReadAsync(installation, default), r => (r.Command, r.WriterName) == ("Test-StingBackupIntegrity", "key role"));
    }

    [Fact]
    public async Task A_passphrase_that_does_not_open_the_keys_is_a_refusal_on_record()
    {
        using var site = await EscrowSite.CreateAsync();
        using (var right = SecretBytes.FromPassphrase("the right words"))
        {
            await using var open = await site.OpenAsync();
            await site.ApprovedAsync(open, async () => await KeyProtectionJob.RunAsync(open, await KeyProtectionJob.PlanAsync(open, KeyProtection.Passphrase, default), right, KeyFixture.LittleWork, default));
        }
        using var wrong = new System.Security.SecureString();
        "the wrong words".ToList().ForEach(wrong.AppendChar);
        await using var installation = await Installation.OpenAsync(site.Load(), new InstallationOptions { Clock = site.Clock, Passphrase = _ => ValueTask.FromResult<System.Security.SecureString?>(wrong) }, default);
        using var catalog = new Catalog(installation);
        Assert.Equal("WrongPassphrase", (await Assert.ThrowsAsync<StingException>(async () => await catalog.FindAsync("*", null, new PointQuery(), default).ToListAsync())).ErrorId);
        var record = (await AuditReader.ReadAsync(installation, default))[^1];
        Assert.Equal((AuditEvent.Refused, LookTrail.KeyFile, "WrongPassphrase"), (record.Event, record.Command, record.Outcome));
    }

    /// <summary>A store in memory that a test can make unwritable.</summary>
    private sealed class GatedStore : IObjectStore
    {
        public MemoryObjectStore Inner { get; } = new();
        public bool IsReadOnly { get; set; }
        public string Location => Inner.Location;

        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
            IsReadOnly ? throw new StingException("StoreUnavailable", FailureKind.Io, "Nothing can be written.", name, "Wait.") : Inner.PutAsync(name, content, cancel);

        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => Inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => Inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => Inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => Inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => Inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
