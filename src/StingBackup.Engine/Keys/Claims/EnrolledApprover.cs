using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Keys;

/// <summary>An approver as the key role signed him.</summary>
/// <param name="Id">The first 16 bytes of the SHA-256 of his public key.</param>
/// <param name="Name">For people; it lies in the clear.</param>
/// <param name="PublicKey">P-256 public key, 65 bytes.</param>
/// <param name="CreatedNs">When he was enrolled, nanoseconds since 1970 UTC.</param>
/// <param name="RevokedNs">When he was revoked; null while he counts.</param>
public sealed record EnrolledApprover(Id16 Id, string Name, byte[] PublicKey, long CreatedNs, long? RevokedNs)
{
    /// <summary>The id that a public key gives.</summary>
    public static Id16 IdOf(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(publicKey, hash);
        return new Id16(hash);
    }

    /// <summary>As people see him.</summary>
    public Approver ToRecord() => new()
    {
        Id = Id.ToString(), Name = Name, State = RevokedNs is null ? ApproverState.Enrolled : ApproverState.Revoked, Fingerprint = Fingerprint.Of(PublicKey),
        CreatedTime = NanosecondTime.FromNs(CreatedNs, 0), RevokedTime = RevokedNs is { } revoked ? NanosecondTime.FromNs(revoked, 0) : null,
    };
}

/// <summary>The approvers that the key role enrolled, and what was wrong with objects that were found.</summary>
public sealed class EnrolledApprovers
{
    private readonly Dictionary<Id16, (EnrolledApprover Approver, uint Revision)> _approvers = [];

    internal EnrolledApprovers(IEnumerable<ApproverObject> objects, IReadOnlyList<StingException> faults)
    {
        foreach (var found in objects)
        {
            if (!_approvers.TryGetValue(found.Approver.Id, out var other) || found.Revision > other.Revision)
            {
                _approvers[found.Approver.Id] = (found.Approver, found.Revision);
            }
        }
        Faults = faults;
    }

    /// <summary>Nobody.</summary>
    public static EnrolledApprovers None { get; } = new([], []);

    /// <summary>Every approver, revoked ones included, ordered by the moment of enrolment.</summary>
    public IReadOnlyList<EnrolledApprover> All => [.. _approvers.Values.Select(a => a.Approver).OrderBy(a => a.CreatedNs).ThenBy(a => a.Id)];

    /// <summary>Objects that could not be used.</summary>
    public IReadOnlyList<StingException> Faults { get; }

    /// <summary>An approver, or null when he was never enrolled.</summary>
    public EnrolledApprover? Find(Id16 id) => _approvers.TryGetValue(id, out var found) ? found.Approver : null;

    internal uint RevisionOf(Id16 id) => _approvers.TryGetValue(id, out var found) ? found.Revision : 0;
}
