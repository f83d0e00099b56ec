using System.Globalization;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Daemon;

/// <summary>
/// One process for all that is scheduled. Backups go one after the other in one lane, what cares for them in another, tests of recovery in a third, beside them. A run that was due while another went on, or while no daemon ran,
/// is made up for once; one that failed is tried again soon. It ends when it is cancelled: the run that goes on stops without a commit, and the next one uses what it stored.
/// </summary>
public static class BackupDaemon
{
    private static readonly ScheduledTask[] Backups = [ScheduledTask.Full, ScheduledTask.Archive, ScheduledTask.Incremental];

    /// <summary>What it would do. Changes nothing.</summary>
    public static DaemonPlan Plan(StingConfiguration configuration, TimeProvider clock)
    {
        Access.Require(configuration, "Start-StingBackupDaemon");
        ArgumentNullException.ThrowIfNull(clock);
        return new DaemonPlan
        {
            ConfigurationFile = configuration.File, MetricsAddress = configuration.MetricsPort is > 0 and var port ? MetricsEndpoint.AddressOf(port) : null,
            Timers = [.. ClocksOf(configuration, Notes(configuration), clock.GetUtcNow()).Select(c => new DaemonTimer(c.Task, c.At, c.Zone, TimeZoneInfo.ConvertTime(c.Due, configuration.TimeZone)))],
        };
    }

    /// <summary>Runs until it is cancelled. Each task that ended is an <see cref="OutputEvent"/> with a <see cref="DaemonRun"/>; what its job tells comes before.</summary>
    /// <exception cref="StingException"><c>DaemonRunning</c>, <c>MetricsPortTaken</c></exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(StingConfiguration configuration, DaemonHost host, CancellationToken cancel)
    {
        Access.Require(configuration, "Start-StingBackupDaemon");
        ArgumentNullException.ThrowIfNull(host);
        return JobStream.RunAsync(host.Clock, async (output, token) =>
        {
            try
            {
                return await JobRegister.AroundAsync(JobPlace.Of(configuration, host.Clock), "daemon", output, stop => RunAsync(configuration, host, output, stop), token).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "JobStopped")
            {
                // An order that was followed is no failure: a service manager must not start it again.
                output.Tell(e.Message);
                return Plan(configuration, host.Clock);
            }
        }, cancel);
    }

    private static async Task<object> RunAsync(StingConfiguration configuration, DaemonHost host, JobOutput output, CancellationToken token)
    {
        StateFile.CreateFolder(FolderOf(configuration));
        using var one = FileLock.TryAcquire(Path.Combine(FolderOf(configuration), "lock"), out var held);
        if (held)
        {
            throw new StingException("DaemonRunning", FailureKind.Busy, "Another daemon of this configuration's state runs on this host.", FolderOf(configuration), "End it first, or leave it: one does all.");
        }
        using var endpoint = configuration.MetricsPort is > 0 and var port ? MetricsEndpoint.Start(port, host.OpenAsync, host.Clock, token) : null;
        var notes = Notes(configuration);
        var clocks = ClocksOf(configuration, notes, host.Clock.GetUtcNow());
        foreach (var clock in clocks.Where(c => !notes.ContainsKey(c.Task)))
        {
            Note(configuration, notes, clock.Task, host.Clock.GetUtcNow());   // from now on something can be missed
        }
        var runner = new TaskRunner(host.OpenAsync, (task, happened) => Tell(output, task, happened));
        // A test of recovery may wait half a day for packs to be thawed: nothing else may wait for it.
        var lanes = clocks.GroupBy(c => Backups.Contains(c.Task) ? 0 : c.Task == ScheduledTask.Drill ? 2 : 1).OrderBy(lane => lane.Key);
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(token);
        var work = lanes.Select(lane => new DaemonLane([.. lane], runner, host, output, (task, time) => Note(configuration, notes, task, time)).RunAsync(lost)).ToList();
        if (AlertCenter.HasChannels(configuration) || configuration.MetricsFile is not null)
        {
            work.Add(new DaemonWatch(configuration, host, output).RunAsync(lost));
        }
        if (configuration.FullScanEvery is not null)
        {
            var watcher = new ChangeWatcher(configuration.StateDirectory, configuration.WatchedFolders, host.Clock) { Warn = output.Warn };
            // It waits for the kernel, so it has a thread. Whatever ends it, backups go on, and scan everything.
            work.Add(Task.Factory.StartNew(() => Watch(watcher, output, lost.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }
        output.Tell(string.Create(CultureInfo.InvariantCulture, $"The daemon runs {clocks.Count} tasks{(endpoint is null ? "" : $", metrics at {endpoint.Address}")}."));
        await Task.WhenAll(work).ConfigureAwait(false);
        return Plan(configuration, host.Clock);
    }

    private static void Watch(ChangeWatcher watcher, JobOutput output, CancellationToken cancel)
    {
        try
        {
            watcher.Run(cancel);
        }
        catch (Exception e)
        {
            output.Warn($"The watcher of changes ended: {e.Message} Backups scan everything until the daemon is started anew.");
        }
    }

    private static List<TaskClock> ClocksOf(StingConfiguration configuration, Dictionary<ScheduledTask, DateTimeOffset> notes, DateTimeOffset now) =>
        [.. configuration.Timers.Where(t => t.Value != TimerText.Never && (t.Key != ScheduledTask.Sync || configuration.RemoteLocation is not null || configuration.ArchiveLocation is not null)).OrderBy(t => t.Key)
            .Select(t => new TaskClock(t.Key, t.Value, configuration.TimeZone, notes.TryGetValue(t.Key, out var last) ? last : null, now))];

    /// <summary>What a person who looks on sees; each job has a log of its own.</summary>
    private static void Tell(JobOutput output, ScheduledTask task, JobEvent happened)
    {
        switch (happened)
        {
            case WarningEvent warning:
                output.Warn($"{task}: {warning.Message}");
                break;
            case ItemFailedEvent failed:
                output.Warn($"{task}: {failed.Error.Message} {failed.Error.Remedy}");
                break;
            case VerboseEvent verbose:
                output.Explain($"{task}: {verbose.Message}");
                break;
        }
    }

    private static string FolderOf(StingConfiguration configuration) => Path.Combine(configuration.StateDirectory, "daemon");

    private static string NotesOf(StingConfiguration configuration) => Path.Combine(FolderOf(configuration), "tasks.json");

    /// <summary>When each task last did what it was due for.</summary>
    private static Dictionary<ScheduledTask, DateTimeOffset> Notes(StingConfiguration configuration) => StateFile.Read<Dictionary<ScheduledTask, DateTimeOffset>>(NotesOf(configuration)) ?? [];

    private static void Note(StingConfiguration configuration, Dictionary<ScheduledTask, DateTimeOffset> notes, ScheduledTask task, DateTimeOffset time)
    {
        lock (notes)
        {
            notes[task] = time;
            StateFile.Write(NotesOf(configuration), notes);
        }
    }
}

/// <summary>What a daemon takes from whoever hosts it.</summary>
/// <param name="OpenAsync">Opens the installation anew, its configuration too, for each task.</param>
/// <param name="Clock">The clock.</param>
public sealed record DaemonHost(Func<CancellationToken, ValueTask<Installation>> OpenAsync, TimeProvider Clock)
{
    /// <summary>Waits for a moment; a test turns its clock here.</summary>
    internal Func<DateTimeOffset, CancellationToken, Task>? WaitAsync { get; init; }
    /// <summary>Told of each task that ended; a test learns of all of them so, whatever its reader misses at the end.</summary>
    internal Action<DaemonRun>? Ran { get; init; }

    /// <summary>Waits for a moment, or for a minute where it is further off: a clock that is set is seen within it.</summary>
    internal Task UntilAsync(DateTimeOffset until, CancellationToken cancel)
    {
        if (WaitAsync is { } wait)
        {
            return wait(until, cancel);
        }
        var left = until - Clock.GetUtcNow();
        return Task.Delay(left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestWait ? left : LongestWait, Clock, cancel);
    }

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>By how many seconds at most a task begins later.</summary>
    public int JitterSeconds { get; init; }
}
