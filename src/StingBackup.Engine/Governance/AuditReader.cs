using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>Reads the audit chains for people: every record with what is wrong about it. Needs no passphrase.</summary>
public static class AuditReader
{
    /// <summary>Every record of every chain, oldest first; what is missing stands behind the record before it.</summary>
    public static async ValueTask<IReadOnlyList<AuditEntry>> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingAuditEvent");
        ArgumentNullException.ThrowIfNull(installation);
        var points = await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var chains = await CheckAsync(installation, points, cancel).ConfigureAwait(false);
        var entries = new List<(long Time, AuditEntry Entry)>();
        var time = 0L;
        foreach (var link in chains.Links)
        {
            time = link.Record?.TimeNs ?? time;
            entries.Add((time, ToEntry(installation, link)));
        }
        return [.. entries.OrderBy(e => e.Time).ThenBy(e => e.Entry.Writer, StringComparer.Ordinal).ThenBy(e => e.Entry.Sequence).Select(e => e.Entry)];
    }

    /// <summary>Every record of every chain proven: signatures, numbers, hashes, anchors in restore points, approvals. Nothing that is remembered is trusted.</summary>
    public static async ValueTask<AuditLogCheck> TestAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Test-StingAuditLog");
        var points = await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var chains = await CheckAsync(installation, points, cancel).ConfigureAwait(false);
        var bad = chains.Links.Where(link => link.State != AuditState.Sound).ToList();
        return new AuditLogCheck
        {
            IsSound = bad.Count == 0, Records = chains.Links.LongCount(link => link.State != AuditState.Missing), Chains = chains.Records.Select(record => record.Writer).Distinct().Count(), Bad = bad.Count,
            FirstBad = bad.Count == 0 ? null : ToEntry(installation, bad[0]), Anchors = points.Sum(point => (long)point.AuditHeads.Count), OpenReviews = ReviewJob.Of(chains),
        };
    }

    /// <summary>All chains, checked by themselves, against what points saw, and against what this host wrote.</summary>
    internal static async ValueTask<AuditChains> CheckAsync(Installation installation, IEnumerable<PointRecord> points, CancellationToken cancel)
    {
        // A further tier may lag behind what this host wrote last. What is remembered is read before the chains: another process of this host may add a record meanwhile.
        ChainHead[] remembered = installation.AtTier == Tier.Local ? [.. AuditLog.AllRemembered(installation)] : [];
        var approvers = installation.Keys is { } keys ? await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false) : null;
        var chains = await AuditChains.LoadAsync(installation, approvers, cancel).ConfigureAwait(false);
        foreach (var head in remembered)
        {
            chains.CheckSeen(head, "this host");
        }
        foreach (var point in points.OrderByDescending(p => p.CompletedNs))
        {
            foreach (var head in point.AuditHeads)
            {
                chains.CheckSeen(head, $"'{point.ObjectName}'");
            }
        }
        return chains;
    }

    private static AuditEntry ToEntry(Installation installation, AuditLink link)
    {
        var (writer, sequence) = ObjectKinds.Of(link.Name) == ObjectKind.Audit ? ObjectKinds.RunIn(link.Name) : default;
        var entry = new AuditEntry
        {
            Sequence = sequence, State = link.State, Problem = link.Problem, Writer = writer.ToString(), Object = link.Name,
            WriterName = installation.Writers.Find(writer)?.HostName ?? (AuditLog.KeyOf(installation, writer) is null ? "unknown" : "key role"),
        };
        return link.Record is not { } record ? entry : entry with
        {
            Time = TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(record.TimeNs, 0), installation.Zone), Event = record.Event, Command = record.Verb, Actor = record.Actor, Outcome = record.Outcome,
            RequestId = record.Request.IsZero ? null : record.Request.ToString(), PlanDigest = record.PlanDigest.IsZero ? null : record.PlanDigest.ToString(),
            Subjects = [.. record.Subjects.Select(s => s.ToString())], Approvers = [.. record.Approvals.Select(a => a.Approver.ToString())],
        };
    }
}
