using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// The share of its disk that the local tier may take where further tiers hold what it lets go. Before a run content goes from 80 % of it on, oldest first, as far as the next tier has it; during a
/// run nothing is stored beyond it.
/// </summary>
internal sealed class LocalCap
{
    private const double CleanFrom = 0.8;

    private readonly string _location;
    private readonly Lock _gate = new();

    private LocalCap(string location, long limit, long used) => (_location, Limit, Used) = (location, limit, used);

    /// <summary>The most bytes.</summary>
    public long Limit { get; }

    /// <summary>Bytes of the local tier.</summary>
    public long Used { get; private set; }

    /// <summary>Bytes that it takes less when it is cleaned.</summary>
    private long Surplus => Used - (long)(Limit * CleanFrom);

    /// <summary>How the local tier stands; null where it has no limit.</summary>
    public static async ValueTask<LocalCap?> ReadAsync(Installation installation, CancellationToken cancel)
    {
        if (installation.LocalLimit is not { } limit)
        {
            return null;
        }
        var used = 0L;
        await foreach (var item in installation.Store.ListAsync("", cancel).ConfigureAwait(false))
        {
            used += item.Length;
        }
        return new LocalCap(installation.Store.Location, limit, used);
    }

    /// <summary>Makes room before a run, and gives the store that the run's packs go to.</summary>
    public static async ValueTask<IObjectStore> PrepareAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        if (await ReadAsync(installation, cancel).ConfigureAwait(false) is not { } cap)
        {
            return installation.Store;
        }
        if (cap.Surplus > 0)
        {
            using var hostLock = installation.LockHost();   // no other run of this host builds on what goes
            await cap.CleanAsync(installation, output, cancel).ConfigureAwait(false);
        }
        return new CappedStore(installation.Store, cap);
    }

    /// <summary>Lets content go: first what is beyond the tier's days, then younger and younger, never what the newest restore points need.</summary>
    public async ValueTask<PackSum> CleanAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        var gone = default(PackSum);
        if (Surplus <= 0)
        {
            return gone;
        }
        var letting = new TierLetGo(installation, Tier.Local, output);
        for (var days = installation.Retention.LocalDays; Surplus > 0 && days >= 0; days = days == 0 ? -1 : days / 2)
        {
            var sum = await letting.RunAsync(days, Surplus, cancel).ConfigureAwait(false);
            gone = new PackSum(gone.Packs + sum.Packs, gone.Length + sum.Length);
            Used -= sum.Length;
        }
        if (Surplus > 0)
        {
            var why = (await letting.DecideAsync(0, installation.Clock.GetUtcNow(), cancel).ConfigureAwait(false)) switch
            {
                { Problem.Length: > 0 } away => away.Problem,
                { Unconfirmed.Packs: > 0 and var packs } => FormattableString.Invariant($"{packs} packs wait until the next tier has them"),
                _ => "the rest is needed by the newest restore points",
            };
            output.Warn($"The local tier {_location} takes {Display.Length(Used)} of the {Display.Length(Limit)} that it may (local.max_percent), and no more of it can go: {why}. What is left is {Display.Length(Math.Max(0, Limit - Used))}.");
        }
        return gone;
    }

    /// <summary>Takes room.</summary>
    /// <exception cref="StingException"><c>LocalTierFull</c></exception>
    public void Take(long length)
    {
        lock (_gate)
        {
            if (Used + length > Limit)
            {
                throw new StingException("LocalTierFull", FailureKind.ResourceExhausted, $"The local tier {_location} has {Display.Length(Used)}, and may take {Display.Length(Limit)} of its disk (local.max_percent). The run is stopped; nothing is committed, and what it stored is used by the next.",
                    _location, "Bring the next tier up to date with Sync-StingTier, so that content can go; or raise local.max_percent, or give the repository a larger disk.");
            }
            Used += length;
        }
    }
}

/// <summary>The local store, up to its cap. Its owner closes the inner one.</summary>
internal sealed class CappedStore(IObjectStore inner, LocalCap cap) : IObjectStore
{
    public string Location => inner.Location;

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        cap.Take(content.Length + (inner.Parity?.Beside(name, content.Length) ?? 0));
        return inner.StageAsync(name, content, cancel);
    }

    public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
