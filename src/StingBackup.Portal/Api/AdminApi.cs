using System.Net.Mime;
using System.Runtime.CompilerServices;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.Api;

/// <summary>What was read, and when: at most a minute ago.</summary>
/// <param name="ReadTime">When it was read.</param>
/// <param name="Value">What was read.</param>
internal sealed record AsOf<T>(DateTimeOffset ReadTime, T Value);

/// <summary>Why something is said.</summary>
/// <param name="Comment">For whoever reads of it.</param>
internal sealed record CommentBody(string? Comment);

/// <summary>The API of administrators and approvers. Each route takes the right of the command that it stands for, of which the engine asks once more.</summary>
internal static class AdminApi
{
    private const int MostJobs = 500;
    private static readonly TimeSpan JobsEvery = TimeSpan.FromSeconds(1), JobsLongest = TimeSpan.FromMinutes(10), StopPatience = TimeSpan.FromSeconds(30);

    public static void Map(RouteGroupBuilder api)
    {
        var admin = api.MapGroup("/admin").WithTags("Administration").ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        MapStatus(admin);
        MapJobs(admin);
        MapAlerts(admin);
        AdminApprovalApi.Map(admin);
        AdminRecordApi.Map(admin);
    }

    /// <summary>Whoever asks.</summary>
    public static PortalUser Me(this HttpContext context) => PortalUser.Of(context.User)!;

    /// <summary>For whoever may run a command.</summary>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder route, string command, string summary, bool fresh = false) =>
        route.WithMetadata(new PortalRuleAttribute(Audience.Role) { Command = command, Fresh = fresh }).WithSummary(summary);

    private static void MapStatus(RouteGroupBuilder admin)
    {
        admin.MapGet("/status", async (HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var known = await desk.StandingAsync(context.Me(), cancel).ConfigureAwait(false);
            return TypedResults.Ok(new AsOf<BackupStatus>(known.Time, known.Value.Status));
        }).For("Get-StingBackupStatus", "How backups stand, with details, as of at most a minute ago");
        admin.MapGet("/concerns", async (HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(new Part<Concern>(Concerns.Of((await desk.StandingAsync(context.Me(), cancel).ConfigureAwait(false)).Value), null))).For("Get-StingBackupStatus", "All that keeps the status from being good; none where all is well");
        admin.MapGet("/objectives", async (HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(new Part<RecoveryObjective>((await desk.StandingAsync(context.Me(), cancel).ConfigureAwait(false)).Value.Objectives, null))).For("Get-StingRecoveryTarget", "Recovery objectives, and what is reached of them");
    }

    private static void MapJobs(RouteGroupBuilder admin)
    {
        admin.MapGet("/jobs", async (HttpContext context, AdminDesk desk, CancellationToken cancel, int last = 50) => TypedResults.Ok(new Part<HostJob>(
            await desk.UseAsync(context.Me(), (installation, _) => ValueTask.FromResult(JobReader.List(installation, new JobQuery { Last = Math.Clamp(last, 1, MostJobs) })), cancel).ConfigureAwait(false), null)))
            .For("Get-StingBackupJob", "Jobs of this host that run, and the newest of the past, oldest first");
        admin.MapGet("/jobs/events", (HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.ServerSentEvents(FollowAsync(desk, context.Me(), IsFollowed(context), cancel)))
            .RequireRateLimiting(AtOnce.Streams).For("Get-StingBackupJob", "The jobs that run, each time that one of them changes (server-sent events), for ten minutes; once where text/event-stream is not accepted");
        admin.MapPost("/jobs/{id}/stop", async (string id, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(await desk.UseAsync(context.Me(), (installation, stop) => JobStop.RunAsync(installation, JobStop.Plan(installation, id), StopPatience, stop), cancel).ConfigureAwait(false)))
            .For("Stop-StingBackupJob", "Asks a job to end in order; takes the right to begin such a job", fresh: true);
    }

    // What reads answers to their end would wait for ten minutes.
    private static bool IsFollowed(HttpContext context) => context.Request.Headers.Accept.ToString().Contains(MediaTypeNames.Text.EventStream, StringComparison.Ordinal);

    /// <summary>The running jobs whenever they differ from what was told before; what there is at first in any case.</summary>
    private static async IAsyncEnumerable<IReadOnlyList<HostJob>> FollowAsync(AdminDesk desk, PortalUser user, bool isFollowed, [EnumeratorCancellation] CancellationToken cancel)
    {
        IReadOnlyList<HostJob>? told = null;
        var ends = desk.Clock.GetUtcNow() + JobsLongest;
        while (desk.Clock.GetUtcNow() < ends)
        {
            var now = await desk.UseAsync(user, (installation, _) => ValueTask.FromResult(JobReader.List(installation, new JobQuery())), cancel).ConfigureAwait(false);
            IReadOnlyList<HostJob> running = [.. now.Where(job => job.IsRunning)];
            if (told is null || !told.SequenceEqual(running))
            {
                told = running;
                yield return running;
            }
            if (!isFollowed)
            {
                yield break;
            }
            await Task.Delay(JobsEvery, cancel).ConfigureAwait(false);
        }
    }

    private static void MapAlerts(RouteGroupBuilder admin)
    {
        admin.MapGet("/alerts", (PortalContext portal, bool all = false) =>
            TypedResults.Ok(new Part<StingAlert>([.. new AlertCenter(portal.Configuration, portal.Clock).Read().Where(a => all || a.State != AlertState.Resolved)], null))).For("Get-StingAlert", "Alerts that go on; with all=true those that are over too");
        admin.MapPost("/alerts/{id}/acknowledge", async (string id, CommentBody body, HttpContext context, AdminDesk desk, PortalContext portal, CancellationToken cancel) =>
        {
            var alert = await desk.UseAsync(context.Me(), async (installation, stop) =>
                await new AlertCenter(portal.Configuration, portal.Clock).AcknowledgeAsync(installation, id, Pages.Admin.AlertModel.Short(body.Comment), stop).ConfigureAwait(false), cancel).ConfigureAwait(false);
            desk.Changed();
            return TypedResults.Ok(alert);
        }).For("Confirm-StingAlert", "Says that you know of an alert: it escalates no more");
    }
}
