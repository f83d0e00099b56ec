using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.World;

/// <summary>What every world begins with: a reserve whose keys were made, three enrolled hosts, and a second identity that approves. Made once a process, since key pairs cost more than steps.</summary>
internal sealed class WorldTemplate
{
    private const int Spares = 48;
    // On one thread, so that spares are drawn in their order and each process makes the same.
    private static readonly Lazy<Task<WorldTemplate>> Made = new(() => Task.Factory.StartNew(MakeAsync, default, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap());

    public required SimulatedDisk Disk { get; init; }
    public required MemoryObjectStore Store { get; init; }
    public required IReadOnlyList<KeyOptions> Hosts { get; init; }
    public required IReadOnlyList<Id16> Writers { get; init; }
    public required EnrolledWriters Enrolled { get; init; }
    public required ReadOnlyMemory<byte> KeyRole { get; init; }
    public required Id16 Reserve { get; init; }
    public required TestOfficer Officer { get; init; }
    public required string Folder { get; init; }

    public static Task<WorldTemplate> GetAsync() => Made.Value;

    /// <summary>Where simulated hosts have their state: memory where the system has such a folder, so that nothing waits for a disk.</summary>
    public static string NewFolder() => OperatingSystem.IsLinux() && Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/sting-world-{Environment.ProcessId}-{Guid.NewGuid():n}").FullName : Directory.CreateTempSubdirectory("sting-world-").FullName;

    private static async Task<WorldTemplate> MakeAsync()
    {
        // Hosts that wait for their turn within a write of a key file hold a thread each.
        ThreadPool.GetMinThreads(out var threads, out var ports);
        ThreadPool.SetMinThreads(Math.Max(threads, 32), ports);
        var (disk, store, folder, start) = (new SimulatedDisk(), new SimulatedTier(Tier.Local), NewFolder(), SimulatedWorld.Start);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var gate = new Gate { IsOpen = true };
        var environment = new KeyEnvironment(new WorldClock(() => start), new SeededRandom(int.MinValue), new HostKeyFiles(disk, gate));
        KeyOptions[] hosts = [.. Enumerable.Range(0, 3).Select(host => new KeyOptions
        {
            KeyDirectory = host < 2 ? "/keys/role" : "/keys/none", HostStateDirectory = $"/host{host}", KeyStoreReplicas = host < 2 ? ["/keys/store-1", "/keys/store-2"] : ["/keys/none/store-1", "/keys/none/store-2"],
            EpochPlaces = host < 2 ? ["/keys/epoch-1", "/keys/epoch-2"] : ["/keys/none/epoch-1", "/keys/none/epoch-2"], Spares = Spares,
        })];
        var plan = new KeyCreator(environment, hosts[0]).Plan(KeyFixture.Creation(spares: Spares));
        using var keys = await ReserveKeys.CreateInAsync(environment, plan, null, default);
        await keys.PublishAsync(new HostStore(store, gate), default);
        using var reader = keys.Unlock(null);
        for (var host = 1; host < hosts.Length; host++)
        {
            var request = HostRequest.Read(ReserveKeys.MakeRequest(environment, hosts[host], $"host-{host}"), "request");
            var package = await keys.EnrollAsync(reader, request.ToWriter() with { MayMaintain = host == 1 }, isNew: true, Spares, default);
            await keys.PublishAsync(new HostStore(store, gate), default);
            await ReserveKeys.JoinAsync(environment, hosts[host], keys.KeyRoleFingerprint, HostPackage.Read(package, "package"), "package", default);
        }
        var officer = new TestOfficer(folder, environment.Clock);
        Id16[] writers = [.. hosts.Select(options =>
        {
            using var own = ReserveKeys.OpenIn(environment, options, null);
            return own.WriterId;
        })];
        var template = new WorldTemplate
        {
            Disk = disk, Store = store.Store, Hosts = hosts, Writers = writers, Enrolled = await keys.LoadWritersAsync(new HostStore(store, gate), default), KeyRole = keys.KeyRoleKeys.ToArray(), Reserve = keys.ReserveId,
            Officer = officer, Folder = folder,
        };
        // Whoever approves is enrolled by the first host, whose audit chain begins with that.
        await using var world = new SimulatedWorld(template, new WorldShape(2, HasRemote: false), null);
        var running = new RunningVerb(Verb.Hold, 0, new Gate { IsOpen = true });
        await using (var installation = await world.Hosts[0].OpenAsync(running))
        {
            await officer.EnrolAsync(installation);
        }
        WorldHost.CopyFolder(world.Hosts[0].Folder, Path.Combine(folder, "host0"));
        foreach (var (name, bytes) in world.Tiers[Tier.Local].Objects)
        {
            await template.Store.PutAsync(name, bytes, default);
        }
        return new WorldTemplate
        {
            Disk = world.Disk, Store = template.Store, Hosts = hosts, Writers = writers, Enrolled = template.Enrolled, KeyRole = template.KeyRole, Reserve = template.Reserve, Officer = officer, Folder = folder,
        };
    }
}
