using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Two hosts write one repository; one of them is rolled back, forked, or cut.</summary>
public sealed class VerifyChainTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestInstallation _test = new(new MemoryObjectStore());
    private readonly Id16 _secondWriter = new(RandomNumberGenerator.GetBytes(16));
    private readonly EcdsaSigner _secondSigner = EcdsaSigner.Generate();
    private long? _lastGood;

    private MemoryObjectStore Store => (MemoryObjectStore)_test.Store;
    private string FirstPoint(int number) => PointRecord.NameOf(_test.Keys.Writer, number);
    private string SecondPoint(int number) => PointRecord.NameOf(_secondWriter, number);

    public async Task InitializeAsync()
    {
        _test.Write("users/ada/a.txt", "one"u8);
        await BackupAsync(first: true);
        await BackupAsync(first: true);
        _test.Write("users/ada/b.txt", "two"u8);
        await BackupAsync(first: true);
        await BackupAsync(first: false);
    }

    public async ValueTask DisposeAsync()
    {
        _secondSigner.Dispose();
        await _test.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task Two_whole_chains_pass() => Assert.Empty((await VerifyAsync()).Faults);

    [Fact]
    public async Task A_point_that_another_writer_saw_and_that_is_gone_is_named()
    {
        // Its session too, as when an old copy of the whole chain was put back.
        await Store.DeleteAsync(FirstPoint(3), default);
        await Store.DeleteAsync(SessionRecord.NameOf(_test.Keys.Writer, 3), default);
        var fault = Assert.Single((await VerifyAsync()).Faults);
        Assert.Equal(FirstPoint(3), fault.Object);
        Assert.Contains($"writer {_secondWriter} saw it", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_that_was_rolled_back_and_written_on_is_named()
    {
        await Store.DeleteAsync(FirstPoint(3), default);
        await Store.DeleteAsync(SessionRecord.NameOf(_test.Keys.Writer, 3), default);
        await BackupAsync(first: true);   // writes another third point
        await BackupAsync(first: true);
        var fault = Assert.Single((await VerifyAsync()).Faults);
        Assert.Equal(FirstPoint(3), fault.Object);
        Assert.Contains("saw another point of this number", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gap_in_the_numbers_is_named()
    {
        await Store.DeleteAsync(FirstPoint(2), default);
        Assert.Equal([FirstPoint(2)], (await VerifyAsync()).Faults.Select(f => f.Object));
        await Store.DeleteAsync(FirstPoint(1), default);
        var fault = Assert.Single((await VerifyAsync()).Faults);
        Assert.Equal(FirstPoint(1), fault.Object);
        Assert.Contains("the 1 points behind it", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_point_that_was_replaced_by_another_of_the_same_writer_is_named()
    {
        var name = FirstPoint(2);
        var old = PointRecord.Read(name, Store.Objects[name], _test.Keys.Reserve, _ => _test.Keys.Signer.PublicKey);
        await Store.DeleteAsync(name, default);
        await Store.PutAsync(name, (old with { Type = BackupType.Full }).ToBytes(_test.Keys.Signer), default);
        var fault = Assert.Single((await VerifyAsync()).Faults);
        Assert.Equal(name, fault.Object);
        Assert.Contains("forked", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_point_does_not_make_its_successor_a_fault()
    {
        var name = FirstPoint(2);
        var bytes = Verify.Flip(Store.Objects[name], 200);
        await Store.DeleteAsync(name, default);
        await Store.PutAsync(name, bytes, default);
        Assert.Equal([name], (await VerifyAsync()).Faults.Select(f => f.Object));
    }

    [Fact]
    public async Task A_writer_nobody_enrolled_is_not_believed()
    {
        using var stranger = EcdsaSigner.Generate();
        var id = new Id16(RandomNumberGenerator.GetBytes(16));
        var point = new PointRecord { Reserve = _test.Keys.Reserve, Writer = id, Sequence = 7, Previous = default, TimeNs = 1, CompletedNs = 1, Name = "backup_20240101_000000" };
        await Store.PutAsync(point.ObjectName, point.ToBytes(stranger), default);
        var fault = Assert.Single((await VerifyAsync()).Faults);
        Assert.Equal(point.ObjectName, fault.Object);
        Assert.Contains("not enrolled", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Points_of_a_revoked_writer_behind_his_last_good_number_do_not_count()
    {
        await BackupAsync(first: false);
        Assert.Equal(5, (await VerifyAsync()).Points);
        _lastGood = 1;
        var result = await VerifyAsync();
        Assert.Empty(result.Faults);
        Assert.Equal(4, result.Points);
    }

    [Fact]
    public async Task A_run_in_progress_is_no_fault_and_is_told()
    {
        var session = new SessionRecord(new WriterIdentity(_test.Keys.Reserve, _secondWriter, 2, _secondSigner), 1);
        await Store.PutAsync(session.ObjectName, session.ToBytes(), default);
        var told = new List<JobEvent>();
        await foreach (var e in VerifyJob.RunAsync(Open(first: true), new VerifyRequest { Level = IntegrityLevel.Data }, default))
        {
            told.Add(e);
        }
        Assert.Empty(Assert.IsType<IntegrityResult>(Assert.IsType<CompletedEvent>(told[^1]).Result).Faults);
        Assert.Contains(told, e => e is InformationEvent { Message: var m } && m.Contains("Run 2 of writer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("latest", 1)]
    [InlineData(null, 1)]
    public async Task A_selection_checks_only_the_points_that_it_means(string? date, int points)
    {
        var names = new List<string>();
        await foreach (var item in Store.ListAsync("points/", default))
        {
            names.Add(PointRecord.Read(item.Name, Store.Objects[item.Name], _test.Keys.Reserve, id => Writers().SigningKeyOf(id)).Name);
        }
        var request = new VerifyRequest { Level = IntegrityLevel.Data, Date = date, BackupId = date is null ? names[0] : null };
        Assert.Equal(points, (await Verify.RunAsync(Open(first: true), request)).Points);
        var unknown = await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(Open(first: true), request with { Date = null, BackupId = "backup_19990101_000000" }));
        Assert.Equal("BackupNotFound", unknown.ErrorId);
        var early = await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(Open(first: true), request with { Date = "1999-12-31", BackupId = null }));
        Assert.Equal("BackupNotFound", early.ErrorId);
    }

    private Task<IntegrityResult> VerifyAsync() => Verify.RunAsync(Open(first: true), new VerifyRequest { Level = IntegrityLevel.Data });

    private async Task BackupAsync(bool first)
    {
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var installation = Open(first);
        var plan = await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default);
        await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
    }

    private EnrolledWriters Writers()
    {
        var own = _test.Keys.Signer.PublicKey.ToArray();
        var second = _secondSigner.PublicKey.ToArray();
        return new([new EnrolledWriter(_test.Keys.Writer, "first", own, own, null), new EnrolledWriter(_secondWriter, "second", second, second, _lastGood)], []);
    }

    private Installation Open(bool first)
    {
        var opened = _test.Open();
        var state = Path.Combine(_test.Root, first ? "first" : "second");
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = opened.Store, Writers = Writers(), UnlockAsync = opened.UnlockAsync,
            Host = first ? opened.Host : new HostRole(_secondWriter, _secondSigner, _test.Keys, opened.CacheKey),
            StateFolder = state, CacheFolder = state, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock,
        };
    }
}
