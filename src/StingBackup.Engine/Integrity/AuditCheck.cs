using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
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
        await CheckDrillsAsync(chains, cancel).ConfigureAwait(false);
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

    /// <summary>Evidence of drills: each signed, and none gone that a chain tells of. A further tier may have the chain's record a moment before the evidence.</summary>
    private async ValueTask CheckDrillsAsync(AuditChains chains, CancellationToken cancel)
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        var probe = new ObjectProbe(installation.Store, book);
        await foreach (var item in installation.Store.ListAsync(DrillRecord.Prefix, cancel).ConfigureAwait(false))
        {
            there.Add(item.Name);
            if (ObjectKinds.Of(item.Name) == ObjectKind.Drill)
            {
                await probe.CheckAsync(item.Name, bytes => DrillRecord.Read(item.Name, bytes, installation.Reserve, id => AuditLog.KeyOf(installation, id)), cancel).ConfigureAwait(false);
            }
        }
        foreach (var name in installation.AtTier != Tier.Local ? [] : DrillRecord.NamedBy(chains).Where(n => !there.Contains(n)))
        {
            book.Add(name, "the audit log tells of this drill, and its evidence is missing");
        }
    }
}
