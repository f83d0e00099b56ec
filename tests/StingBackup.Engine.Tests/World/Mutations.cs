using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.World;

/// <summary>A way to a tier on which some calls are made otherwise than the engine asked.</summary>
internal abstract class BentStore(HostStore inner) : IObjectStore
{
    protected HostStore Inner => inner;
    public string Location => inner.Location;
    public virtual ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
    public virtual ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
    public virtual ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
    public virtual IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
    public virtual ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Commit before the barrier: the run's barriers are put off until its point stands.</summary>
internal sealed class CommitsBeforeTheBarrier : Mutation
{
    public override IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => store.Held.Tier == Tier.Local && host.Running?.Verb is Verb.Backup or Verb.Full ? new Bent(store) : store;

    private sealed class Bent(HostStore inner) : BentStore(inner)
    {
        public override ValueTask BarrierAsync(CancellationToken cancel) => ValueTask.CompletedTask;

        public override async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            var created = await Inner.PutAsync(name, content, cancel).ConfigureAwait(false);
            if (ObjectKinds.Of(name) == ObjectKind.Point)
            {
                await Inner.BarrierAsync(cancel).ConfigureAwait(false);
            }
            return created;
        }
    }
}

/// <summary>List sessions before the mark is written: what a sweep lists after its mark is what it would have listed before.</summary>
internal sealed class ListsSessionsBeforeTheMark : Mutation
{
    public override IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => host.Running?.Verb == Verb.Sweep ? new Bent(store) : store;

    private sealed class Bent(HostStore inner) : BentStore(inner)
    {
        private List<ObjectInfo>? _before;

        public override async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            if (name.StartsWith(MarkRecord.Prefix, StringComparison.Ordinal) && name.EndsWith("/1", StringComparison.Ordinal))
            {
                _before = await Inner.ListAsync("sessions/", cancel).ToListAsync(cancel).ConfigureAwait(false);
            }
            return await Inner.PutAsync(name, content, cancel).ConfigureAwait(false);
        }

        public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => prefix == "sessions/" && Interlocked.Exchange(ref _before, null) is { } before ? before.ToAsyncEnumerable() : Inner.ListAsync(prefix, cancel);
    }
}

/// <summary>Adopt from a marked pack: a run sees no marks.</summary>
internal sealed class AdoptsFromMarkedPacks : Mutation
{
    public override IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => host.Running?.Verb is Verb.Backup or Verb.Full ? new Bent(store) : store;

    private sealed class Bent(HostStore inner) : BentStore(inner)
    {
        public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => prefix == MarkRecord.Prefix ? AsyncEnumerable.Empty<ObjectInfo>() : Inner.ListAsync(prefix, cancel);
    }
}

/// <summary>No void point: the number of a run that died is passed over.</summary>
internal sealed class WritesNoVoidPoint : Mutation
{
    public override IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => host.Running?.Verb is Verb.Backup or Verb.Full ? new Bent(store) : store;

    private sealed class Bent(HostStore inner) : BentStore(inner)
    {
        public override ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
            ObjectKinds.Of(name) == ObjectKind.Point && PointRecord.Guess(content) is { IsVoid: true } ? ValueTask.FromResult(true) : Inner.PutAsync(name, content, cancel);
    }
}

/// <summary>A merge that drops a <c>removes</c>: what a sweep writes in the place of fragments says again what they name, and not what they removed.</summary>
internal sealed class MergesDropRemoves : Mutation
{
    public override IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => host.Running?.Verb == Verb.Sweep ? new Bent(store, world, host) : store;

    private sealed class Bent(HostStore inner, SimulatedWorld world, WorldHost host) : BentStore(inner)
    {
        public override async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            if (ObjectKinds.Of(name) != ObjectKind.Index || world.Parse(name, content) is not { Removes.Count: > 0, Supersedes.Count: > 0 } merge)
            {
                return await Inner.PutAsync(name, content, cancel).ConfigureAwait(false);
            }
            // Only what the fragments had removed that this one stands for; what it removes by itself stays.
            var earlier = merge.Supersedes.Select(s => s.Name).Where(world.Tiers[Tier.Local].Objects.ContainsKey).Select(n => world.Parse(n, world.Tiers[Tier.Local].Objects[n])).SelectMany(f => f.Removes).ToHashSet();
            var bytes = world.WithoutRemoves(host, merge, earlier);
            return await Inner.PutAsync(new FragmentName(merge.Level, new Id32(SHA256.HashData(bytes))).Name, bytes, cancel).ConfigureAwait(false);
        }
    }
}

/// <summary>Switch the turn before replicas are read back: their new files are still on the way when the turn is created.</summary>
internal sealed class SwitchesBeforeReplicas : Mutation
{
    public override HostKeyFiles Files(SimulatedDisk disk, Gate gate) => new Late(disk, gate);

    private sealed class Late(SimulatedDisk disk, Gate gate) : HostKeyFiles(disk, gate)
    {
        private readonly List<(string Path, byte[] Bytes)> _late = [];

        public override byte[]? Read(string path, long offset = 0) => _late.LastOrDefault(l => l.Path == path) is { Bytes: { } bytes } ? bytes[(int)offset..] : base.Read(path, offset);

        public override void Replace(string path, ReadOnlySpan<byte> content)
        {
            if (path.EndsWith(".keys", StringComparison.Ordinal) && !Disk.All.ContainsKey(Turns.PathOf("/keys/store-1", uint.Parse(Path.GetFileName(path).AsSpan(6, 10), System.Globalization.CultureInfo.InvariantCulture))))
            {
                _late.Add((path, content.ToArray()));
                return;
            }
            base.Replace(path, content);
        }

        public override bool Create(string path, ReadOnlySpan<byte> content)
        {
            var created = base.Create(path, content);
            if (path.Contains("/turn/", StringComparison.Ordinal))
            {
                foreach (var (late, bytes) in _late.ToList())
                {
                    base.Replace(late, bytes);
                    _late.Remove((late, bytes));
                }
            }
            return created;
        }
    }
}

/// <summary>Merge a returning replica: before an erasure destroys what a place brought back of an earlier epoch, its records are taken over into the epoch of now, where that epoch's secret is there too.</summary>
internal sealed class MergesReturningReplicas : Mutation
{
    public override HostKeyFiles Files(SimulatedDisk disk, Gate gate) => new Merging(disk, gate);

    public override Func<SimulatedWorld, WorldHost, RunningVerb, Installation, Task>? BeforeAsync => static (world, host, running, installation) =>
    {
        if (running.Verb == Verb.EndErasure && installation.Keys is { } keys)
        {
            ((Merging)running.Files).Merge = () => world.MergeEarlierEpochs(host, keys);
        }
        return Task.CompletedTask;
    };

    private sealed class Merging(SimulatedDisk disk, Gate gate) : HostKeyFiles(disk, gate)
    {
        public Action? Merge { get; set; }

        public override void Destroy(string path)
        {
            if (path.EndsWith(".secret", StringComparison.Ordinal))
            {
                Merge?.Invoke();
            }
            base.Destroy(path);
        }
    }
}

/// <summary>Shorten the grace: what is condemned goes at once.</summary>
internal sealed class ShortensTheGrace : Mutation
{
    public override TimeSpan? Grace => TimeSpan.Zero;
}

/// <summary>All of them, by name.</summary>
internal static class Mutations
{
    public static IReadOnlyDictionary<string, Mutation> All { get; } = ((Mutation[])
    [
        new CommitsBeforeTheBarrier(), new ListsSessionsBeforeTheMark(), new AdoptsFromMarkedPacks(), new WritesNoVoidPoint(), new MergesDropRemoves(), new SwitchesBeforeReplicas(), new MergesReturningReplicas(), new ShortensTheGrace(),
    ]).ToDictionary(mutation => mutation.GetType().Name);
}
