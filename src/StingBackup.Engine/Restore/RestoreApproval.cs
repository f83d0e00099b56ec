using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Restore;

/// <summary>Whether a restore needs an approval, and the plan that its approver sees.</summary>
internal static class RestoreApproval
{
    private const int MostSubjects = 100;

    /// <summary>The cmdlet of a restore.</summary>
    public static string VerbOf(RestoreRequest? request) => request?.Scope switch
    {
        RestoreScope.File => "Restore-StingFile", RestoreScope.User => "Restore-StingUser", RestoreScope.HoneyJar => "Restore-StingHoneyJar", _ => "Restore-StingReserve",
    };

    /// <summary>Whose data comes back, for the audit log: pseudonyms; of more than a hundred none, which means all.</summary>
    public static IReadOnlyList<Id16> SubjectsOf(RestorePlan plan) =>
        plan.Selection is RestoreSelection { Touched: { Count: <= MostSubjects } touched } ? [.. touched.Order()] : [];

    /// <summary>The dangerous plan of a restore, where the configuration asks for approvals: of one that brings keys or tokens back always.</summary>
    public static DangerousPlan? Needed(AccessPolicy policy, RestorePlan plan)
    {
        if (plan.Selection is not RestoreSelection selection)
        {
            return null;
        }
        var secrets = selection.Trees.Any(t => t.Point.DataClass == DataClass.Secrets);
        // What asks for most counts, and of two that ask for the same the graver one.
        var grades = ((GuardedOperation Of, bool Applies)[])[(GuardedOperation.RestoreSecrets, secrets), (GuardedOperation.RestoreInPlace, plan.InPlace), (GuardedOperation.Restore, true)];
        var operation = grades.Where(grade => grade.Applies).Select(grade => grade.Of).MaxBy(policy.CountOf);
        if (policy.CountOf(operation) == 0)
        {
            return null;
        }
        return Describe(plan, selection, operation);
    }

    /// <summary>The same for whoever acts: of a person's own files what is put beside others, or only where nothing stands, loses nothing, and needs nobody.</summary>
    public static DangerousPlan? Needed(Installation installation, RestorePlan plan) =>
        installation.Caller.Own is { } own && plan is { Conflict: ConflictAction.Skip or ConflictAction.Rename, Selection: RestoreSelection selection } && selection.Trees.All(t => own.Contains(t.Subject) && IsOfPeople(t.Point.DataClass))
            ? null : Needed(installation.Access, plan);

    /// <summary>Classes whose files a person may bring back alone. Rows of databases are not among them: an old row may give back a right that was taken since.</summary>
    public static bool IsOfPeople(DataClass dataClass) => dataClass is DataClass.UserFiles or DataClass.HoneyJars or DataClass.Reports or DataClass.TempFiles;

    /// <summary>The plan that approvers see.</summary>
    public static DangerousPlan Describe(RestorePlan plan, RestoreSelection selection, GuardedOperation operation)
    {
        var secrets = selection.Trees.Any(t => t.Point.DataClass == DataClass.Secrets);
        var request = plan.Request;
        var verb = VerbOf(request);
        string Count(long number) => number.ToString(CultureInfo.InvariantCulture);
        return new DangerousPlan(verb, plan.InPlace ? $"{plan.Destination} (the original place)" : plan.Destination)
        {
            Facts =
            [
                new PlanFact("Restores", secrets ? "keys and tokens of the installation (class Secrets)" : "files and rows"),
                new PlanFact("Classes", string.Join(", ", selection.Trees.Select(t => t.Point.DataClass).Distinct().Order())),
                // Points never change, so their numbers say exactly what comes back.
                new PlanFact("Points", string.Join(", ", plan.Points.Select(p => $"{p.DataClass} of {p.BackupId} ({p.Writer} {Count(p.Sequence)})").Order(StringComparer.Ordinal))),
                new PlanFact("Files asked for", request.Files.Count == 0 ? "all" : string.Join(", ", request.Files)),
                new PlanFact("Subject", request.Subject ?? "any"),
                new PlanFact("Items", Count(plan.Items)),
                new PlanFact("Files", Count(plan.Files)),
                new PlanFact("Bytes", Count(plan.Length)),
                new PlanFact("Where another file stands", plan.Conflict.ToString()),
                .. request.DatabasesAside ? (PlanFact[])[new PlanFact("Databases that stand there", "get another name")] : [],
            ],
            Subjects = secrets ? [.. selection.Trees.Where(t => t.Point.DataClass == DataClass.Secrets).Select(t => t.Row.Pseudonym).Distinct().Order()] : SubjectsOf(plan),
            Operation = operation,
        };
    }

    /// <summary>The plan with how its approval stands. Where nothing could sign a record, the run says so.</summary>
    public static async ValueTask<RestorePlan> AddStateAsync(Installation installation, RestorePlan plan, CancellationToken cancel) => Needed(installation, plan) is { } dangerous
        ? plan with { Approval = await Guard.LookAsync(installation, dangerous, cancel).ConfigureAwait(false) } : plan;
}
