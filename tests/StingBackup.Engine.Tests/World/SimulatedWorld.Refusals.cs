using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.World;

/// <summary>What a verb may say when nothing was done to it: that something else stands against it, and then it must.</summary>
internal sealed partial class SimulatedWorld
{
    private long _behindAt = -1;

    /// <summary>Whether the remote tier lacks a point that the local one has.</summary>
    private bool IsBehind => Shape.HasRemote && Tiers[Tier.Local].Objects.Keys.Any(name => ObjectKinds.Of(name) == ObjectKind.Point && !Tiers[Tier.Remote].Objects.ContainsKey(name));

    private bool MayRefuse(RunningVerb running, string error) => error switch
    {
        "KeysBusy" => true,   // said by the simulated disk alone, of a lock that another one has
        "TierBehind" => running.Verb == Verb.SweepRemote && _behindAt >= running.BeganAt,
        "UserNotFound" => running.Verb is Verb.RequestErasure or Verb.Hold && !WasKnown(running),
        _ => running.Verb == Verb.Restore && IsSlow(running),
    };

    /// <summary>Whether a reader took longer than packs are left to it.</summary>
    private bool IsSlow(RunningVerb running) => _now - running.Began >= Grace - TimeSpan.FromHours(1);

    /// <summary>Whether a point that stood all the time has something of whom the verb is about.</summary>
    private bool WasKnown(RunningVerb running) =>
        Book.LiveOn(Tier.Local).Any(live => live.Part.Class == DataClass.UserFiles && _committed[(live.Point.Writer, live.Point.Sequence)] is var committed && committed.Since < running.BeganAt && committed.Holds(running.Who!));
}
