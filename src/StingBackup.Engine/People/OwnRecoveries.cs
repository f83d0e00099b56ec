using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.People;

/// <summary>
/// Recoveries that people ask for and others approve. The request holds all that decides what happens, so the plan is made again from it when it is carried out, and must come out as it was approved.
/// </summary>
internal sealed class OwnRecoveries(OwnReading reading)
{
    private const int LongestReason = 500;
    private const string Through = "Asked for through", Portal = "the portal, by whom it belongs to", Run = "Run", Paths = "Paths", Rows = "Rows of databases", Reason = "Reason", Subject = "Subject";
    private const string All = "all", WithRows = "those that are missing", WithoutRows = "none", Where = "Where another file stands";

    public async ValueTask<ApprovalRequest> AskAsync(RecoveryWish wish, CancellationToken cancel)
    {
        var reason = string.Join(' ', wish.Reason.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (reason.Length is 0 or > LongestReason || reason.Any(char.IsControl))
        {
            throw Invalid($"it needs a reason of 1 to {LongestReason} letters");
        }
        if (wish is { WithRows: true, Conflict: not ConflictAction.Skip })
        {
            throw Invalid("rows come back only where they are missing");
        }
        if (wish is { WithRows: true, Paths.Count: > 0 })
        {
            throw Invalid("rows belong to no file or folder: they come back with everything");
        }
        if (wish is { BackupId: not null, Moment: not null })
        {
            throw Invalid("it names both a moment and a backup");
        }
        var run = wish.BackupId ?? RunOf(wish.Moment);
        var known = reading.Repository.Finder.Named(run).Record.Name;
        var (dangerous, _) = await PlanAsync(new OwnRestoreRequest { BackupId = known, Paths = wish.Paths, Conflict = wish.Conflict }, wish.WithRows, reason, cancel).ConfigureAwait(false);
        var request = await Guard.RequestAsync(reading.Installation, dangerous, cancel).ConfigureAwait(false);
        var state = await Guard.LookAsync(reading.Installation, dangerous, cancel).ConfigureAwait(false);
        return request.ToRecord("", state);
    }

    public async ValueTask<IReadOnlyList<ApprovalRequest>> ListAsync(CancellationToken cancel) =>
        [.. (await ApprovalDesk.ListAsync(reading.Installation, await reading.AuditAsync(cancel).ConfigureAwait(false), all: true, IsOwn, cancel).ConfigureAwait(false)).Select(r => r with { Path = "" }).OrderByDescending(r => r.CreatedTime)];

    /// <summary>Begins to carry one out.</summary>
    public async ValueTask<IAsyncEnumerable<JobEvent>> RunAsync(string id, CancellationToken cancel)
    {
        var folder = new ApprovalFolder(reading.Installation.StateFolder);
        var request = Id16.TryParse(id?.Trim(), out var parsed) && (folder.Find(parsed) ?? folder.Find(parsed, closed: true)) is { } found && found.Reserve == reading.Installation.Reserve && IsOwn(found)
            ? found : throw ApprovalDesk.Unknown(id);
        if (!Enum.TryParse<ConflictAction>(request.Plan.Fact(Where), out var conflict) || request.Plan.Fact(Run) is not { } run || request.Plan.Fact(Paths) is not { } paths)
        {
            throw ApprovalDesk.Unknown(id);
        }
        var wish = new OwnRestoreRequest { BackupId = run, Paths = paths == All ? [] : paths.Split('\n'), Conflict = conflict };
        var (dangerous, plan) = await PlanAsync(wish, request.Plan.Fact(Rows) == WithRows, request.Plan.Fact(Reason) ?? "", cancel).ConfigureAwait(false);
        var keys = await reading.Installation.UnlockAsync(cancel).ConfigureAwait(false);
        var installation = reading.Installation.As(reading.Installation.Caller with { ApprovalId = request.Id.ToString() }, keys);
        return JobStream.RunAsync(installation, "restore", async (output, token) =>
        {
            installation.Alarm = output.Warn;
            return await Guard.RunAsync(installation, dangerous, deed => RestoreJob.RestoreAsync(installation, plan, waits: false, output, deed), r => r.State.ToString(), token).ConfigureAwait(false);
        }, cancel);
    }

    private async ValueTask<(DangerousPlan Dangerous, RestorePlan Plan)> PlanAsync(OwnRestoreRequest wish, bool withRows, string reason, CancellationToken cancel)
    {
        // Rows are of several classes: what somebody set, and what was noted of somebody, are two more.
        DataClass[] classes = [.. Enum.GetValues<DataClass>().Where(c => RestoreApproval.IsOfPeople(c) || (withRows && CapturePath.Classes.Contains(c)))];
        var plan = await OwnPlans.OfAsync(reading, wish, classes, looksAtApproval: false, cancel).ConfigureAwait(false);
        var dangerous = RestoreApproval.Describe(plan, (RestoreSelection)plan.Selection!, GuardedOperation.RestoreInPlace);
        return (dangerous with
        {
            Facts =
            [
                .. dangerous.Facts.Select(f => f.Name == Subject ? f with { Value = string.Join(", ", reading.Own.Keys.Order()) } : f),
                new PlanFact(Through, Portal), new PlanFact(Run, wish.BackupId), new PlanFact(Paths, wish.Paths.Count == 0 ? All : string.Join('\n', plan.Request.Files)),
                new PlanFact(Rows, withRows ? WithRows : WithoutRows), new PlanFact(Reason, reason),
            ],
            Subjects = [.. reading.Own.Keys.Order()],
        }, plan);
    }

    /// <summary>Asked for through the portal, of nobody's but this person's subjects, by this person.</summary>
    private bool IsOwn(GuardRequest request) => request.Plan.Fact(Through) == Portal && request.Actor == reading.Installation.Caller.Actor
        && request.Plan.Subjects.Count > 0 && request.Plan.Subjects.All(reading.Own.ContainsKey);

    private string RunOf(DateTimeOffset? moment) => moment is null ? Reserve.PointInTime.Latest.Text
        : reading.Repository.Finder.All.LastOrDefault(p => !p.Point.Record.IsImported && p.Time <= moment)?.BackupId
            ?? throw new StingException("BackupNotFound", FailureKind.NotFound, "There is no backup of that moment or earlier.", null, "Choose a later moment.");

    private static StingException Invalid(string problem) =>
        new("RestoreRequestInvalid", FailureKind.InvalidArgument, $"This recovery cannot be asked for: {problem}.", null, "Correct what is named.");
}
