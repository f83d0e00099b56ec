using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>A reserve whose local and remote tier are in memory and can be disturbed. Each job opens the installation anew, as commands do.</summary>
internal sealed class TierReserve : IAsyncDisposable
{
    private readonly TestInstallation _test;

    public TierReserve(DateTimeOffset? clock = null)
    {
        (LocalMemory, RemoteMemory) = (new MemoryObjectStore(), new MemoryObjectStore());
        (Local, Remote) = (new FaultyStore(LocalMemory), new FaultyStore(RemoteMemory));
        _test = new TestInstallation(Local, clock);
    }

    public MemoryObjectStore LocalMemory { get; }
    public MemoryObjectStore RemoteMemory { get; set; }
    public FaultyStore Local { get; }
    public FaultyStore Remote { get; set; }
    public TestInstallation Test => _test;
    /// <summary>Why the remote tier cannot be reached; null when it can.</summary>
    public StingException? Away { get; set; }
    /// <summary>Whether the remote tier's server keeps checksums.</summary>
    public bool Guards { get; set; }
    public int Openings { get; private set; }
    public bool SyncsAtCommit { get; set; }
    public long Quota { get; set; } = long.MaxValue;
    public int MaxPercent { get; set; } = 100;
    public int LocalDays { get; set; } = 7;
    public int ClassDays { get; set; } = 365;
    public IHostView? HostView { get; set; }
    public IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>? Tiers { get; set; }

    public static StingException Gone { get; } = new("StoreUnreachable", FailureKind.Io, "Could not list objects in s3://far: it does not answer.", "s3://far", "Check the network.");

    public Installation Open(IObjectStore? store = null)
    {
        var opened = _test.Open();
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = store ?? Local, UnlockAsync = opened.UnlockAsync, Writers = opened.Writers, Host = opened.Host,
            OpenSource = DirectorySource.Open, OpenTarget = DirectoryRestoreTarget.Open,
            StateFolder = store is null ? opened.StateFolder : Path.Combine(_test.Root, "elsewhere", Guid.NewGuid().ToString("n")),   // a copy has an audit chain of its own
            CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock,
            HostView = HostView ?? opened.HostView, SyncsAtCommit = SyncsAtCommit, ConfiguredQuota = Quota, LocalMaxPercent = MaxPercent,
            Retention = new RetentionSettings(LocalDays, opened.Retention.RemoteDays, opened.Retention.ArchiveDays, Enum.GetValues<DataClass>().ToDictionary(c => c, _ => ClassDays)),
            FurtherTiers = store is not null ? new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>() : Tiers ?? new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => OpenRemote() },
        };
    }

    private ValueTask<IObjectStore> OpenRemote()
    {
        Openings++;
        return Away is { } away ? throw away : ValueTask.FromResult<IObjectStore>(new Unowned(Remote) { GuardsContent = Guards });
    }

    public void Write(string path, int length) => _test.Write(path, RandomNumberGenerator.GetBytes(length));

    public void Delete(string path) => File.Delete(Path.Combine(_test.ReserveRoot, path));

    public async Task<BackupResult> BackupAsync(BackupType type = BackupType.Incremental, List<string>? warnings = null, List<StingException>? errors = null)
    {
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var installation = Open();
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, default);
        return await TestInstallation.CompleteAsync<BackupResult>(Warned(BackupJob.RunAsync(installation, plan, default), warnings), errors);
    }

    public Task<TierSyncResult> SyncAsync(Tier tier = Tier.Remote, List<StingException>? errors = null, List<string>? warnings = null) =>
        TestInstallation.CompleteAsync<TierSyncResult>(Warned(TierSyncJob.RunAsync(Open(), tier, default), warnings), errors);

    public async Task<RetentionResult> RetainAsync(List<string>? warnings = null)
    {
        var installation = Open();
        return await TestInstallation.CompleteAsync<RetentionResult>(Warned(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default), warnings));
    }

    /// <summary>Opens every chunk that a point of one tier's objects reaches, with nothing but these.</summary>
    public async Task<IReadOnlyList<IntegrityFault>> VerifyAloneAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> objects)
    {
        await using var store = new MemoryObjectStore(objects);
        return (await Verify.RunAsync(Open(store), new VerifyRequest { Level = IntegrityLevel.Data })).Faults;
    }

    /// <summary>Restores what a run holds, and compares it with the reserve as it is where nothing changed since.</summary>
    public async Task<SortedDictionary<string, string>> RestoreAsync(string? backupId = null, Installation? installation = null, List<StingException>? errors = null)
    {
        var destination = Path.Combine(_test.Root, $"out-{Guid.NewGuid():n}");
        installation ??= Open();
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, BackupId = backupId }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
        return FolderImage.Read(destination);
    }

    public SortedDictionary<string, string> Image() => FolderImage.Read(_test.ReserveRoot);

    public static IReadOnlyList<string> Replicated(MemoryObjectStore store) => [.. store.Objects.Keys.Where(n => TierObjects.StepOf(n) is not null)];

    public static long Count(MemoryObjectStore store, string prefix) => store.Objects.Keys.LongCount(n => n.StartsWith(prefix, StringComparison.Ordinal));

    private static async IAsyncEnumerable<JobEvent> Warned(IAsyncEnumerable<JobEvent> job, List<string>? warnings)
    {
        await foreach (var happened in job)
        {
            if (happened is WarningEvent warning)
            {
                warnings?.Add(warning.Message);
            }
            yield return happened;
        }
    }

    public async ValueTask DisposeAsync() => await _test.DisposeAsync();

    /// <summary>The installation closes its tiers; the test's go on.</summary>
    internal sealed class Unowned(IObjectStore inner) : IObjectStore
    {
        public string Location => "s3://far/sting";
        public ILockingStore? Locking => inner.Locking;
        public bool GuardsContent { get; init; }
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
