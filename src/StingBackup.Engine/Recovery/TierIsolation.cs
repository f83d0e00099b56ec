using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Recovery;

/// <summary>
/// The tiers of this host, locked: no backup is stored, nothing is copied on, let go or deleted until a second identity has agreed that this is over. It holds for this program on this host; what keeps a thief's own tools from
/// the bucket is its Object Lock, or the end of the credentials.
/// </summary>
public static class TierIsolation
{
    /// <summary>What locking would do. Changes nothing.</summary>
    public static TierLockdownPlan Plan(Installation installation, string reason)
    {
        Access.Require(installation, "Lock-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        return new TierLockdownPlan
        {
            Reason = reason, Tiers = installation.Tiers.Select(tier => $"{tier}: {installation.LocationOf(tier)}").ToArray(), Stops = ["backups", "syncs", "retention", "sweeps"],
            WithoutObjectLock = installation.Tiers.Where(tier => !installation.Locks.ContainsKey(tier)).ToArray(), Since = Of(installation)?.Time,
        };
    }

    /// <summary>Locks. Again, where they are locked, changes nothing.</summary>
    public static async ValueTask<TierLockdown> LockAsync(Installation installation, TierLockdownPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Lock-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        if (Of(installation) is null)
        {
            StateFile.Write(FileOf(installation), new Lockdown(plan.Reason, installation.Clock.GetUtcNow()));
            await NoteAsync(installation, "Lock-StingTier", "Locked", cancel).ConfigureAwait(false);
        }
        return Tell(installation);
    }

    /// <summary>What unlocking would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>TiersNotLocked</c></exception>
    public static async ValueTask<TierLockdownPlan> PlanUnlockAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Unlock-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        var held = Of(installation) ?? throw new StingException("TiersNotLocked", FailureKind.NotFound, "The tiers of this host are not locked.", null, "There is nothing to unlock.");
        var plan = Plan(installation, held);
        return plan with { Approval = await Guard.LookAsync(installation, DangerOf(plan), cancel).ConfigureAwait(false) };
    }

    /// <summary>Unlocks, once a second identity has approved it.</summary>
    /// <exception cref="StingException"><c>ApprovalRequired</c> and the others of <see cref="Guard"/>; <c>TiersNotLocked</c></exception>
    public static Task<TierLockdown> UnlockAsync(Installation installation, TierLockdownPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Unlock-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return Guard.RunAsync(installation, DangerOf(plan), _ =>
        {
            Durable.Remove(FileOf(installation));
            return Task.FromResult(Tell(installation));
        }, static _ => "Unlocked", cancel);
    }

    /// <summary>Refuses what the lock stops.</summary>
    /// <exception cref="StingException"><c>TiersLocked</c></exception>
    internal static void RequireOpen(Installation installation, string what)
    {
        if (Of(installation) is { } held)
        {
            throw new StingException("TiersLocked", FailureKind.Refused, $"No {what}: the tiers of this host are locked since {Display.Time(TimeZoneInfo.ConvertTime(held.Time, installation.Zone))} ({held.Reason}).", FileOf(installation),
                "Where the danger is over, Unlock-StingTier (sting-backup tiers-unlock) with the approval of a second identity.");
        }
    }

    /// <summary>What the status warns of.</summary>
    internal static IEnumerable<string> Warnings(Installation installation)
    {
        if (Of(installation) is { } held)
        {
            yield return $"The tiers are locked since {Display.Time(TimeZoneInfo.ConvertTime(held.Time, installation.Zone))} ({held.Reason}): nothing is backed up, copied or let go. Unlock-StingTier ends it.";
        }
    }

    internal static DangerousPlan DangerOf(TierLockdownPlan plan) => new("Unlock-StingTier", "the tiers of this host")
    {
        Facts = [new PlanFact("Locked since", plan.Since!.Value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)), new PlanFact("Reason", plan.Reason), .. plan.Tiers.Select((tier, i) => new PlanFact(FormattableString.Invariant($"Tier {i + 1}"), tier))],
    };

    private static TierLockdownPlan Plan(Installation installation, Lockdown held) => new()
    {
        Reason = held.Reason, Tiers = installation.Tiers.Select(tier => $"{tier}: {installation.LocationOf(tier)}").ToArray(), Stops = [], Since = held.Time,
        WithoutObjectLock = installation.Tiers.Where(tier => !installation.Locks.ContainsKey(tier)).ToArray(),
    };

    private static TierLockdown Tell(Installation installation) => Of(installation) is { } held
        ? new TierLockdown { IsLocked = true, Reason = held.Reason, Since = TimeZoneInfo.ConvertTime(held.Time, installation.Zone), WithoutObjectLock = installation.Tiers.Where(tier => !installation.Locks.ContainsKey(tier)).ToArray() }
        : new TierLockdown { IsLocked = false };

    /// <summary>A lock in an emergency comes before its record: where nothing can be written, it holds all the same.</summary>
    private static async ValueTask NoteAsync(Installation installation, string verb, string outcome, CancellationToken cancel)
    {
        try
        {
            if (installation.Host is not null && !installation.IsLocalTierLost)
            {
                await AuditLog.NoteAsync(installation, verb, [], outcome, cancel).ConfigureAwait(false);
            }
        }
        catch (StingException)
        {
            // As said; the status shows the lock.
        }
    }

    private static Lockdown? Of(Installation installation) => StateFile.Read<Lockdown>(FileOf(installation))
        ?? (File.Exists(FileOf(installation)) ? new Lockdown("the note of why is damaged", File.GetLastWriteTimeUtc(FileOf(installation))) : null);

    private static string FileOf(Installation installation) => Path.Combine(installation.StateFolder, "tiers", "locked");

    private sealed record Lockdown(string Reason, DateTimeOffset Time);
}
