using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests;

/// <summary>A reserve in a temporary folder, a repository beside it, keys in memory, a clock that starts now, as the files do, and that tests turn.</summary>
internal sealed class TestInstallation : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly byte[] _cacheKey = RandomNumberGenerator.GetBytes(32);
    private readonly Lazy<Installation> _installation;

    public TestInstallation(IObjectStore? store = null, DateTimeOffset? clock = null)
    {
        Clock = new WaitedClock(clock ?? TimeProvider.System.GetUtcNow());
        Directory.CreateDirectory(ReserveRoot);
        Directory.CreateDirectory(RepositoryRoot);
        Store = store ?? DirectoryObjectStore.Open(RepositoryRoot);
        _installation = new(() => Open());
    }

    public string Root => _folder.Path;
    public string ReserveRoot => Path.Combine(Root, "reserve");
    public string RepositoryRoot => Path.Combine(Root, "repository");
    public TestKeys Keys { get; init; } = new();
    public WaitedClock Clock { get; }
    public IObjectStore Store { get; }
    public ReserveSettings Settings { get; init; } = new() { Path = "/" };
    public int Threads { get; init; } = 4;
    /// <summary>Put between the job and the source.</summary>
    public Func<ISourceTree, ISourceTree> WrapSource { get; set; } = source => source;

    /// <summary>Put between the job and the target.</summary>
    public Func<IRestoreTarget, IRestoreTarget> WrapTarget { get; set; } = target => target;
    /// <summary>What is read besides the reserve's folder.</summary>
    public IReadOnlyList<ReserveSource> FurtherSources { get; set; } = [];
    /// <summary>What the installation was opened from, where a test has a file for it.</summary>
    public StingConfiguration? Configuration { get; set; }
    public IReadOnlyList<DataClass> Priority { get; init; } = ScheduleSettings.Priority.Default;
    public TimeSpan TempFilesAge { get; init; }
    /// <summary>Tiers behind the store; the test disposes their stores.</summary>
    public IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> FurtherTiers { get; init; } = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>();
    public ArchiveOptions Archiving { get; set; } = ArchiveOptions.Default;
    public AnomalyOptions Guarding { get; init; } = AnomalyOptions.Default;
    public UsersMap Users { get; init; } = UsersMap.Empty;
    public IHostView HostView { get; init; } = new HostView();
    public HostingProcess Process { get; init; } = HostingProcess.Session;
    public LimitKeeper Limits { get; init; } = LimitKeeper.OfProcess;
    /// <summary>How a journal of changes is used; the test runs the watcher.</summary>
    public Engine.Changes.ChangeJournalOptions? Journal { get; set; }
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;
    /// <summary>Whether the host keeps copies of what never changes in the store, as it does of a bucket's.</summary>
    public bool Recalls { get; init; }
    /// <summary>What restore drills have shown.</summary>
    public IDrillEvidence? Drills { get; init; }

    /// <summary>What jobs get. One for all calls, like a process; <see cref="Open"/> makes another.</summary>
    public Installation Installation => _installation.Value;

    public Installation Open(UsersMap? users = null, string cache = "cache", bool journal = true) => new()
    {
        Reserve = Keys.Reserve, ReserveRoot = ReserveRoot, Map = ReserveMap.Compile(Settings, users ?? Users), Users = users ?? Users, Store = Store, FurtherTiers = FurtherTiers,
        Host = new HostRole(Keys.Writer, Keys.Signer, Keys, _cacheKey), Writers = Keys.Writers, UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(Keys),
        StateFolder = Path.Combine(Root, "state"), CacheFolder = Path.Combine(Root, cache), Journal = journal ? Journal : null, Threads = Threads, ZstdLevel = 3, Zone = Zone, Clock = Clock,
        OpenSource = root => WrapSource(DirectorySource.Open(root)), OpenTarget = root => WrapTarget(DirectoryRestoreTarget.Open(root)), HostView = HostView, FurtherSources = FurtherSources, Configuration = Configuration, Priority = Priority, TempFilesAge = TempFilesAge, Archiving = Archiving, Guarding = Guarding, Drills = Drills, Process = Process, Limits = Limits, Recalls = Recalls,
    };

    /// <summary>Writes a file of the reserve, folders included.</summary>
    public string Write(string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine(ReserveRoot, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
        return full;
    }

    /// <summary>Runs a backup, a minute after the one before; fails on any failed item unless told otherwise.</summary>
    public async Task<BackupResult> BackupAsync(BackupType type = BackupType.Incremental, List<StingException>? errors = null, IReadOnlyList<DataClass>? classes = null)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        var plan = await BackupJob.PlanAsync(Installation, type, classes, due: false, default);
        return await CompleteAsync<BackupResult>(BackupJob.RunAsync(Installation, plan, default), errors);
    }

    /// <summary>Runs a job to its result.</summary>
    public static async Task<T> CompleteAsync<T>(IAsyncEnumerable<JobEvent> job, List<StingException>? errors = null, List<object>? output = null)
    {
        object? result = null;
        await foreach (var jobEvent in job)
        {
            switch (jobEvent)
            {
                case ItemFailedEvent failed when errors is null: throw failed.Error;
                case ItemFailedEvent failed: errors.Add(failed.Error); break;
                case OutputEvent value: output?.Add(value.Value); break;
                case CompletedEvent completed: result = completed.Result; break;
            }
        }
        return Assert.IsType<T>(result);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Keys.Dispose();
        _folder.Dispose();
    }
}
