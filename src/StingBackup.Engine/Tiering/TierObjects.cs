using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering;

/// <summary>When an object is copied to a further tier. The order is that of writing: a restore point comes after all that it reaches.</summary>
internal enum TierStep
{
    /// <summary>What others are checked with: format, enrolments, claims, the erasure ledger; and the configuration.</summary>
    Heads,
    /// <summary>Packs.</summary>
    Packs,
    /// <summary>Index fragments.</summary>
    Index,
    /// <summary>Restore points, and the void ones among them.</summary>
    Points,
    /// <summary>What was let go, and who did what.</summary>
    Records,
}

/// <summary>Which objects lie on several tiers, and in which order they get there.</summary>
internal static class TierObjects
{
    /// <summary>The step of an object; null for what stays where it is: announcements of sessions, marks of a sweep, and what this format does not name.</summary>
    public static TierStep? StepOf(string name) => StepOf(ObjectKinds.Of(name));

    /// <inheritdoc cref="StepOf(string)"/>
    public static TierStep? StepOf(ObjectKind? kind) => kind switch
    {
        ObjectKind.Format or ObjectKind.Writer or ObjectKind.Approver or ObjectKind.Claim or ObjectKind.Ledger or ObjectKind.Configuration => TierStep.Heads,
        ObjectKind.MetaPack or ObjectKind.DataPack => TierStep.Packs,
        ObjectKind.Index => TierStep.Index,
        ObjectKind.Point => TierStep.Points,
        ObjectKind.Drop or ObjectKind.Audit or ObjectKind.Drill => TierStep.Records,
        _ => null,
    };

    /// <summary>Whether an object is a pack that holds content.</summary>
    public static bool IsData(string name) => name.StartsWith("data/", StringComparison.Ordinal);

    /// <summary>Whether an object is a pack, so that its name is the hash of its bytes and it can be looked for on any tier.</summary>
    public static bool IsPack(string name) => IsData(name) || name.StartsWith("meta/", StringComparison.Ordinal);
}
