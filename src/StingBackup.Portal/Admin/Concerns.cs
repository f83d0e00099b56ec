using System.Globalization;

namespace StingBackup.Portal.Admin;

/// <summary>Something that is not as it should be.</summary>
/// <param name="IsBad">Whether data may be lost by it; else it needs a look.</param>
/// <param name="Text">What.</param>
/// <param name="Page">Where more is told; null for nowhere.</param>
internal sealed record Concern(bool IsBad, string Text, string? Page);

/// <summary>All that keeps a standing from being good: the dashboard is green only where there is nothing of it.</summary>
internal static class Concerns
{
    private const double Full = 0.9, NearlyFull = 0.8;

    public static IReadOnlyList<Concern> Of(Standing standing)
    {
        var status = standing.Status;
        var found = new List<Concern>();
        if (status.Points == 0)
        {
            found.Add(new Concern(true, "There is no backup.", null));
        }
        found.AddRange(status.Damage.Select(damage => new Concern(true, $"{damage.Object}: {damage.Problem}", null)));
        found.AddRange(LastRun(status.LastRun));
        if (status.Details is { } details)
        {
            found.AddRange(Of(details, status));
        }
        found.AddRange(status.Checks.Count == 0 && status.Points > 0 ? [new Concern(false, "No tier was verified yet: run Test-StingBackupIntegrity.", null)] : []);
        found.AddRange(status.Checks.Where(c => c.NeverChecked > 0).Select(c => new Concern(false, Text($"{c.NeverChecked:N0} of {c.Packs:N0} packs of the {c.Tier} tier were never read whole."), null)));
        found.AddRange(standing.Drills.Calendar.Where(d => d.IsOverdue).Select(d => new Concern(false, $"The recovery test of a {Word(d.Type)} is overdue since {Display.Time(d.NextTime)}.", "/admin/drills")));
        found.AddRange(standing.Drills.Calendar.Where(d => d.LastVerdict == RecoveryVerdict.Failed).Select(d => new Concern(true, $"The last recovery test of a {Word(d.Type)} failed: {d.LastReason}", "/admin/drills")));
        found.AddRange(standing.Drills.Damaged.Select(name => new Concern(true, $"Evidence of a recovery test is damaged: {name}", "/admin/drills")));
        found.AddRange(standing.Objectives.Where(o => o.IsMet == false).Select(o => new Concern(false, $"{o.Objective} of {o.Name}: {Display.Interval(o.Target)} is the target, {Display.Duration(o.Reached!.Value)} was reached.", null)));
        found.AddRange(status.Warnings.Select(warning => new Concern(false, warning, null)));
        // Whatever the engine sees, and no line above tells.
        if (found.Count == 0 && (status.Details?.Health ?? status.Health) != Health.Good)
        {
            found.Add(new Concern(status.Health == Health.Bad, "The status is not good.", null));
        }
        return [.. found.DistinctBy(c => c.Text).OrderByDescending(c => c.IsBad)];
    }

    private static IEnumerable<Concern> Of(StatusDetails details, BackupStatus status)
    {
        foreach (var c in details.Classes)
        {
            if (c.LastSuccess is null)
            {
                yield return new Concern(true, $"{c.DataClass} was never backed up whole.", null);
            }
            else if (c.IsLate)
            {
                yield return new Concern(false, $"{c.DataClass} is late: its newest whole restore point is {Display.Elapsed(c.Age!.Value)} old, {Display.Interval(c.Target)} is the target.", null);
            }
        }
        foreach (var alert in details.Alerts)
        {
            yield return new Concern(alert.Severity != AlertSeverity.Warning, $"Alert {alert.Rule}: {alert.Summary}", $"/admin/alerts/{alert.Id}");
        }
        foreach (var tier in details.Tiers)
        {
            if (tier.Problem.Length > 0)
            {
                yield return new Concern(false, $"The {tier.Tier} tier: {tier.Problem}", null);
            }
            if (tier.IsLate)
            {
                yield return new Concern(false, Text($"{tier.WaitingPoints:N0} restore points wait for the {tier.Tier} tier, the oldest since {Display.Elapsed(tier.Lag)}."), null);
            }
            if (tier.Share > NearlyFull)
            {
                yield return new Concern(tier.Share > Full, Text($"The {tier.Tier} tier takes {Math.Floor(tier.Share.Value * 100):0} % of its limit."), null);
            }
        }
        foreach (var key in details.Keys.Where(k => k.IsDue))
        {
            yield return new Concern(false, $"Keys of kind {key.Kind} are due for renewal since {key.DueTime:yyyy-MM-dd}.", "/admin/keys");
        }
        foreach (var review in status.OpenReviews)
        {
            yield return new Concern(true, $"{review.Command} was done without its approvals by {review.Actor}, and nobody has reviewed it.", "/admin/audit");
        }
    }

    private static IEnumerable<Concern> LastRun(LastRun? run) => run switch
    {
        { State: JobState.Failed } => [new Concern(true, "The last run did not finish.", "/admin/jobs")],
        { State: JobState.CompletedWithErrors } => [new Concern(false, Text($"The last run could not read {run.Errors:N0} items."), "/admin/jobs")],
        _ => [],
    };

    private static string Word(RecoveryTestType type) => type switch { RecoveryTestType.HoneyJar => "honey jar", RecoveryTestType.Full => "complete system", RecoveryTestType.User => "person", _ => "file" };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
