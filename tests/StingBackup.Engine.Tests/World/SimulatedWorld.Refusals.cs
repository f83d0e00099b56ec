using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.World;

/// <summary>What a verb may say when nothing was done to it: that something else stands against it, and then it must.</summary>
internal sealed partial class SimulatedWorld
{
    /// <summary>Who may be held or not, since a host that was setting a hold did not come to its end.</summary>
    private readonly HashSet<string> _unsure = new(StringComparer.Ordinal);
    /// <summary>Whether a place of keys was away since they were mended last.</summary>
    private bool _isUnmended;
    /// <summary>Format records and claims that are or were being replaced, and up to which step they were not there.</summary>
    private readonly Dictionary<string, long> _replaced = new(StringComparer.Ordinal);
    private long _behindAt = -1, _erasedAt = -1, _firstClaimAt = long.MaxValue;

    /// <summary>Whether the remote tier lacks a point, a fragment of the index or a record that the local one has.</summary>
    private bool IsBehind => Shape.HasRemote && Tiers[Tier.Local].Objects.Keys.Any(name => !Tiers[Tier.Remote].Objects.ContainsKey(name)
        && TierObjects.StepOf(name) is TierStep.Points or TierStep.Index or TierStep.Records && ObjectKinds.Of(name) is not (ObjectKind.Audit or ObjectKind.Drill));

    private bool MayRefuse(RunningVerb running, string error) => error switch
    {
        "KeysBusy" => true,   // said by the simulated disk alone, of a lock that another one has
        "TierBehind" => running.Verb == Verb.SweepRemote && _behindAt >= running.BeganAt,
        "LegalHoldStands" => running.Verb == Verb.RequestErasure && (running.HeldThen.Contains(running.Who!) || MayBeHeld(running.Who!)),
        "SubjectErased" => running.Verb is Verb.RequestErasure or Verb.Hold && (_erased.Contains(running.Who!) || MayBeDoomed(running.Who!)),
        "NothingToErase" => running.Verb == Verb.RequestErasure && MayBeDoomed(running.Who!),   // an erasure came to its end between the look for names and the look for claims
        "ChunkMissing" => running.Verb is Verb.RequestErasure or Verb.EndErasure && !_isSynced,   // it looks through the remote tier alone, whose index a sync that did not end has not brought yet
        "ErasureExists" => running.Verb == Verb.RequestErasure && MayBeDoomed(running.Who!),
        "BackupNotFound" => running.Verb == Verb.Restore && !Book.LiveOn(Tier.Local).Any(live => (live.Point.Writer, live.Point.Sequence) == running.Point),   // let go since it was chosen
        "UserNotFound" => running.Verb is Verb.RequestErasure or Verb.Hold && !WasKnown(running),
        "KeyStoreReplicaMissing" or "EpochSecretMissing" => _isUnmended,   // a place that was away lacks what a turn made meanwhile
        "ClaimMissing" => running.Verb is Verb.Backup or Verb.Full && _erasedAt >= running.BeganAt,   // it had looked at the ledger before
        "NothingToRotate" => running.Verb == Verb.NewSubjectKeys && _firstClaimAt > running.BeganAt,
        "ApprovalExpired" => _now - running.Began >= Guard.Validity - TimeSpan.FromHours(1),
        _ => running.Verb == Verb.Restore && IsSlow(running),
    };

    /// <summary>Whether a verification may call an object missing, or all of a folder: it is being replaced, by a host that may have died, and was not there in the second look either.</summary>
    private bool MayMiss(RunningVerb running, string name) => _replaced.Any(r => r.Key.StartsWith(name, StringComparison.Ordinal) && r.Value >= running.LookedAt);

    /// <summary>Holds that stand, and those that somebody was setting.</summary>
    private bool MayBeHeld(string who) => _holds.Values.Any(hold => hold.Who == who) || _unsure.Contains(who);

    /// <summary>Whether a reader took longer than packs are left to it.</summary>
    private bool IsSlow(RunningVerb running) => _now - running.Began >= Grace - TimeSpan.FromHours(1);

    /// <summary>Whether a point that stood all the time has something of whom the verb is about.</summary>
    private bool WasKnown(RunningVerb running) =>
        Book.LiveOn(Tier.Local).Any(live => live.Part.Class == DataClass.UserFiles && _committed[(live.Point.Writer, live.Point.Sequence)] is var committed && committed.Since < running.BeganAt && committed.Holds(running.Who!));
}
