using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Api;

/// <summary>Jobs that somebody began: how they stand, and each change of it as it comes.</summary>
internal static class OwnJobsApi
{
    public static void Map(RouteGroupBuilder own)
    {
        own.MapGet("/jobs", (HttpContext http, OwnJobs jobs) => TypedResults.Ok(jobs.Of(OwnPeople.OwnerOf(http)))).WithSummary("Your jobs of the last day, newest first");
        own.MapGet("/jobs/{job}", (HttpContext http, OwnJobs jobs, string job) => TypedResults.Ok(jobs.Find(OwnPeople.OwnerOf(http), job).View)).WithSummary("How a job of yours stands");
        own.MapGet("/jobs/{job}/events", (HttpContext http, OwnJobs jobs, IHostApplicationLifetime lifetime, string job) =>
            TypedResults.ServerSentEvents(EventsAsync(jobs.Find(OwnPeople.OwnerOf(http), job), lifetime.ApplicationStopping, http.RequestAborted)))
            .WithSummary("How a job of yours goes on, as events: 'progress' at each change, 'end' as the last one");
        own.MapPost("/jobs/{job}/stop", (HttpContext http, OwnJobs jobs, string job) =>
        {
            var mine = jobs.Find(OwnPeople.OwnerOf(http), job);
            mine.Stop();
            return TypedResults.Accepted($"/api/v1/jobs/{job}", mine.View);
        }).WithMetadata(new PortalRuleAttribute(Audience.Person) { Fresh = true }).WithSummary("Stops a job of yours");
    }

    private static async IAsyncEnumerable<SseItem<JobView>> EventsAsync(OwnJob job, CancellationToken shutdown, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(shutdown, cancel);
        await foreach (var view in job.FollowAsync(either.Token).ConfigureAwait(false))
        {
            yield return new SseItem<JobView>(view, view.Ended is null ? "progress" : "end");
        }
    }
}
