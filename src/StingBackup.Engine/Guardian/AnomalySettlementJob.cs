using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Guardian;

/// <summary>Somebody says that what runs found suspicious of a subject is settled: a false alarm, or damage that was repaired.</summary>
public static class AnomalySettlementJob
{
    private const string Verb = "Confirm-StingAnomaly";

    /// <summary>What would be settled. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="subject">Whose: a canonical name, a person's or jar's name, a pseudonym, or <c>all</c> for the reserve as a whole.</param>
    /// <param name="comment">Why.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>AnomalyNotFound</c></exception>
    public static async ValueTask<AnomalySettlement> PlanAsync(Installation installation, string subject, string comment, CancellationToken cancel)
    {
        Access.Require(installation, Verb);
        ArgumentNullException.ThrowIfNull(subject);
        var open = (await AnomalyReader.ReadAsync(installation, null, null, everything: false, cancel).ConfigureAwait(false)).Where(a => a.IsOpen).ToList();
        var labels = new SubjectLabels(installation);
        var meant = open.Where(a => labels.Means(subject, a)).ToList();
        if (meant.Count == 0)
        {
            throw new StingException("AnomalyNotFound", FailureKind.NotFound, $"No run has found anything suspicious of '{subject}' that is not settled already.{(open.Count > 0 ? $" Open are: {string.Join(", ", open.Select(a => a.Subject).Distinct(StringComparer.Ordinal))}." : "")}",
                subject, "Get-StingAnomaly shows what is open.");
        }
        return new AnomalySettlement
        {
            Subject = meant[0].Subject, Pseudonym = meant[0].Pseudonym, SinceTime = meant.Min(a => a.SinceTime)!.Value, BackupIds = [.. meant.Select(a => a.BackupId)], Score = meant.Max(a => a.Score),
            Reasons = meant.Aggregate(AnomalyReasons.None, (all, a) => all | a.Reasons), Comment = comment,
        };
    }

    /// <summary>Settles it: on this host at once, for all hosts with the next restore point.</summary>
    public static async ValueTask<AnomalySettlement> RunAsync(Installation installation, AnomalySettlement plan, CancellationToken cancel)
    {
        Access.Require(installation, Verb);
        ArgumentNullException.ThrowIfNull(plan);
        var now = await PlanAsync(installation, plan.Pseudonym, plan.Comment, cancel).ConfigureAwait(false);
        var points = await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var pseudonym = Id16.TryParse(now.Pseudonym, out var id) ? id : default;
        // Exactly what was shown is settled: a run that found more since then stands.
        var last = points.Where(p => plan.BackupIds.Contains(p.Name)).Max(p => p.TimeNs);
        await AuditLog.NoteAsync(installation, Verb, [pseudonym], "Settled", cancel).ConfigureAwait(false);
        var settled = Settlements.Read(installation);
        (settled with { All = [.. settled.All.Where(s => s.Pseudonym != pseudonym), new Settlements.Settled(now.Pseudonym, NanosecondTime.ToNs(now.SinceTime), last)] }).Write(installation);
        return now;
    }
}
