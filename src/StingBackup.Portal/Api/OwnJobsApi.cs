using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using StingBackup.Portal.Access;
using StingBackup.Portal.Http;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Api;

/// <summary>Jobs that somebody began: how they stand, and each change of it as it comes.</summary>
internal static class OwnJobsApi
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static void Map(RouteGroupBuilder own)
    {
        own.MapGet("/jobs", (HttpContext http, OwnJobs jobs) => TypedResults.Ok(jobs.Of(OwnPeople.OwnerOf(http)))).WithSummary("Your jobs of the last day, newest first");
        own.MapGet("/jobs/{job}", (HttpContext http, OwnJobs jobs, string job) => TypedResults.Ok(jobs.Find(OwnPeople.OwnerOf(http), job).View)).WithSummary("How a job of yours stands");
        own.MapGet("/jobs/{job}/events", (HttpContext http, OwnJobs jobs, IHostApplicationLifetime lifetime, TimeProvider clock, string job) =>
            TypedResults.ServerSentEvents(EventsAsync(jobs.Find(OwnPeople.OwnerOf(http), job), clock, lifetime.ApplicationStopping, http.RequestAborted)))
            .RequireRateLimiting(AtOnce.Streams).WithSummary("How a job of yours goes on, as events: 'progress' at each change, 'end' as the last one").WithDescription("For ten minutes; whoever asks again goes on, as long as the session does.");
        own.MapPost("/jobs/{job}/stop", (HttpContext http, OwnJobs jobs, string job) =>
        {
            var mine = jobs.Find(OwnPeople.OwnerOf(http), job);
            mine.Stop();
            return TypedResults.Accepted($"/api/v1/jobs/{job}", mine.View);
        }).WithMetadata(new PortalRuleAttribute(Audience.Person) { Fresh = true }).WithSummary("Stops a job of yours");
    }

    private static async IAsyncEnumerable<SseItem<JobView>> EventsAsync(OwnJob job, TimeProvider clock, CancellationToken shutdown, [EnumeratorCancellation] CancellationToken cancel)
    {
        // A session that ended meanwhile learns nothing more: browsers ask again by themselves, and are asked who they are.
        using var over = new CancellationTokenSource(Longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(shutdown, over.Token, cancel);
        var views = job.FollowAsync(either.Token).GetAsyncEnumerator(either.Token);
        await using (views.ConfigureAwait(false))
        {
            while (await NextAsync(views, over.Token).ConfigureAwait(false))
            {
                yield return new SseItem<JobView>(views.Current, views.Current.Ended is null ? "progress" : "end");
            }
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<JobView> views, CancellationToken over)
    {
        try
        {
            return await views.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return false;
        }
    }
}
