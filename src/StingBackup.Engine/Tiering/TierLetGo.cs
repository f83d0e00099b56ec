using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Tiering;

/// <summary>What a tier would let go.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Next">The tier that has it.</param>
/// <param name="Days">Its days.</param>
/// <param name="Packs">Packs that go, oldest first.</param>
/// <param name="Unconfirmed">Packs whose time is over and that the next tier does not have.</param>
/// <param name="Problem">Why nothing may go; empty where something may.</param>
internal sealed record LetGoDecision(Tier Tier, Tier Next, int Days, IReadOnlyList<PackInfo> Packs, PackSum Unconfirmed, string Problem)
{
    /// <summary>What stays since this host knows it to be locked.</summary>
    public PackSum Locked { get; init; }

    public TierRetention ToRetention() => new(Tier, Next, Days, SumOf(Packs), Unconfirmed, Problem) { Locked = Locked };

    public static PackSum SumOf(IEnumerable<PackInfo> packs) => packs.Aggregate(default(PackSum), static (sum, pack) => new PackSum(sum.Packs + 1, sum.Length + pack.Length));
}

/// <summary>
/// Lets content go from a tier by its days: packs that no younger restore point reaches, nor the newest of any data class, and that the next tier has. Points, index and pages stay for the class's
/// whole life, so that listing and planning ask no other tier; the index goes on naming what went, and a reader finds it there by its name.
/// </summary>
internal sealed class TierLetGo(Installation installation, Tier tier, JobOutput output)
{
    /// <summary>Decides. Changes nothing.</summary>
    /// <param name="days">The tier's days.</param>
    /// <param name="time">As of when.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>Null where no tier follows.</returns>
    public async ValueTask<LetGoDecision?> DecideAsync(int days, DateTimeOffset time, CancellationToken cancel)
    {
        if (installation.NextOf(tier) is not { } next || installation.IsLocalTierLost)
        {
            return null;
        }
        try
        {
            var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
            var view = await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
            if (view.Damage.Count > 0)
            {
                return Nothing(next, days, $"{view.Damage[0].Message} What lies behind it may be needed.");
            }
            var reach = await TierReach.WalkAsync(installation, store, view.Index, PointSelection.Within(view.Points, days, time), output, cancel).ConfigureAwait(false);
            if (reach.Faults.Count > 0)
            {
                return Nothing(next, days, $"{reach.Faults[0].Message} What lies behind it may be needed.");
            }
            var over = await OverAsync(store, view, reach, cancel).ConfigureAwait(false);
            var holder = await NextHolder.OpenAsync(installation, next, view, output, cancel).ConfigureAwait(false);
            var packs = over.Where(holder.Lists).ToList();
            var unconfirmed = LetGoDecision.SumOf(over.Except(packs));
            var known = store.Locking is null ? null : LockMemory.Read(installation, tier);
            var locked = packs.Where(pack => known?.EndOf(pack.Name) > installation.Clock.GetUtcNow()).ToList();
            return new LetGoDecision(tier, next, days, [.. packs.Except(locked)], unconfirmed, "") { Locked = LetGoDecision.SumOf(locked) };
        }
        catch (StingException e) when (TierSyncJob.IsAway(e))
        {
            return Nothing(next, days, e.Message);
        }
    }

    /// <summary>Decides anew, and lets go what a plan named as well: each pack once the next tier has shown it. Null for no plan.</summary>
    public async ValueTask<PackSum> RunAsync(int days, long most, CancellationToken cancel)
    {
        if (await DecideAsync(days, installation.Clock.GetUtcNow(), cancel).ConfigureAwait(false) is not { Packs.Count: > 0 } decision)
        {
            return default;
        }
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        var next = await installation.OpenTierAsync(decision.Next, cancel).ConfigureAwait(false);
        var gone = default(PackSum);
        var deletes = new LockedDeletes(installation, tier, store, output);
        var damaged = new List<string>();
        foreach (var pack in decision.Packs)
        {
            if (gone.Length >= most)
            {
                break;
            }
            // A listing may be old: what counts is what the next tier shows now. In the archive the chunks lie in other packs, which were looked up just now.
            if (decision.Next != Tier.Archive && await next.GetLengthAsync(pack.Name, cancel).ConfigureAwait(false) != pack.Length)
            {
                continue;
            }
            if (decision.Next != Tier.Archive && !await IsWholeAsync(next, pack, cancel).ConfigureAwait(false))
            {
                damaged.Add(pack.Name);
            }
            else if (await deletes.TryAsync(pack.Name, pack.Length, cancel).ConfigureAwait(false) && deletes.WasThere)
            {
                gone = new PackSum(gone.Packs + 1, gone.Length + pack.Length);
            }
        }
        if (damaged.Count > 0)
        {
            output.Warn($"{damaged.Count} packs stay on the {tier} tier, since the copies of the {decision.Next} tier are damaged (such as '{damaged[0]}'). Run Repair-StingRepository -Tier {decision.Next}: it puts them right from here.");
        }
        await deletes.FinishAsync("Invoke-StingRetention", cancel).ConfigureAwait(false);
        if (gone.Packs > 0)
        {
            await AuditLog.NoteAsync(installation, "Invoke-StingRetention", [], FormattableString.Invariant($"Let {gone.Packs} packs go from {tier}, held by {decision.Next}"), cancel).ConfigureAwait(false);
            output.Tell(FormattableString.Invariant($"{gone.Packs} packs ({Display.Length(gone.Length)}) are gone from the {tier} tier; {decision.Next} has them."));
        }
        return gone;
    }

    /// <summary>What goes here may be the last that is sound: a copy that lies on a disk is read whole before, since the disk may have changed it.</summary>
    private static async ValueTask<bool> IsWholeAsync(IObjectStore next, PackInfo pack, CancellationToken cancel)
    {
        if (next.GuardsContent)
        {
            return true;
        }
        try
        {
            PackReader.CheckBytes(pack, await next.ReadAllAsync(pack.Name, cancel).ConfigureAwait(false));
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return false;
        }
    }

    /// <summary>Packs of content whose time on the tier is over, those that were written first first. What a sweep works on is left to it.</summary>
    private async ValueTask<List<PackInfo>> OverAsync(IObjectStore store, RepositoryView view, TierReach reach, CancellationToken cancel)
    {
        var marks = await MarkBook.LoadAsync(store, installation.Reserve, installation.Writers, [], cancel).ConfigureAwait(false);
        var swept = marks.Packs.Concat(marks.Marks.SelectMany(m => m.Marked.Into)).ToHashSet();
        var written = new Dictionary<Id32, long>();
        foreach (var fragment in view.Index.Fragments)
        {
            foreach (var pack in fragment.Packs)
            {
                written[pack.Id] = Math.Min(written.GetValueOrDefault(pack.Id, long.MaxValue), fragment.Sequence);
            }
        }
        var named = view.Index.Packs.Where(p => p.Kind == ObjectKind.DataPack && !reach.Packs.Contains(p.Id) && !swept.Contains(p.Id)).ToDictionary(p => p.Name, StringComparer.Ordinal);
        var over = new List<PackInfo>();
        await foreach (var item in store.ListAsync("data/", cancel).ConfigureAwait(false))
        {
            if (named.TryGetValue(item.Name, out var pack) && pack.Length == item.Length)
            {
                over.Add(pack);
            }
        }
        return [.. over.OrderBy(p => written[p.Id]).ThenBy(p => p.Name, StringComparer.Ordinal)];
    }

    private LetGoDecision Nothing(Tier next, int days, string problem) => new(tier, next, days, [], default, problem);
}
