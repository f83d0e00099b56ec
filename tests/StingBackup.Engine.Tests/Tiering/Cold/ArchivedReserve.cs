using StingBackup.Engine.Backup;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>A reserve whose local and archive tiers lie in memory; the archive's calls can be made to fail, and a new process finds what had arrived.</summary>
internal sealed class ArchivedReserve : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public ArchivedReserve(IObjectStore? archive = null, long packSize = 3 << 20)
    {
        Local = new MemoryObjectStore();
        Archive = new MemoryObjectStore();
        Faulty = new FaultyStore(Archive);
        Test = new TestInstallation(Local, Start)
        {
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Archive] = _ => ValueTask.FromResult(archive ?? Faulty) },
            Archiving = ArchiveOptions.Default with { PackSize = packSize },
            Settings = new ReserveSettings { Path = "/", Rules = [new ClassRule("whole/**", DataClass.Physical, "system"), new ClassRule("chunks/*/**", DataClass.Embeddings, "jar:{2}")] },
        };
    }

    public TestInstallation Test { get; }
    public MemoryObjectStore Local { get; private set; }
    public MemoryObjectStore Archive { get; private set; }
    public FaultyStore Faulty { get; private set; }

    /// <summary>A process that begins now: what was staged and had no barrier is gone.</summary>
    public Installation Open(IObjectStore? store = null)
    {
        Archive = new MemoryObjectStore(Archive.Objects);
        Faulty = new FaultyStore(Archive) { Before = Faulty.Before };
        var opened = Test.Open();
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = store ?? Local, UnlockAsync = opened.UnlockAsync, Writers = opened.Writers, Host = opened.Host,
            StateFolder = store is null ? opened.StateFolder : Path.Combine(Test.Root, "elsewhere", Guid.NewGuid().ToString("n")),   // a copy has an audit chain of its own
            CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = opened.Zone, Clock = opened.Clock, FurtherTiers = store is null ? Test.FurtherTiers : new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>(),
            Archiving = Test.Archiving,
        };
    }

    public Task<ArchiveResult> ArchiveAsync(List<StingException>? errors = null) => TestInstallation.CompleteAsync<ArchiveResult>(ColdRecut.RunAsync(Open(), null, default), errors);

    public void Advance(double days) => Test.Clock.Advance(TimeSpan.FromDays(days));

    /// <summary>The hot tier has let go of everything but what describes it.</summary>
    public void LoseLocalData(IEnumerable<string>? packs = null)
    {
        foreach (var name in packs ?? Names(Local, "data/"))
        {
            Local.DeleteAsync(name, default).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Looks through the archive tier as if it were the only one.</summary>
    public async Task<IReadOnlyList<IntegrityFault>> VerifyArchiveAsync(IntegrityLevel level) =>
        (await Verify.RunAsync(Open(new MemoryObjectStore(Archive.Objects)), new VerifyRequest { Level = level })).Faults;

    /// <summary>Restores everything and gives each file's content.</summary>
    public static async Task<Dictionary<string, byte[]>> RestoreAsync(Installation installation, string destination, string? backup = null, List<StingException>? errors = null)
    {
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, BackupId = backup, AllowPartial = true }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
        return Content(destination);
    }

    public static Dictionary<string, byte[]> Content(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f), File.ReadAllBytes, StringComparer.Ordinal);

    public static IReadOnlyList<string> Names(MemoryObjectStore store, string prefix) => [.. store.Objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal))];

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
