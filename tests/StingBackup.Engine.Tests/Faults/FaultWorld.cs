using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>
/// A reserve with real keys on disk and three tiers in memory, and what each of its runs must restore to. Each job opens it anew, as a process does: what was staged and had no barrier is gone by then.
/// </summary>
internal sealed partial class FaultWorld : IDisposable
{
    public const int ClassDays = 100;

    private readonly KeyFixture _keys;
    private readonly Dictionary<string, SortedDictionary<string, string>> _runs;
    /// <summary>Runs that told of items which they lack.</summary>
    private readonly HashSet<string> _partial = new(StringComparer.Ordinal);
    private TestOfficer? _officer;

    private FaultWorld(KeyFixture keys, Dictionary<string, SortedDictionary<string, string>> runs) => (_keys, _runs) = (keys, runs);

    public MemoryObjectStore Local { get; private set; } = new();
    public MemoryObjectStore Remote { get; private set; } = new();
    public MemoryObjectStore Archive { get; private set; } = new();
    public bool SyncsAtCommit { get; set; }
    /// <summary>Who is erased; null for nobody.</summary>
    public string? Erased { get; set; }
    /// <summary>Who may be erased already, or not yet.</summary>
    public string? Erasing { get; set; }
    public KeyFixture Keys => _keys;
    public string Reserve => Path.Combine(_keys.Folder, "reserve");

    /// <summary>Keys on this host, and nothing anywhere else.</summary>
    public static async Task<FaultWorld> CreateAsync()
    {
        var world = new FaultWorld(new KeyFixture(), []);
        var plan = new KeyCreator(world._keys.Environment, world._keys.Options).Plan(KeyFixture.Creation());
        (await ReserveKeys.CreateInAsync(world._keys.Environment, plan, null, default)).Dispose();
        return world;
    }

    /// <summary>The same in folders and stores of its own.</summary>
    public FaultWorld Copy() => new(_keys.Copy(), new(_runs))
    {
        Local = new(Local.Objects), Remote = new(Remote.Objects), Archive = new(Archive.Objects), SyncsAtCommit = SyncsAtCommit, Erased = Erased, Erasing = Erasing,
    };

    public void Write(string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine(Reserve, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    public void Delete(string path) => File.Delete(Path.Combine(Reserve, path));

    public void Advance(TimeSpan time) => _keys.Clock.Advance(time);

    /// <summary>A process begins.</summary>
    public async Task<Installation> OpenAsync(FaultScript? script = null)
    {
        (Local, Remote, Archive) = (new(Local.Objects), new(Remote.Objects), new(Archive.Objects));
        script ??= new FaultScript();
        IObjectStore store = new SweptStore(Local, Tier.Local, script), remote = new SweptStore(Remote, Tier.Remote, script), archive = new SweptStore(Archive, Tier.Archive, script);
        var keys = _keys.Open();
        var writers = await keys.LoadWritersAsync(store, default);
        var ledger = await keys.LoadLedgerAsync(store, default);
        SubjectReader? reader = null;
        return new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = Reserve, Map = ReserveMap.Compile(new ReserveSettings { Path = "/" }, UsersMap.Empty), Store = store,
            Host = new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(store, writers, ledger: ledger), keys.CacheKey), Writers = writers, Keys = keys, Ledger = ledger,
            UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(reader ??= keys.Unlock(null)), StateFolder = Path.Combine(_keys.Folder, "run-state"),
            CacheFolder = Path.Combine(_keys.Folder, "cache"), Threads = 1, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _keys.Clock, SyncsAtCommit = SyncsAtCommit, Warn = script.Warnings.Enqueue,
            Retention = new RetentionSettings(7, ClassDays, ClassDays, Enum.GetValues<DataClass>().ToDictionary(c => c, _ => ClassDays)), Archiving = ArchiveOptions.Default with { PackSize = 3 << 20 },
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => ValueTask.FromResult(remote), [Tier.Archive] = _ => ValueTask.FromResult(archive) },
        };
    }

    /// <summary>A backup a minute later; what it must restore to is the reserve as it is.</summary>
    public async Task BackupAsync(FaultScript? script, FaultTold told, BackupType type = BackupType.Incremental)
    {
        Advance(TimeSpan.FromMinutes(1));
        await using var installation = await OpenAsync(script);
        var result = await told.RunAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default));
        if (result.BackupId is { } id)
        {
            _runs[id] = FolderImage.Files(Reserve);
            if (result.Errors > 0)
            {
                _partial.Add(id);
            }
        }
    }

    /// <summary>A dangerous deed is asked for and approved, not done.</summary>
    public async Task ApproveAsync(Func<Installation, Task> deed)
    {
        await using var installation = await OpenAsync();
        var tries = 0;
        await (_officer ??= new TestOfficer(_keys.Folder, _keys.Clock)).ApprovedAsync(installation, async () =>
        {
            if (tries++ == 0)
            {
                await deed(installation);
            }
            return 0;
        });
    }

    public void Dispose() => _keys.Dispose();
}
