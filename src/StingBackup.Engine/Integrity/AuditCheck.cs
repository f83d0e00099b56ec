using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>The audit chains: signatures, numbers, hashes, anchors in points and in this host's memory; and that every approver came in through the guard.</summary>
internal sealed class AuditCheck(Installation installation, FaultBook book)
{
    public async ValueTask RunAsync(IEnumerable<PointRecord> points, CancellationToken cancel)
    {
        var chains = await AuditReader.CheckAsync(installation, points, cancel).ConfigureAwait(false);
        foreach (var link in chains.Links)
        {
            if (link.Problem is { } problem)
            {
                book.Add(link.Name, problem);
            }
        }
        // A record that cannot be read may be the one: it is named itself.
        if (installation.Keys is not { } keys || chains.Links.Any(l => l.Record is null))
        {
            return;
        }
        var enrolled = chains.Records.Where(r => r.Event == AuditEvent.Executed && r.Verb == ApproverJobs.Register).SelectMany(r => r.Subjects).ToHashSet();
        foreach (var approver in (await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false)).All.Where(a => !enrolled.Contains(a.Id)))
        {
            book.Add(KeyObjectNames.Approver(approver.Id, 1), "no audit record tells of its enrolment: it was enrolled past the guard, or the record is lost");
        }
    }
}
