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
        // Of years of runs the last week is read, and more where that is empty.
        IReadOnlyList<OwnRun> runs = [];
        foreach (var days in Spans)
        {
            runs = runs.Count > 0 ? runs : await own.RunsAsync(now.AddDays(-days), null, cancel).ConfigureAwait(false);
        }
        runs = runs.Count > 0 ? runs : await own.RunsAsync(null, null, cancel).ConfigureAwait(false);
        return new Overview(runs.FirstOrDefault(r => r.ImportedFrom is null) ?? runs.FirstOrDefault(), [.. runs.Where(r => r.Changed).Take(ShownChanges)], runs.Count(r => now - r.Time < TimeSpan.FromDays(Spans[0])), jobs);
    }
}
