using System.Collections.Immutable;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.World;

/// <summary>What the world is, besides its schedule.</summary>
/// <param name="Hosts">Two or three: the third only writes.</param>
/// <param name="HasRemote">Whether there is a further tier.</param>
internal sealed record WorldShape(int Hosts, bool HasRemote);

/// <summary>The time of the world, and how far one host's clock is from it.</summary>
internal sealed class WorldClock(Func<DateTimeOffset> now) : TimeProvider
{
    public TimeSpan Ahead { get; set; }
    public override DateTimeOffset GetUtcNow() => now() + Ahead;
    public override long GetTimestamp() => now().UtcTicks;
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
}

/// <summary>A verb that a host is carrying out.</summary>
internal sealed class RunningVerb(Verb verb, int argument, Gate gate)
{
    public Verb Verb { get; } = verb;
    public int Argument { get; } = argument;
    public Gate Gate { get; } = gate;
    public List<HostStore> Stores { get; } = [];
    public HostKeyFiles Files { get; set; } = null!;
    public ISigner Signer { get; set; } = null!;
    public Task Work { get; set; } = Task.CompletedTask;
    /// <summary>The reserve as it stood when the verb began: what a run reads.</summary>
    public ImmutableSortedDictionary<string, SimulatedFile> Reserve { get; set; } = ImmutableSortedDictionary<string, SimulatedFile>.Empty;
    public IReadOnlySet<string> Unreadable { get; set; } = new HashSet<string>();
    /// <summary>Where it restores to.</summary>
    public MemoryTarget Target { get; } = new();
    /// <summary>The person that it is about.</summary>
    public string? Who { get; set; }
    /// <summary>The run that it restores.</summary>
    public (Id16 Writer, long Sequence)? Point { get; set; }
    /// <summary>Who may have been held when it began.</summary>
    public IReadOnlySet<string> HeldThen { get; init; } = new HashSet<string>();
    public DateTimeOffset Began { get; init; }
    /// <summary>Number of the step at which it began.</summary>
    public long BeganAt { get; init; }
    /// <summary>Number of the step at which it began to look through the local tier, a verification the second time.</summary>
    public long LookedAt { get; set; }
    /// <summary>Whether something was done to it, so that it may fail.</summary>
    public bool WasDisturbed { get; set; }
}

/// <summary>One host: its part of the disk, its clock, its reserve, and the verb that it carries out. Its state folder lies on a file system in memory.</summary>
internal sealed class WorldHost(SimulatedWorld world, int number, KeyOptions options, string folder)
{
    private readonly SimulatedWorld _world = world;
    private int _lives;

    public int Number { get; } = number;
    public KeyOptions Options { get; } = options;
    public WorldClock Clock { get; } = new(() => world.Now);
    public ImmutableSortedDictionary<string, SimulatedFile> Reserve { get; set; } = ImmutableSortedDictionary.Create<string, SimulatedFile>(StringComparer.Ordinal);
    public RunningVerb? Running { get; set; }
    public string Folder { get; private set; } = folder;
    /// <summary>Whether it has the key directory: then it may maintain, restore, erase.</summary>
    public bool HasKeys => Number < 2;

    /// <summary>Opens the installation as a command does, anew each time.</summary>
    public async Task<Installation> OpenAsync(RunningVerb running)
    {
        var mutation = _world.Mutation;
        running.Files ??= mutation?.Files(_world.Disk, running.Gate) ?? new HostKeyFiles(_world.Disk, running.Gate);
        var seed = (int)((running.BeganAt * 8) + Number);
        var keys = ReserveKeys.OpenIn(new KeyEnvironment(Clock, new SeededRandom(seed), running.Files), Options, null);
        IObjectStore Store(Tier tier)
        {
            var store = new HostStore(_world.Tiers[tier], running.Gate);
            running.Stores.Add(store);
            return mutation?.Wrap(_world, this, store) ?? store;
        }
        var local = Store(Tier.Local);
        var writers = await keys.LoadWritersAsync(local, default);
        var ledger = await keys.LoadLedgerAsync(local, default);
        SubjectReader? reader = null;
        running.Signer = keys.Signer;
        var further = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>();
        if (_world.Shape.HasRemote)
        {
            // As StoreFactory does with a bucket; a pause on the way costs simulated time alone.
            further[Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(new RetryingObjectStore(Store(Tier.Remote), SimulatedWorld.Retry));
        }
        return new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = "/reserve", Map = SimulatedWorld.Map, Store = local, FurtherTiers = further, Keys = keys, Writers = writers, Ledger = ledger,
            Host = new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(local, writers, ledger: ledger), keys.CacheKey),
            UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(reader ??= keys.Unlock(null)),
            UnlockWithSecretAsync = _ => ValueTask.FromResult<(SubjectReader, SecretBytes?)>((reader ??= keys.Unlock(null), null)),
            OpenSource = _ => new MemoryTree(running.Reserve, running.Unreadable), OpenTarget = _ => running.Target, StateFolder = Path.Combine(Folder, "state"), CacheFolder = Path.Combine(Folder, "cache"),
            Threads = 1, ZstdLevel = 1, Zone = TimeZoneInfo.Utc, Clock = Clock, Random = new SeededRandom(-1 - seed), SyncsAtCommit = false, LocalMaxPercent = 100, ConfiguredQuota = long.MaxValue, ErasureDelay = SimulatedWorld.ErasureDelay,
            Retention = SimulatedWorld.Retention, PruneGrace = mutation?.Grace ?? SimulatedWorld.Grace, MaxWaste = 0.2, PackSizes = new PackSizes(6 << 10, 6 << 10),
            Guarding = AnomalyOptions.Default with { IsOn = false },   // files of noise that change whole look like an encryptor's
        };
    }

    /// <summary>
    /// The host goes down: nothing of its process reaches the world any more, the call that was on its way is done, in part or not at all, and what was staged lands or does not. Its folder goes on as it was at that
    /// moment: what a dying process still writes there is not seen; caches and journals, which are never synced, may be torn or gone.
    /// </summary>
    public async Task CrashAsync(Random random)
    {
        var running = Running!;
        _lives++;
        var next = $"{Folder.Split('~')[0]}~{_lives}";
        CopyFolder(Folder, next);
        foreach (var call in running.Gate.GoDown())
        {
            if (random.Next(3) == 0)
            {
                call.Torn?.Invoke(random);
            }
            call.Fail(new HostCrashed(), happens: call.Torn is null && random.Next(3) == 0);
        }
        running.Files?.DropLocks();
        foreach (var store in running.Stores)
        {
            store.Crash(random);
        }
        Tear(next, random);
        await running.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Directory.Delete(Folder, recursive: true);
        Folder = next;
        Running = null;
    }

    private static void Tear(string folder, Random random)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if ((file.Contains("/cache/", StringComparison.Ordinal) || file.EndsWith(".packs", StringComparison.Ordinal)) && random.Next(4) == 0)
            {
                using var torn = new FileStream(file, FileMode.Open);
                torn.SetLength(random.Next(3) == 0 ? 0 : random.NextInt64(torn.Length + 1));
            }
        }
    }

    public static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            try
            {
                File.WriteAllBytes(Path.Combine(to, Path.GetRelativePath(from, file)), Read(file));
            }
            catch (IOException e) when (e.HResult == Errno.ENOENT)
            {
                // It was renamed while we looked: a process that still runs is between two names.
            }
        }
    }

    private static byte[] Read(string path)
    {
        // Not by FileStream, which would wait for the lock of whoever writes.
        using var file = Durable.OpenExisting(path, write: false);
        var bytes = new byte[RandomAccess.GetLength(file)];
        return bytes[..RandomAccess.Read(file, bytes, 0)];
    }
}
