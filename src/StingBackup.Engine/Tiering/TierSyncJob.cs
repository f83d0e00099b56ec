using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Cold;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Tiering;

/// <summary>Brings tiers up to date: what a further tier lacks of the local one, or a lost local one of the remote tier.</summary>
public static class TierSyncJob
{
    /// <summary>The tiers that a sync without a name brings up to date, in their order.</summary>
    public static IReadOnlyList<Tier> FurtherTiers(Installation installation)
    {
        ArgumentNullException.ThrowIfNull(installation);
        return [.. installation.Tiers.Where(t => t != Tier.Local)];
    }

    /// <summary>What would be copied to a tier now. Changes nothing.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, <c>TierUnavailable</c></exception>
    public static async ValueTask<TierSyncPlan> PlanAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        TierSyncPlan? plan = null;
        var look = JobStream.RunAsync(installation.Clock, async (output, token) => plan = await GuardedAsync(installation, tier, notes: false, async route =>
            (await TierComparison.TakeAsync(await KnowingAsync(installation, route, token).ConfigureAwait(false), route, output, recalls: false, token).ConfigureAwait(false)).ToPlan(installation) with { Locks = await new LockKeeper(installation, route, output).PlanAsync(token).ConfigureAwait(false) }, token).ConfigureAwait(false), cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // Progress of a plan is told to nobody.
        }
        if (tier != Tier.Archive)
        {
            return plan!;
        }
        // To the archive pages and content go with the restore points that are old enough.
        var cold = await GuardedAsync(installation, tier, notes: false, _ => ColdRecut.PlanAsync(installation, installation.Reading, cancel).AsTask(), cancel).ConfigureAwait(false);
        return plan! with { Points = cold.Points, Packs = new PackSum(cold.Meta.Packs, cold.Meta.Length + cold.Length) };
    }

    /// <summary>Brings a tier up to date: looks anew, and copies. The last event is a <see cref="CompletedEvent"/> with a <see cref="TierSyncResult"/>.</summary>
    /// <exception cref="StingException">While it runs: <c>TierNotConfigured</c>, <c>TierUnavailable</c>, <c>SyncRunning</c>, <c>RemoteQuotaReached</c>, <c>StoreFull</c>, <c>StoreUnconfirmed</c>; each says what waits.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        return JobStream.RunAsync(installation, $"sync-{tier.ToString().ToLowerInvariant()}", async (output, token) => await SyncAsync(installation, tier, output, token).ConfigureAwait(false) with { Locks = await LockAsync(installation, tier, always: true, output, token).ConfigureAwait(false) }, cancel);
    }

    /// <summary>The same within another job.</summary>
    internal static ValueTask<TierSyncResult> SyncAsync(Installation installation, Tier tier, JobOutput output, CancellationToken cancel) => SyncAsync(installation, tier, output, recalls: false, cancel);

    private static async ValueTask<TierSyncResult> SyncAsync(Installation installation, Tier tier, JobOutput output, bool recalls, CancellationToken cancel)
    {
        if (tier != Tier.Local)
        {
            Recovery.TierIsolation.RequireOpen(installation, $"sync to the {tier} tier");
        }
        using var one = Lock(installation, tier);
        // A host that writes into the local tier while it is brought back would begin a second chain.
        using var hostLock = tier == Tier.Local ? installation.LockHost() : null;
        var result = await GuardedAsync(installation, tier, notes: true, async route =>
            await new TierSyncRun(await KnowingAsync(installation, route, cancel).ConfigureAwait(false), route, output) { Recalls = recalls }.RunAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        if (tier == Tier.Archive)
        {
            var cold = await GuardedAsync(installation, tier, notes: true, _ => ColdRecut.RunAsync(installation, installation.Reading, output, cancel), cancel).ConfigureAwait(false);
            return result with
            {
                Points = cold.Points, Packs = new PackSum(cold.Cold.Packs + cold.Meta.Packs, cold.Cold.Length + cold.Meta.Length),
                State = cold.State == JobState.Completed ? result.State : cold.State, Duration = result.Duration + cold.Duration,
            };
        }
        if (tier == Tier.Local && installation.IsLocalTierLost)
        {
            Integrity.RepairRun.DropCache(installation, output.Warn);   // it is of runs that may be lost
        }
        return result;
    }

    /// <summary>To the local tier come points, index and claims of hosts that wrote to the remote one alone: they count by their enrolments there.</summary>
    private static ValueTask<Installation> KnowingAsync(Installation installation, TierRoute route, CancellationToken cancel) =>
        route.Target == Tier.Local ? installation.WithWritersOfAsync(route.From, cancel) : ValueTask.FromResult(installation);

    /// <summary>Locks what is due on a tier that locks, after what it lacked is there.</summary>
    private static async ValueTask<TierLocks?> LockAsync(Installation installation, Tier tier, bool always, JobOutput output, CancellationToken cancel)
    {
        if (tier == Tier.Local)
        {
            return null;
        }
        using var one = Lock(installation, tier);
        return await GuardedAsync(installation, tier, notes: true, route => new LockKeeper(installation, route, output).RunAsync(always, cancel).AsTask(), cancel).ConfigureAwait(false);
    }

    /// <summary>One at a time for each host and tier.</summary>
    /// <exception cref="StingException"><c>SyncRunning</c></exception>
    internal static IDisposable? Lock(Installation installation, Tier tier)
    {
        var one = installation.MemoryOf(tier).TryLock(out var held);
        return !held ? one : throw new StingException("SyncRunning", FailureKind.Busy, $"Another process of this host works on the {tier} tier now.", tier.ToString(), "Wait for it; what came since it began waits for the next sync.");
    }

    /// <summary>After a run has committed. Whatever happens here, the run stands: it is told, with what waits.</summary>
    internal static async ValueTask AfterCommitAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        if (!installation.SyncsAtCommit || !installation.FurtherTiers.ContainsKey(Tier.Remote))
        {
            return;
        }
        output.TellsFailures = true;
        try
        {
            var result = await SyncAsync(installation, Tier.Remote, output, recalls: true, cancel).ConfigureAwait(false);
            await LockAsync(installation, Tier.Remote, always: false, output, cancel).ConfigureAwait(false);
            output.Explain(FormattableString.Invariant($"The Remote tier has {result.Points} restore points more ({Display.Length(result.Packs.Length + result.Others.Length)})."));
        }
        catch (StingException e) when (e.ErrorId == "SyncRunning")
        {
            output.Tell($"{e.Message} What this run stored gets there with the next sync.");
        }
        catch (StingException e)
        {
            output.Warn($"The run is committed, but not on the Remote tier yet. {e.Message} {e.Remedy}");
        }
        finally
        {
            output.TellsFailures = false;
        }
    }

    /// <summary>Whether a failure is of a tier that does not answer.</summary>
    internal static bool IsAway(StingException e) => e.ErrorId is "StoreUnavailable" or "StoreUnreachable" or "StoreBusy" or "StoreLoginFailed" or "StoreClockWrong" or "StoreTlsFailed";

    /// <summary>Opens the route and does something on it; a failure is noted, and told with what waits.</summary>
    private static async Task<T> GuardedAsync<T>(Installation installation, Tier tier, bool notes, Func<TierRoute, Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work(await TierRoute.ToAsync(installation, tier, cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (StingException e) when (e.ErrorId is not ("TierNotConfigured" or "LocalTierLost") && tier != Tier.Local)
        {
            var waits = await TellBacklogAsync(installation, tier, cancel).ConfigureAwait(false);
            if (notes)
            {
                var memory = installation.MemoryOf(tier);
                memory.Write(memory.ReadNote() with { TriedTime = installation.Clock.GetUtcNow(), Failure = e.Message });
            }
            throw TierFailure.Telling(e, installation, tier, waits);
        }
    }

    /// <summary>What waits, unless the local tier itself is what fails.</summary>
    private static async ValueTask<string> TellBacklogAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        try
        {
            return await TierBacklogReader.ReadAsync(installation, tier, cancel).ConfigureAwait(false) is { } backlog ? $" {TierBacklogReader.Tell(backlog, installation)}" : "";
        }
        catch (StingException e) when (IsAway(e))
        {
            return "";
        }
    }
}
