using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Restore;

/// <summary>
/// One restore: a walk in path order that makes folders and hands out the rest, workers that write, then a barrier. One item's failure is its own;
/// what fails for all stops the others.
/// </summary>
internal sealed class RestoreRun(RestorePlan plan, RestoreContext context, ISubjectReader keys)
{
    /// <summary>Packs that are fetched before the walk comes to them, where the repository is far away.</summary>
    private const int PacksAhead = 2;

    private readonly int _threads = context.Installation.Threads;
    private readonly JobOutput _output = context.Output;
    /// <summary>Groups and long files that are not done, and the walk: when there are none, the workers go.</summary>
    private int _outstanding = 1;

    public async Task<RestoreResult> RunAsync(CancellationToken cancel)
    {
        var started = context.Installation.Clock.GetUtcNow();
        _output.Progress.Activity = $"Restore of {plan.Scope}";
        (_output.Progress.TotalItems, _output.Progress.TotalBytes) = (plan.Items, plan.Length);
        TellKnownFaults();
        if (plan.WithheldClasses.Count > 0)
        {
            _output.Warn($"{string.Join(", ", plan.WithheldClasses)} left out: keys and tokens come back only where they are asked for by class or by name, and with an approval.");
        }
        if (plan.QuarantinedCount > 0)
        {
            _output.Warn($"{plan.QuarantinedCount} items are suspect and left out: they came or changed since the last clean point of whom they belong to. The result's Quarantined lists them.");
        }
        await DestinationRoom.CheckAsync(plan, context, cancel).ConfigureAwait(false);
        // Of packs that little is needed of only that little is read.
        context.Installation.Reading.Expect([.. context.Selection.Packs?.All.Where(p => 2 * p.Needed >= p.Pack.Length).Select(p => new ObjectInfo(p.Pack.Name, p.Pack.Length)) ?? []], PacksAhead);
        try
        {
            await RestoreAllAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            foreach (var file in context.LongFiles.Keys)
            {
                file.Dispose();
            }
        }
        context.TellDegraded();
        context.Repository.Copies.Tell(_output.Warn);
        _output.Progress.Status = "waiting for the disk";
        context.Target.Flush();
        if (plan.InPlace && context.Installation.Ledger.Entries.Count > 0 && plan.Points.Any(point => point.DataClass == DataClass.Physical))
        {
            _output.Warn("Captures of whole servers hold everybody who was in them: whoever was erased since is there again, until Sync-StingErasure has run.");
        }
        return new RestoreResult
        {
            State = _output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, BackupIds = [.. plan.Points.Select(p => p.BackupId).Distinct(StringComparer.Ordinal)],
            ReachedTime = plan.ReachedTime, Destination = plan.Destination, ItemsRestored = context.CountOf(Outcome.Restored), ItemsUnchanged = context.CountOf(Outcome.Unchanged),
            ItemsSkipped = context.CountOf(Outcome.Skipped), Errors = _output.Errors, BytesRestored = context.Bytes, Quarantined = plan.Quarantined, QuarantinedCount = plan.QuarantinedCount, Duration = context.Installation.Clock.GetUtcNow() - started,
        };
    }

    /// <summary>What the plan could not read is part of the result; damage elsewhere in the repository is worth a warning.</summary>
    private void TellKnownFaults()
    {
        foreach (var failure in context.Selection.Failures)
        {
            if (failure.IsCertain)
            {
                _output.Failed(failure.Error, failure.Items);
            }
            else
            {
                _output.Warn(failure.Error.Message);
            }
        }
        foreach (var damage in context.Selection.View.Damage)
        {
            _output.Warn(damage.Message);
        }
    }

    private async Task RestoreAllAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var queue = new WorkQueue<LongFilePart, List<PendingItem>>(groups: 4 * _threads, parts: _threads);
        void Ended()
        {
            if (Interlocked.Decrement(ref _outstanding) == 0)
            {
                queue.Close();
            }
        }
        void Add(List<PendingItem> group)
        {
            Interlocked.Increment(ref _outstanding);
            queue.Add(group, stop.Token);
        }
        var workers = Enumerable.Range(0, _threads).Select(_ => StageThreads.Start(() => Work(queue, Ended, stop.Token), stop)).ToList();
        var walk = StageThreads.Start(() =>
        {
            new SelectionStage(context, Add).RunAsync(stop.Token).GetAwaiter().GetResult();
            Ended();
        }, stop);
        await StageThreads.JoinAsync([walk, .. workers]).ConfigureAwait(false);
    }

    private void Work(WorkQueue<LongFilePart, List<PendingItem>> queue, Action ended, CancellationToken cancel)
    {
        using var worker = new RestoreWorker(context, keys, cancel);
        var restorer = new ItemRestorer(context, worker, queue.TryAdd, () => Interlocked.Increment(ref _outstanding), ended);
        while (queue.TryTake(out var part, out var group, cancel))
        {
            part?.Run(worker);
            restorer.TakeUpLinks();
            if (group is not null)
            {
                _output.Progress.Status = group[0].Path.ToString();
                group.ForEach(restorer.Restore);
                ended();
            }
        }
    }
}
