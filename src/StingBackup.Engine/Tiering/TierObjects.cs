using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
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

    /// <summary>
    /// Damage of one tier is not carried to another: what its bytes' hash names must have that, and what is signed must be signed by whom it says. What is known of nobody here (a host whose enrolment is lost) is judged where it
    /// is known. Packs are proved by whoever copies them.
    /// </summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>ClaimDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static void Prove(string name, byte[] bytes, Installation installation)
    {
        switch (ObjectKinds.Of(name))
        {
            case ObjectKind.Index or ObjectKind.Drop or ObjectKind.Drill:
                if (new Id32(SHA256.HashData(bytes)) != ObjectKinds.IdIn(name))
                {
                    throw Failures.Damaged(name, "its SHA-256 is not its name");
                }
                break;
            case ObjectKind.Point or ObjectKind.Audit when AuditLog.KeyOf(installation, ObjectKinds.RunIn(name).Writer) is null:
            case ObjectKind.Format or ObjectKind.Writer or ObjectKind.Approver or ObjectKind.Ledger or ObjectKind.Claim when installation.Keys is null:
                break;
            default:
                ObjectProof.Check(name, bytes, installation, installation.Writers);
                break;
        }
    }

    /// <summary>Whether an object is a pack that holds content.</summary>
    public static bool IsData(string name) => name.StartsWith("data/", StringComparison.Ordinal);
}
