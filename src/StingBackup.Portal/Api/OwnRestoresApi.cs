using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Api;

/// <summary>A selection that is to be brought back to where it was.</summary>
/// <param name="Selection">The id of a selection.</param>
/// <param name="Conflict">What happens where a file already stands.</param>
internal sealed record RestoreWish(string? Selection, ConflictAction Conflict = ConflictAction.Rename);

/// <summary>What a restore would do.</summary>
/// <param name="Files">Files to write.</param>
/// <param name="Items">Items of every kind.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Reached">As of which moment.</param>
/// <param name="Approval">How its approval stands; null where it needs none.</param>
/// <param name="Preview">The first items.</param>
internal sealed record RestoreOutline(long Files, long Items, long Length, DateTimeOffset? Reached, ApprovalState? Approval, IReadOnlyList<OwnItem> Preview);

/// <summary>A recovery that is asked for.</summary>
/// <param name="Reason">Why, for the approvers: a line.</param>
internal sealed record RecoveryAsked(string? Reason)
{
    /// <summary>A honey jar; null for the own reserve.</summary>
    public string? Jar { get; init; }
    /// <summary>A run; null where a moment is given.</summary>
    public string? Run { get; init; }
    /// <summary>A moment.</summary>
    public DateTimeOffset? Moment { get; init; }
    /// <summary>Files and folders; empty for all.</summary>
    public IReadOnlyList<string?>? Paths { get; init; }
    /// <summary>What happens where a file already stands.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Rename;
    /// <summary>Also rows of databases that are missing.</summary>
    public bool WithRows { get; init; }
}

/// <summary>A recovery, and how it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Jar">The honey jar that it is about; null for the own reserve.</param>
/// <param name="State">How it stands.</param>
/// <param name="Given">Approvals given.</param>
/// <param name="Needed">Approvals needed.</param>
/// <param name="Facts">The exact plan.</param>
internal sealed record Recovery(string Id, string? Jar, ApprovalState State, int Given, int Needed, IReadOnlyList<PlanFact> Facts)
{
    /// <summary>Why it was denied, where that was said.</summary>
    public string? Reason { get; init; }
    public required DateTimeOffset Asked { get; init; }
    public required DateTimeOffset Expires { get; init; }

    public static Recovery Of(RecoveryEntry entry) => new(entry.Request.Id, entry.Jar, entry.Request.State, entry.Request.Given, entry.Request.Needed, entry.Request.Facts)
    {
        Asked = entry.Request.CreatedTime, Reason = entry.Request.Reason, Expires = entry.Request.ExpiresTime,
    };
}

/// <summary>Restores in place, and recoveries that others approve.</summary>
internal static class OwnRestoresApi
{
    private const int Named = 100;

    public static void Map(RouteGroupBuilder own)
    {
        var fresh = new PortalRuleAttribute(Audience.Person) { Fresh = true };
        own.MapPost("/restores/plan", async (HttpContext http, Restores restores, RestoreWish wish, CancellationToken cancel) =>
        {
            var (_, plan) = await restores.PlanAsync(http, wish.Selection, wish.Conflict, cancel).ConfigureAwait(false);
            return TypedResults.Ok(new RestoreOutline(plan.Files, plan.Items, plan.Length, plan.ReachedTime, plan.Approval, [.. plan.Preview.Take(Named).Select(i => OwnItem.Of(i))]));
        }).WithSummary("What bringing a selection back to its place would do");
        own.MapPost("/restores", async (HttpContext http, Restores restores, RestoreWish wish, CancellationToken cancel) =>
            Accepted(await restores.BeginAsync(http, wish.Selection, wish.Conflict, cancel).ConfigureAwait(false)))
            .WithMetadata(fresh).WithSummary("Brings a selection back to its place, as a job").ProducesProblem(StatusCodes.Status409Conflict);
        own.MapGet("/recoveries", async (HttpContext http, OwnPeople people, CancellationToken cancel) =>
            TypedResults.Ok((await RecoveryEntry.AllAsync(await people.OfAsync(http, null, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false)).Select(Recovery.Of).ToList()))
            .WithSummary("Recoveries that you asked for, newest first");
        own.MapPost("/recoveries", AskAsync).WithMetadata(fresh).WithSummary("Asks for a recovery to a moment: of files, of a honey jar, of all that is yours");
        own.MapGet("/recoveries/{recovery}", async (HttpContext http, OwnPeople people, string recovery, string? jar, CancellationToken cancel) =>
        {
            var reserve = await people.OfAsync(http, Given.OptionalId(jar, "jar"), cancel).ConfigureAwait(false);
            return TypedResults.Ok(Recovery.Of(new RecoveryEntry(await Restores.RecoveryAsync(reserve, recovery, cancel).ConfigureAwait(false), jar)));
        }).WithSummary("How a recovery of yours stands");
        own.MapPost("/recoveries/{recovery}/begin", async (HttpContext http, Restores restores, string recovery, string? jar, CancellationToken cancel) =>
            Accepted(await restores.RecoverAsync(http, Given.OptionalId(jar, "jar"), recovery, cancel).ConfigureAwait(false)))
            .WithMetadata(fresh).WithSummary("Carries out a recovery that was approved, as a job").ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> AskAsync(HttpContext http, OwnPeople people, RecoveryAsked asked, CancellationToken cancel)
    {
        var own = await people.OfAsync(http, Given.OptionalId(asked.Jar, "jar"), cancel).ConfigureAwait(false);
        var request = await own.AskForRecoveryAsync(new RecoveryWish
        {
            BackupId = Given.OptionalId(asked.Run, "run"), Moment = asked.Moment, Paths = [.. (asked.Paths ?? []).Select(Given.Path)], Conflict = asked.Conflict, WithRows = asked.WithRows, Reason = asked.Reason ?? "",
        }, cancel).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/recoveries/{request.Id}", Recovery.Of(new RecoveryEntry(request, asked.Jar)));
    }

    private static Microsoft.AspNetCore.Http.HttpResults.Accepted<JobView> Accepted(OwnJob job) => TypedResults.Accepted($"/api/v1/jobs/{job.View.Id}", job.View);
}
