using System.Collections.Concurrent;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>The states of a repository at which verbs begin. Each is made once, and every case takes a copy.</summary>
internal sealed class FaultWorlds : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<FaultWorld>>> _made = new(StringComparer.Ordinal);

    /// <summary>Keys and a reserve, and no repository.</summary>
    public const string Bare = "bare";
    /// <summary>A repository without a run.</summary>
    public const string Empty = "empty";
    /// <summary>Two runs on the local tier alone, a changed reserve, a second host that never wrote.</summary>
    public const string Two = "two";
    /// <summary>The same on the remote tier, and a third run that is not there yet.</summary>
    public const string Synced = "synced";
    /// <summary>The time of all runs but the newest is over.</summary>
    public const string Aged = "aged";
    /// <summary>Retention has let them go.</summary>
    public const string Dropped = "dropped";
    /// <summary>The local sweep is done, and the remote tier knows.</summary>
    public const string Swept = "swept";
    /// <summary>A week later the archive has what is old enough, and a younger run waits.</summary>
    public const string Archived = "archived";
    /// <summary>The local tier has let its content go to the remote one.</summary>
    public const string LetGo = "let go";
    /// <summary>Objects of several kinds are missing from the local tier.</summary>
    public const string Damaged = "damaged";
    /// <summary>Objects of several kinds are missing from the remote tier.</summary>
    public const string DamagedAfar = "damaged afar";
    /// <summary>An erasure is approved and due.</summary>
    public const string Condemned = "condemned";
    /// <summary>Somebody is on hold.</summary>
    public const string Held = "held";

    /// <summary>The format record is one of before it named a program.</summary>
    public const string Earlier = "earlier";

    public static string RequestOf(FaultWorld world) => Path.Combine(world.Keys.Folder, "host-b.request");

    /// <summary>A copy of a state.</summary>
    public async Task<FaultWorld> TakeAsync(string name) => (await _made.GetOrAdd(name, _ => new(() => MakeAsync(name))).Value).Copy();

    private async Task<FaultWorld> MakeAsync(string name)
    {
        switch (name)
        {
            case Bare:
                return Fill(await FaultWorld.CreateAsync());
            case Empty:
                return await FromAsync(Bare, FaultVerbs.PublishAsync);
            case Two:
                return await FromAsync(Empty, async (world, script, told) =>
                {
                    await world.BackupAsync(script, told);
                    world.Write("users/ada/second.bin", Noise(3, 30_000));
                    world.Write("users/bob/photo.raw", Noise(4, 30_000));
                    await world.BackupAsync(script, told);
                    await EnrolSecondHostAsync(world);
                    world.Write("jars/j1/later.md", "comb"u8);
                    world.Write("users/bob/photo.raw", Noise(5, 30_000));
                });
            case Synced:
                return await FromAsync(Two, async (world, script, told) =>
                {
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                    await world.BackupAsync(script, told);
                    world.Write("users/ada/third.bin", Noise(6, 20_000));
                });
            case Aged:
                return await FromAsync(Synced, async (world, script, told) =>
                {
                    world.Advance(TimeSpan.FromDays(FaultWorld.ClassDays + 1));
                    await world.BackupAsync(script, told);
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                });
            case Dropped:
                return await FromAsync(Aged, FaultVerbs.RetainAsync);
            case Swept:
                return await FromAsync(Dropped, async (world, script, told) =>
                {
                    await FaultVerbs.SweepAsync(Tier.Local)(world, script, told);
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                });
            case Archived:
                return await FromAsync(Synced, async (world, script, told) =>
                {
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                    world.Advance(TimeSpan.FromDays(8));
                    await FaultVerbs.ArchiveAsync(world, script, told);
                    await world.BackupAsync(script, told);
                    world.Advance(TimeSpan.FromDays(8));
                });
            case LetGo:
                return await FromAsync(Archived, async (world, script, told) =>
                {
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                    await FaultVerbs.RetainAsync(world, script, told);
                });
            case Damaged:
            case DamagedAfar:
                return await FromAsync(Synced, async (world, script, told) =>
                {
                    await FaultVerbs.SyncAsync(Tier.Remote)(world, script, told);
                    var store = name == Damaged ? world.Local : world.Remote;
                    foreach (var kind in (string[])["data/", "meta/", "index/", "subjects/", "points/", "writers/"])
                    {
                        // Names are drawn; lengths are not.
                        await store.DeleteAsync(store.Objects.Where(o => o.Key.StartsWith(kind, StringComparison.Ordinal)).MaxBy(o => o.Value.Length).Key, default);
                    }
                });
            case Condemned:
                return await FromAsync(Synced, async (world, script, told) =>
                {
                    await world.ApproveAsync(installation => FaultVerbs.RequestErasureAsync(installation));
                    await using (var installation = await world.OpenAsync())
                    {
                        await FaultVerbs.RequestErasureAsync(installation);
                    }
                    world.Advance(TimeSpan.FromDays(10));
                    Directory.Delete(Path.Combine(world.Reserve, "users/ada"), recursive: true);
                    world.Erasing = "users/ada";
                });
            case Earlier:
                return await FromAsync(Two, async (world, _, _) =>
                {
                    await using var installation = await world.OpenAsync();
                    await installation.Keys!.RenewFormatAsync((SubjectReader)await installation.UnlockAsync(default), installation.Store, format => format with { Program = "" }, default);
                });
            default:
                return await FromAsync(Two, FaultVerbs.HoldAsync);
        }
    }

    private async Task<FaultWorld> FromAsync(string name, Func<FaultWorld, FaultScript?, FaultTold, Task> go)
    {
        var world = await TakeAsync(name);
        var told = new FaultTold();
        await go(world, null, told);
        return world;
    }

    private static FaultWorld Fill(FaultWorld world)
    {
        world.Write("config/app.conf", "workers = 4"u8);
        world.Write("users/ada/diary.bin", Noise(1, 40_000));
        world.Write("users/ada/small.txt", "a small one"u8);
        world.Write("users/bob/photo.raw", Noise(2, 30_000));
        world.Write("users/bob/own.txt", "Bob's"u8);
        world.Write("jars/j1/doc.md", "honey"u8);
        return world;
    }

    private static async Task EnrolSecondHostAsync(FaultWorld world)
    {
        foreach (var host in (string[])["host-b", "host-c"])
        {
            var options = world.Keys.Options with { HostStateDirectory = Path.Combine(world.Keys.Folder, host) };
            await File.WriteAllBytesAsync(Path.Combine(world.Keys.Folder, host + ".request"), ReserveKeys.MakeRequest(world.Keys.Environment, options, host));
        }
        await using var installation = await world.OpenAsync();
        await HostRegistry.IssueAsync(installation, HostRegistry.PlanEnrol(installation, Path.Combine(world.Keys.Folder, "host-c.request"), Path.Combine(world.Keys.Folder, "host-c.package"), 3), default);
    }

    private static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var made in _made.Values)
        {
            (await made.Value).Dispose();
        }
    }
}
