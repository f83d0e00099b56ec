using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>What somebody sees first: the last backup, what changed lately, what goes on.</summary>
/// <param name="Last">The newest run that holds something; null where there is none.</param>
/// <param name="Changes">The newest runs in which something changed.</param>
/// <param name="Runs">How many runs there were in the last week.</param>
/// <param name="Jobs">Own jobs of the last day.</param>
internal sealed record Overview(OwnRun? Last, IReadOnlyList<OwnRun> Changes, int Runs, IReadOnlyList<JobView> Jobs)
{
    private const int ShownChanges = 8;
    private static readonly int[] Spans = [7, 92];

    public static async ValueTask<Overview> OfAsync(OwnReserve own, IReadOnlyList<JobView> jobs, DateTimeOffset now, CancellationToken cancel)
    {
        var runs = await RecentAsync(own, now, cancel).ConfigureAwait(false);
        return new Overview(runs.FirstOrDefault(r => r.ImportedFrom is null) ?? (runs.Count > 0 ? runs[0] : null), [.. runs.Where(r => r.Changed).Take(ShownChanges)], runs.Count(r => now - r.Time < TimeSpan.FromDays(Spans[0])), jobs);
    }

    /// <summary>Of years of runs those of the last week, and more where that is empty.</summary>
    public static async ValueTask<IReadOnlyList<OwnRun>> RecentAsync(OwnReserve own, DateTimeOffset now, CancellationToken cancel)
    {
        foreach (var days in Spans)
        {
            if (await own.RunsAsync(now.AddDays(-days), null, cancel).ConfigureAwait(false) is { Count: > 0 } runs)
            {
                return runs;
            }
        }
        return await own.RunsAsync(null, null, cancel).ConfigureAwait(false);
    }
}
