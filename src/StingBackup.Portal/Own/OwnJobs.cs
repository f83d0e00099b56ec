using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace StingBackup.Portal.Own;

/// <summary>Jobs that people began here: one at a time for each, some at a time for all. What ended is remembered for a day; everybody sees the own ones alone.</summary>
internal sealed class OwnJobs(TimeProvider clock, IHostApplicationLifetime lifetime) : IDisposable
{
    private const int AtOnce = 4, Remembered = 1000;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, OwnJob> _jobs = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>The own jobs of somebody, newest first.</summary>
    public IReadOnlyList<JobView> Of(string owner) => [.. _jobs.Values.Where(j => j.Owner == owner).Select(j => j.View).OrderByDescending(v => v.Started)];

    /// <summary>Somebody's own job.</summary>
    /// <exception cref="StingException"><c>JobNotFound</c>, for another's too</exception>
    public OwnJob Find(string owner, string id) => _jobs.TryGetValue(id, out var job) && job.Owner == owner ? job
        : throw new StingException("JobNotFound", FailureKind.NotFound, "There is no such job of yours.", id, "Look at the list of your jobs.");

    /// <summary>Begins a job.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="begin">Does it.</param>
    /// <param name="ended">Is told how it ended, and throws nothing.</param>
    /// <exception cref="StingException"><c>JobRunning</c></exception>
    public OwnJob Begin(string owner, string kind, Func<CancellationToken, IAsyncEnumerable<JobEvent>> begin, Func<JobView, Task>? ended = null)
    {
        OwnJob job;
        lock (_gate)
        {
            Sweep();
            var running = _jobs.Values.Where(j => j.View.Ended is null).ToList();
            if (running.Any(j => j.Owner == owner) || running.Count >= AtOnce || _jobs.Count >= Remembered)
            {
                throw new StingException("JobRunning", FailureKind.Busy, running.Any(j => j.Owner == owner) ? "A job of yours is running." : "Several people restore at the moment.", null, "Wait until it has ended, and begin again.");
            }
            job = new OwnJob(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), owner, kind, clock, lifetime.ApplicationStopping);
            _jobs[job.View.Id] = job;
        }
        _ = Task.Run(async () =>
        {
            await job.RunAsync(begin).ConfigureAwait(false);
            await (ended?.Invoke(job.View) ?? Task.CompletedTask).ConfigureAwait(false);
        });
        return job;
    }

    public void Dispose()
    {
        foreach (var job in _jobs.Values)
        {
            job.Dispose();
        }
    }

    private void Sweep()
    {
        var ended = _jobs.Values.Where(j => j.View.Ended is not null).OrderBy(j => j.View.Ended).ToList();
        foreach (var job in ended.Where((j, i) => clock.GetUtcNow() - j.View.Ended > Kept || i < ended.Count - (Remembered / 2)))
        {
            _jobs.TryRemove(job.View.Id, out _);
            job.Dispose();
        }
    }
}
