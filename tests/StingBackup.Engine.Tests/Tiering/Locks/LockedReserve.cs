using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Keeping;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tests.Storage.Locks;
using StingBackup.Engine.Tiering;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Tiering.Locks;

/// <summary>A reserve whose remote tier, and archive where it is asked for, lock what is stored there. What lies below <c>whole/</c> is a capture of a whole server. Each job opens it anew, as commands do.</summary>
internal sealed class LockedReserve : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan AtLeast = TimeSpan.FromDays(2);

    public LockedReserve(bool withArchive = false)
    {
        Test = new TestInstallation(Local, Start) { Settings = new ReserveSettings { Path = "/", Rules = [new ClassRule("whole/**", DataClass.Physical, "system")] } };
        Remote = new LockedBucket(Test.Clock);
        Archive = new LockedBucket(Test.Clock);
        WithArchive = withArchive;
    }

    public TestInstallation Test { get; }
    public MemoryObjectStore Local { get; private set; } = new();
    public LockedBucket Remote { get; }
    public LockedBucket Archive { get; }
    public bool WithArchive { get; }
    public TierLockMode Mode { get; set; } = TierLockMode.Compliance;
    public bool SyncsAtCommit { get; set; }
    public int ClassDays { get; set; } = 100;
    public int PhysicalDays { get; set; } = 14;
    public ThinningSettings? Thinning { get; set; }
    /// <summary>Asked before each call on the remote tier.</summary>
    public Action<string, string> Before { get; set; } = (_, _) => { };
    public List<string> Warnings { get; } = [];
    public DateTimeOffset Now => Test.Clock.GetUtcNow();

    public Installation Open(IObjectStore? store = null)
    {
        var opened = Test.Open();
        var tiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(new TierReserve.Unowned(new FaultyStore(new LockingMemoryStore(Remote, Mode, AtLeast)) { Before = Before })) };
        if (WithArchive)
        {
            tiers[Tier.Archive] = _ => ValueTask.FromResult<IObjectStore>(new TierReserve.Unowned(new LockingMemoryStore(Archive, Mode, AtLeast)));
        }
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = store ?? Local, UnlockAsync = opened.UnlockAsync, Writers = opened.Writers, Host = opened.Host,
            OpenSource = DirectorySource.Open, OpenTarget = DirectoryRestoreTarget.Open, StateFolder = opened.StateFolder, CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock,
            HostView = opened.HostView, SyncsAtCommit = SyncsAtCommit, ConfiguredQuota = long.MaxValue, LocalMaxPercent = 100, FurtherTiers = store is null ? tiers : new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>(),
            Archiving = ArchiveOptions.Default with { PackSize = 3 << 20 }, Locks = store is null ? tiers.Keys.ToDictionary(t => t, _ => new Engine.Storage.S3.S3Lock(Mode, AtLeast)) : new Dictionary<Tier, Engine.Storage.S3.S3Lock>(),
            Retention = new RetentionSettings(7, 30, 365, Enum.GetValues<DataClass>().ToDictionary(c => c, c => c == DataClass.Physical ? PhysicalDays : ClassDays)) { Thinning = Thinning },
        };
    }

    public void Write(string path, int length) => Test.Write(path, RandomNumberGenerator.GetBytes(length));

    public void Delete(string path) => File.Delete(Path.Combine(Test.ReserveRoot, path));

    public void Advance(double days) => Test.Clock.Advance(TimeSpan.FromDays(days));

    public async Task<BackupResult> BackupAsync()
    {
        Test.Clock.Advance(TimeSpan.FromMinutes(1));
        var installation = Open();
        return await RunAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default), default));
    }

    public Task<TierSyncResult> SyncAsync(Tier tier = Tier.Remote) => RunAsync<TierSyncResult>(TierSyncJob.RunAsync(Open(), tier, default));

    public async Task<RetentionResult> RetainAsync() => await RunAsync<RetentionResult>(RetentionJob.RunAsync(Open(), await RetentionJob.PlanAsync(Open(), null, default), default));

    public Task<PruneResult> PruneAsync(Tier tier) => RunAsync<PruneResult>(PruneJob.RunAsync(Open(), tier, default));

    public async Task<PruneResult> SweepAsync(Tier tier)
    {
        await PruneAsync(tier);
        await PruneAsync(tier);
        Test.Clock.Advance(TimeSpan.FromHours(49));
        return await PruneAsync(tier);
    }

    public async Task<SortedDictionary<string, string>> RestoreAsync(Installation installation)
    {
        var destination = Path.Combine(Test.Root, $"out-{Guid.NewGuid():n}");
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination }, default);
        await RunAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
        return FolderImage.Read(destination);
    }

    public SortedDictionary<string, string> Image() => FolderImage.Read(Test.ReserveRoot);

    /// <summary>Names of a bucket that begin so, and the day on which the lock of each ends.</summary>
    public static Dictionary<string, DateTimeOffset> Ends(LockedBucket bucket, string prefix) =>
        bucket.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(k => k, k => bucket.Of(k)[0].Until, StringComparer.Ordinal);

    public static DateTimeOffset Day(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);

    private async Task<T> RunAsync<T>(IAsyncEnumerable<JobEvent> job)
    {
        async IAsyncEnumerable<JobEvent> Noted()
        {
            await foreach (var happened in job)
            {
                if (happened is WarningEvent warning)
                {
                    Warnings.Add(warning.Message);
                }
                yield return happened;
            }
        }
        return await TestInstallation.CompleteAsync<T>(Noted());
    }

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
