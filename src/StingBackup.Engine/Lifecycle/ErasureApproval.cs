using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Lifecycle;

/// <summary>
/// A second identity approves the request for an erasure; carrying it out needs nobody more, as long as it is what was approved. So the plan is made again from the record, and the audit chain must
/// hold an approval of exactly that: a record that was changed, or made by another program, destroys no key.
/// </summary>
internal static class ErasureApproval
{
    /// <summary>What is approved. What grows with each run (points, bytes) decides nothing: whoever is erased is erased from all of it.</summary>
    public static DangerousPlan PlanOf(IReadOnlyList<string> names, IEnumerable<ErasureTarget> targets, string legalBasis, string reference, string delay)
    {
        var plan = new DangerousPlan("Remove-StingSubject", names[0])
        {
            Facts = [new PlanFact("Legal basis", legalBasis), new PlanFact("Reference", reference), new PlanFact("Delay", delay)], Subjects = [.. targets.Select(target => target.Pseudonym)],
        };
        var contributions = names.Skip(1).Count(name => SubjectNames.ContributorOf(name) is not null);
        return contributions == 0 ? plan : plan with { Facts = [.. plan.Facts, new PlanFact("Contributions", contributions.ToString(System.Globalization.CultureInfo.InvariantCulture))] };
    }

    /// <summary>Why an erasure may not be carried out; null where it may.</summary>
    public static async ValueTask<Func<ErasureRecord, StingException?>> CheckAsync(Installation installation, CancellationToken cancel)
    {
        var chains = await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false);
        var approvers = await installation.Keys!.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false);
        return record =>
        {
            var digest = PlanOf(record.Names, record.Targets, record.LegalBasis, record.Reference, record.Delay).Digest;
            return chains.Records.Any(audit => audit.Event == AuditEvent.Approved && !audit.Request.IsZero && audit.Request == record.Approval && audit.PlanDigest == digest && IsSigned(installation, audit, approvers)) ? null
                : new StingException("ErasureNotApproved", FailureKind.Refused, $"Erasure {record.Id} is not carried out: the audit chain holds no approval of what it says now.", record.Id.ToString(),
                    $"Test-StingBackupIntegrity looks for damage of the chain. Stop it with Stop-StingErasure -Id {record.Id}, ask again with Remove-StingSubject, and have that approved.");
        };
    }

    /// <summary>As many have signed as the configuration asks for today: who raised the number meant what is open too.</summary>
    private static bool IsSigned(Installation installation, AuditRecord audit, EnrolledApprovers approvers) =>
        audit.Approvals.Select(a => a.Approver).Distinct().Count() >= Math.Max(1, installation.Access.CountOf(GuardedOperation.Erasure))
        && audit.Approvals.All(approval => approvers.Find(approval.Approver) is { } approver && approval.IsSignedBy(approver.PublicKey, audit.Reserve, audit.Request, audit.PlanDigest));
}
