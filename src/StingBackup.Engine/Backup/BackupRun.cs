using System.Threading.Channels;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>
/// One run: scan → read → tree, then barrier → index → point. The scan and the trees go in path order, the readers in
/// between in any; whatever fails in one stage stops the others, and nothing is committed.
/// </summary>
internal sealed class BackupRun(Installation installation, BackupPlan plan, JobOutput output)
{
    /// <summary>Batches between scan and trees: how far readers may run ahead of a file that takes long.</summary>
    private const int BatchesAhead = 64;

    private readonly BackupCounters _counters = new();

    public async Task<BackupResult> RunAsync(CancellationToken cancel)
    {
        using var hostLock = installation.LockHost();
        var started = installation.Clock.GetUtcNow();
        output.Progress.Activity = $"{plan.Type} backup";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var run = await new RunOpening(installation, plan.Type, output).OpenAsync(stop.Token).ConfigureAwait(false);
        using var journal = RunJournal.Create(installation.JournalFolder, run.Identity.Sequence);
        using var store = new RunStore(installation.Store, run.Index, installation.TrustedWriters, run.Identity, journal, stop.Token);
        var writers = plan.Classes.ToDictionary(c => c, c => new HostCacheWriter(installation.CachePath(c), installation.CacheKey.Span));
        var readers = plan.Type != BackupType.Incremental ? []
            : plan.Classes.ToDictionary(c => c, c => new HostCacheReader(installation.CachePath(c), installation.CacheKey.Span, output.Warn));
        var subjects = new RunSubjects(OpenSubject, output);
        try
        {
            using var source = installation.OpenSource(installation.ReserveRoot);
            using var trees = new TreeStage(store, writers, _counters, installation.ZstdLevel);
            var context = new BackupContext
            {
                Source = source, Map = installation.Map, Classes = plan.Classes.ToHashSet(), Store = store, Counters = _counters,
                Output = output, Clock = installation.Clock, Caches = readers,
            };
            await ReadAllAsync(context, subjects, trees, stop).ConfigureAwait(false);
            var classes = trees.Finish(plan.Classes);
            output.Progress.Status = "waiting for the disk";
            await store.CompleteAsync().ConfigureAwait(false);
            var result = await CommitAsync(run, store, classes, started, cancel).ConfigureAwait(false);
            journal.Complete();
            foreach (var writer in writers.Values)
            {
                writer.Commit();
            }
            SaveSnapshot(result);
            return result;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var disposable in writers.Values.Concat<IDisposable>(readers.Values).Concat(subjects.All))
            {
                disposable.Dispose();
            }
        }
    }

    /// <summary>The settings of this run, for Get-StingBackupConfig -Changed. The run is committed: without it, a later comparison knows less.</summary>
    private void SaveSnapshot(BackupResult result)
    {
        try
        {
            if (installation.Examined is { } examined)
            {
                ConfigurationSnapshot.Of(examined, result.BackupId!, result.StartedTime).Save(installation.StateFolder);
            }
        }
        catch (StingException e)
        {
            output.Warn($"{e.Message} {e.Remedy}");
        }
    }

    private async Task ReadAllAsync(BackupContext context, RunSubjects subjects, TreeStage trees, CancellationTokenSource stop)
    {
        var threads = installation.Threads;
        using var queue = new WorkQueue<BlockWork, ReadGroup>(groups: 4 * threads, parts: threads);
        using var blocks = new BlockPool(3 * threads);
        var reader = new FileReader(context.Source, queue, blocks, output, _counters, installation.Clock);
        var batches = Channel.CreateBounded<ScanBatch>(new BoundedChannelOptions(BatchesAhead) { SingleReader = true, SingleWriter = true });
        var workers = Enumerable.Range(0, threads).Select(_ => StageThreads.Start(() => Work(queue, reader, context.Store, stop.Token), stop)).ToArray();
        var scan = StageThreads.Start(() => new ScanStage(context, subjects, queue, batches.Writer).RunAsync(stop.Token).GetAwaiter().GetResult(), stop);
        var tree = StageThreads.Start(() => trees.RunAsync(batches.Reader, stop.Token).GetAwaiter().GetResult(), stop);
        // The trees end when every item is done, so the readers have nothing left then.
        await StageThreads.JoinAsync([scan, tree, tree.ContinueWith(_ => queue.Close(), TaskScheduler.Default), .. workers]).ConfigureAwait(false);
    }

    private void Work(WorkQueue<BlockWork, ReadGroup> queue, FileReader reader, RunStore store, CancellationToken cancel)
    {
        using var worker = new ReadWorker(store, _counters, installation.ZstdLevel);
        while (queue.TryTake(out var block, out var group, cancel))
        {
            block?.Run(worker);
            if (group is not null)
            {
                output.Progress.Status = group.Items[0].Source.Path.ToString();
                reader.Read(group, worker, cancel);
            }
        }
    }

    private RunSubject OpenSubject(string name) =>
        new(installation.Subjects.GetAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult(), installation.Reserve, installation.Random);

    private async ValueTask<BackupResult> CommitAsync(OpenRun run, RunStore store, IReadOnlyList<PointClass> classes, DateTimeOffset started, CancellationToken cancel)
    {
        // From here on the run is committed or not; a late Ctrl+C does not leave it half told.
        cancel.ThrowIfCancellationRequested();
        var local = TimeZoneInfo.ConvertTime(started, installation.Zone);
        var name = BackupId.NextFree(started, installation.Zone, run.View.Points.Select(p => p.Record.Name).ToHashSet(StringComparer.Ordinal).Contains);
        var point = new PointRecord
        {
            Reserve = run.Identity.Reserve, Writer = run.Identity.Writer, Sequence = run.Identity.Sequence, Previous = run.Previous,
            Seen = HeadsOfOthers(run), Name = name, Type = plan.Type, TimeNs = Installation.ToNs(started), CompletedNs = installation.NowNs,
            OffsetMinutes = (int)local.Offset.TotalMinutes, Classes = classes,
        };
        var bytes = point.ToBytes(run.Identity.Signer);
        if (!await installation.Store.PutAsync(point.ObjectName, bytes, CancellationToken.None).ConfigureAwait(false))
        {
            throw new StingException("RunGivenUp", FailureKind.Busy, $"Run {run.Identity.Sequence} was given up by another process while it ran.", point.ObjectName,
                "Run the backup again; what it stored is used.");
        }
        return new BackupResult
        {
            BackupId = name, Type = plan.Type, State = output.Errors > 0 || _counters.Refused > 0 ? JobState.CompletedWithErrors : JobState.Completed,
            StartedTime = local, Duration = installation.Clock.GetUtcNow() - started, Items = _counters.Items, ItemsRead = _counters.ItemsRead,
            Errors = output.Errors + _counters.Refused, Length = _counters.Length, BytesRead = _counters.BytesRead, BytesNew = _counters.BytesNew,
            BytesStored = store.BytesStored + bytes.Length, Subjects = classes.Sum(c => c.Subjects), Classes = plan.Classes,
        };
    }

    private static List<ChainHead> HeadsOfOthers(OpenRun run) => [.. run.View.Points.Where(p => p.Record.Writer != run.Identity.Writer)
        .GroupBy(p => p.Record.Writer).Select(g => g.MaxBy(p => p.Record.Sequence)!).Select(p => new ChainHead(p.Record.Writer, p.Record.Sequence, p.Hash))];
}
