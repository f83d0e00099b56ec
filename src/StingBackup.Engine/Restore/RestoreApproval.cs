using System.Globalization;
using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Restore;

/// <summary>Whether a restore needs an approval, and the plan that its approver sees.</summary>
internal static class RestoreApproval
{
    /// <summary>The dangerous plan of a restore that brings keys or tokens back; null for any other.</summary>
    public static DangerousPlan? Needed(RestorePlan plan)
    {
        if (plan.Selection is not RestoreSelection selection || !selection.Trees.Any(t => t.Point.DataClass == DataClass.Secrets))
        {
            return null;
        }
        var request = plan.Request;
        var verb = request.Scope switch
        {
            RestoreScope.File => "Restore-StingFile", RestoreScope.User => "Restore-StingUser", RestoreScope.HoneyJar => "Restore-StingHoneyJar", _ => "Restore-StingReserve",
        };
        string Count(long number) => number.ToString(CultureInfo.InvariantCulture);
        return new DangerousPlan(verb, plan.InPlace ? $"{plan.Destination} (the original place)" : plan.Destination)
        {
            Facts =
            [
                new PlanFact("Restores", "keys and tokens of the installation (class Secrets)"),
                new PlanFact("Classes", string.Join(", ", selection.Trees.Select(t => t.Point.DataClass).Distinct().Order())),
                // Points never change, so their numbers say exactly what comes back.
                new PlanFact("Points", string.Join(", ", plan.Points.Select(p => $"{p.DataClass} of {p.BackupId} ({p.Writer} {Count(p.Sequence)})").Order(StringComparer.Ordinal))),
                new PlanFact("Files asked for", request.Files.Count == 0 ? "all" : string.Join(", ", request.Files)),
                new PlanFact("Subject", request.Subject ?? "any"),
                new PlanFact("Items", Count(plan.Items)),
                new PlanFact("Files", Count(plan.Files)),
                new PlanFact("Bytes", Count(plan.Length)),
                new PlanFact("Where another file stands", plan.Conflict.ToString()),
            ],
            Subjects = [.. selection.Trees.Where(t => t.Point.DataClass == DataClass.Secrets).Select(t => t.Row.Pseudonym).Distinct().Order()],
        };
    }

    /// <summary>The plan with how its approval stands. Where nothing could sign a record, the run says so.</summary>
    public static async ValueTask<RestorePlan> AddStateAsync(Installation installation, RestorePlan plan, CancellationToken cancel) => Needed(plan) is { } dangerous
        ? plan with { Approval = await Guard.LookAsync(installation, dangerous, cancel).ConfigureAwait(false) } : plan;
}
