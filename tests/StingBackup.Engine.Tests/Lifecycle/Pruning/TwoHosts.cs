using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>Two hosts that back up into one repository: the first may let points go and sweep, the second only writes. Each has a reserve of its own.</summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    private readonly TestInstallation _test;
    private readonly EcdsaSigner _secondSigner = EcdsaSigner.Generate();
    private readonly byte[] _cacheKey = RandomNumberGenerator.GetBytes(32);

    public TwoHosts(int? parity = null)
    {
        Memory = new MemoryObjectStore();
        Store = new FaultyStore(parity is { } percent ? new ParityStore(Memory, percent) : Memory);
        _test = new TestInstallation(Store, new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        Directory.CreateDirectory(Reserve(first: false));
    }

    public MemoryObjectStore Memory { get; }
    public FaultyStore Store { get; }
    public Id16 SecondWriter { get; } = new(RandomNumberGenerator.GetBytes(16));
    public TestInstallation Test => _test;
    public int? SecondLastGood { get; set; }

    /// <summary>Waited for when the second host opens its reserve: its session is announced by then.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public string Reserve(bool first) => first ? _test.ReserveRoot : Path.Combine(_test.Root, "second-reserve");

    public void Write(bool first, string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine(Reserve(first), path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    public Installation Open(bool first)
    {
        var own = _test.Keys.Signer.PublicKey.ToArray();
        var second = _secondSigner.PublicKey.ToArray();
        var opened = _test.Open();
        var state = Path.Combine(_test.Root, first ? "first" : "second");
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = Reserve(first), Map = opened.Map, Store = opened.Store, UnlockAsync = opened.UnlockAsync,
            Writers = new([new EnrolledWriter(_test.Keys.Writer, "first", own, own, null) { MayMaintain = true }, new EnrolledWriter(SecondWriter, "second", second, second, SecondLastGood)], []),
            Host = first ? opened.Host : new HostRole(SecondWriter, _secondSigner, _test.Keys, _cacheKey), OpenSource = first ? DirectorySource.Open : OpenWhenTold,
            StateFolder = state, CacheFolder = state, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock, OpenTarget = opened.OpenTarget,
        };
    }

    public async Task<BackupResult> BackupAsync(bool first, BackupType type = BackupType.Incremental, List<StingException>? errors = null)
    {
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var installation = Open(first);
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, default);
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default), errors);
    }

    public async Task<RetentionResult> LetGoAsync()
    {
        var installation = Open(first: true);
        return await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
    }

    public Task<PruneResult> PruneAsync(bool first = true) => TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(Open(first), default));

    /// <summary>Opens every chunk that a point reaches.</summary>
    public async Task VerifyAsync()
    {
        var result = await Verify.RunAsync(Open(first: true), new VerifyRequest { Level = IntegrityLevel.Data });
        Assert.Empty(result.Faults);
    }

    public IReadOnlyList<string> Names(string prefix) => [.. Memory.Objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public long PackBytes => Memory.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal) || o.Key.StartsWith("meta/", StringComparison.Ordinal)).Sum(o => (long)o.Value.Length);

    private ISourceTree OpenWhenTold(string root)
    {
        Gate.GetAwaiter().GetResult();
        return DirectorySource.Open(root);
    }

    public async ValueTask DisposeAsync()
    {
        _secondSigner.Dispose();
        await _test.DisposeAsync();
    }
}
