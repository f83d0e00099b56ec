using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>Who may let restore points go and sweep packs.</summary>
internal static class Maintenance
{
    /// <summary>The record, when an enrolled writer that has the right signed it.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public static T Check<T>(string name, Id16 writer, in SignedParts parts, EnrolledWriters writers, T record)
    {
        var enrolled = writers.Find(writer) ?? throw Failures.Damaged(name, $"its writer {writer} is not enrolled");
        if (!SignatureVerifier.Verify(writers.SigningKeyOf(writer)!.Value.Span, parts.Signed.Span, parts.Signature.Span))
        {
            throw Failures.Damaged(name, "its signature does not fit");
        }
        return enrolled.MayMaintain ? record : throw Failures.Damaged(name, $"its writer {writer} ({enrolled.HostName}) may write backups and let nothing go");
    }

    /// <summary>Whether what a writer did at a number of his chain counts.</summary>
    public static bool Counts(EnrolledWriters writers, Id16 writer, long sequence) =>
        writers.Find(writer) is { } enrolled && (enrolled.LastGoodSequence is not { } last || sequence <= last);

    /// <summary>Refuses where a host may not let anything go.</summary>
    /// <exception cref="StingException"><c>NotAllowedToMaintain</c></exception>
    public static void Require(EnrolledWriters writers, Id16 writer)
    {
        if (writers.Find(writer) is not { MayMaintain: true })
        {
            throw new StingException("NotAllowedToMaintain", FailureKind.Refused, $"This host, writer {writer}, may write backups and let nothing go.", writer.ToString(),
                "Run it on the host that 'init' made, where the key directory is.");
        }
    }
}
