using System.Threading.Channels;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>
/// One run: scan → read → tree, then barrier → index → point. The scan and the trees go in path order, the readers in
/// between in any; whatever fails in one stage stops the others, and nothing is committed.
/// </summary>
internal sealed class BackupRun(Installation installation, BackupPlan plan, JobOutput output, ImportedCut? import = null)
{
    /// <summary>Batches between scan and trees: how far readers may run ahead of a file that takes long.</summary>
    private const int BatchesAhead = 16;

    /// <summary>As many groups as items are ahead: classes that go first overtake whatever waits.</summary>
    private const int GroupsAhead = BatchesAhead * ScanBatch.Size;

    /// <summary>Claims that are asked of a bucket at once.</summary>
    private const int ClaimStreams = 16;

    /// <summary>Where packs go: the local tier, or what stands before it.</summary>
    public Storage.IObjectStore Packs { get; init; } = installation.Store;

    /// <summary>Told when the run has the host to itself, and when the repository knows of it.</summary>
    public RunTally.Entry? Tally { get; init; }

    private readonly BackupCounters _counters = new();
    private readonly List<(ReserveSource Source, StingException Failure)> _lost = [];
    private readonly AnomalyObserver? _observer = import is null && installation.Guarding.IsOn ? new AnomalyObserver(installation, plan.Classes, output.Warn) : null;
    /// <summary>Asked for once: they are told from one another by what they are, and made anew each time.</summary>
    private readonly IReadOnlyList<ReserveSource> _sources = import is null ? installation.Sources : [import.Source];
    private CutCheck? _cut;
    private ScanWitness? _witness;
    private Dictionary<ReserveSource, Func<JobOutput, CancellationToken, ValueTask<ISourceTree>>> _openers = [];

    public async Task<BackupResult> RunAsync(CancellationToken cancel)
    {
        Recovery.TierIsolation.RequireOpen(installation, "backup");
        using var hostLock = installation.LockHost();
        Tally?.Begin();
        var started = installation.Clock.GetUtcNow();
        output.Progress.Activity = import is null ? $"{plan.Type} backup" : output.Progress.Activity;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var run = await new RunOpening(installation, plan.Type, output).OpenAsync(stop.Token).ConfigureAwait(false);
        if (installation.Recalls && installation.Subjects is SubjectWriter writer)
        {
            await writer.ReadAheadAsync(ClaimStreams, stop.Token).ConfigureAwait(false);
        }
        // Settled before anything is read: no other host can come to it, and of this one's runs only those of before have names.
        var moment = import?.Time ?? AfterTheLast(run, started);
        var name = BackupId.NextFree(moment, installation.Zone, run.View.Points.Select(p => p.Record.Name).ToHashSet(StringComparer.Ordinal).Contains,
            RunNames.HostOf(run.Identity.Writer, installation.Writers.All.Select(w => w.Id)));
        Tally?.Announce();
        using var journal = RunJournal.Create(installation.JournalFolder, run.Identity.Sequence);
        using var store = new RunStore(Packs, run.Index, installation.TrustedWriters, run.Identity, journal, installation.PackSizes, stop.Token);
        var stages = _sources.Where(s => s.IsReadBy(plan.Type, plan.Classes)).ToLookup(s => s.Stage);
        _cut = stages.Contains(CaptureStage.Databases) ? new CutCheck() : null;
        using var caches = new RunCaches(installation, plan.Classes, isStaged: _cut is not null, reads: plan.Type == BackupType.Incremental, output.Warn);
        using var subjects = new RunSubjects(OpenSubject, output);
        _witness = import is null && installation.Journal is not null ? new ScanWitness(installation, plan.Classes, caches, output) : null;
        caches.Damaged = _witness?.Changes is null ? null : (dataClass, problem) => throw ScanWitness.Damaged(installation, dataClass, problem);
        try
        {
            _openers = stages[CaptureStage.Databases].Where(s => s.Begin is not null).ToDictionary(s => s, s => s.Begin!(stop.Token));
            using var trees = new TreeStage(store, caches, _counters, ZstdLevel) { Observer = _observer, Witness = _witness };
            var content = new Stage(CaptureStage.Content, caches, subjects, store, trees, new CarryOver(caches, store, run));
            await AskForContributorsAsync(stop.Token).ConfigureAwait(false);
            await ReadStageAsync(stages[CaptureStage.Content], content, stop).ConfigureAwait(false);
            await ReadStageAsync(stages[CaptureStage.Databases], content with { When = CaptureStage.Databases }, stop).ConfigureAwait(false);
            await ReadLatecomersAsync([.. stages[CaptureStage.Content]], content, stop).ConfigureAwait(false);
            var (kept, carried) = Settle(content.CarryOver, trees);
            var classes = trees.Finish(kept, carried, subjects.Get);
            var deduplication = trees.Files.Sum(() => plan.Classes.SelectMany(c => caches.ReadLast(c, static () => { })), _counters.BytesNew);
            output.Progress.Status = output.Progress.Stage = "waiting for the disk";
            await store.CompleteAsync().ConfigureAwait(false);
            // What was carried over was seen in part.
            var watched = _observer?.Judge([.. kept.Except(carried.Select(c => c.Class))], subjects.Get, NanosecondTime.ToNs(moment), run.Identity.Sequence);
            var result = await CommitAsync(run, store, new Cut(name, started, moment, classes, [.. carried.SelectMany(c => c.Parts)], deduplication) { Watched = watched }, cancel).ConfigureAwait(false);
            journal.Complete();
            if (import is null)
            {
                // What an import read says nothing of the sources, nor of the settings that they were read with.
                caches.Commit(kept, run.Identity.Sequence);
                _witness?.Commit(kept, run.Identity.Sequence, caches);
                _observer?.Save();
                SaveSnapshot(result);
            }
            foreach (var source in stages.SelectMany(s => s))
            {
                source.Committed?.Invoke(result.BackupId!, classes, output);
            }
            return result;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Before the files, so that each document goes to whoever brought it; an import brings its own.</summary>
    private ValueTask AskForContributorsAsync(CancellationToken cancel) =>
        import is null && installation.Contributors is { } contributors && plan.Classes.Any(c => c is DataClass.HoneyJars or DataClass.Embeddings) ? contributors.RefreshAsync(output, cancel) : ValueTask.CompletedTask;

    private ReserveSource[] LostOf(DataClass dataClass) => [.. _lost.Select(l => l.Source).Where(s => s.Classes.Contains(dataClass))];

    private List<DataClass> Kept() => [.. plan.Classes.Except(_lost.SelectMany(l => l.Source.Classes))];

    /// <summary>
    /// The classes that get a restore point: all but those that a failed source feeds and that cannot keep what the point before has of it. Half of a class would pass for the whole of it, and hide that point.
    /// </summary>
    private (List<DataClass> Kept, List<CarriedClass> Carried) Settle(CarryOver carryOver, TreeStage trees)
    {
        var carried = new List<CarriedClass>();
        foreach (var dataClass in plan.Classes.Except(Kept()))
        {
            var lost = LostOf(dataClass);
            if (trees.HasItemsOfOthers(dataClass, lost) && carryOver.Of(dataClass, lost) is { } kept)
            {
                carried.Add(kept);
                _counters.AddFailed(dataClass);
            }
        }
        List<DataClass> classes = [.. Kept(), .. carried.Select(c => c.Class)];
        if (classes.Count == 0 && _lost.Count > 0)
        {
            throw _lost[0].Failure;
        }
        foreach (var (source, failure) in _lost)
        {
            DataClass[] waiting = [.. plan.Classes.Where(c => source.Classes.Contains(c) && !classes.Contains(c))];
            var parts = carried.SelectMany(c => c.Parts).Where(p => p.Source == source.Name).ToList();
            output.Failed(new StingException(failure.ErrorId, failure.Kind, string.Join(' ', ((string[])[failure.Message,
                waiting.Length == 0 ? "" : $"Without {source.Name} this run has no restore point of {string.Join(", ", waiting)}; those before stay.",
                parts.Count == 0 ? "" : $"What {source.Name} feeds into {string.Join(", ", parts.Select(p => $"{p.Class} is still that of {p.From}"))}, in a point whose other parts are of now; it is due again at once."]).Where(t => t.Length > 0)),
                failure.Target, failure.Remedy, failure));
        }
        return (classes, carried);
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

    /// <summary>Reads what rows of the databases name and the first stage did not meet; what is still not there is told.</summary>
    private async Task ReadLatecomersAsync(IReadOnlyList<ReserveSource> sources, Stage stage, CancellationTokenSource stop)
    {
        if (_cut?.Missing(path => HolderOf(path, sources) is { } holder && !_lost.Exists(l => l.Source == holder)) is not { Count: > 0 } missing)
        {
            return;
        }
        output.Explain($"{missing.Count} files came while the databases were captured, or are gone; they are looked for once more.");
        await AskForContributorsAsync(stop.Token).ConfigureAwait(false);
        var holders = missing.Select(p => HolderOf(p, sources)!).Distinct().Except(_lost.Select(l => l.Source));
        await ReadStageAsync(holders, stage with { When = CaptureStage.Latecomers, Only = CutCheck.WithFolders(missing) }, stop).ConfigureAwait(false);
        var gone = missing.Where(p => !_cut.IsMet(p)).Order().ToList();
        if (gone.Count > 0)
        {
            output.Warn($"{gone.Count} files that rows of the databases name are not there: {string.Join(", ", gone.Take(3))}{(gone.Count > 3 ? ", …" : "")}. Test-StingBackupIntegrity -Level References names all.");
        }
    }

    /// <summary>The source that a path would come from in this run, or null.</summary>
    private ReserveSource? HolderOf(EntryPath path, IReadOnlyList<ReserveSource> sources)
    {
        var holder = sources.Where(s => path.IsWithin(s.Mount)).MaxBy(s => s.Mount.Bytes.Length);
        return holder?.Place(holder.InSource(path), ItemKind.File) is { IsExcluded: false } placement && plan.Classes.Contains(placement.DataClass) ? holder : null;
    }

    /// <summary>Reads the sources of a stage, all at once; remembers those that failed as a whole.</summary>
    private async Task ReadStageAsync(IEnumerable<ReserveSource> sources, Stage stage, CancellationTokenSource stop)
    {
        var open = new List<OpenedSource>();
        try
        {
            // What feeds only classes that wait for another source need not be read.
            foreach (var source in sources.Where(s => s.Classes.Any(c => plan.Classes.Contains(c) && (LostOf(c) is not { Length: > 0 } lost || stage.CarryOver.Of(c, lost) is not null))))
            {
                try
                {
                    open.Add(new OpenedSource(source, await _openers.GetValueOrDefault(source, source.OpenAsync)(output, stop.Token).ConfigureAwait(false), output));
                }
                catch (StingException e)
                {
                    _lost.Add((source, e));
                }
            }
            if (open.Count > 0)
            {
                await ReadAllAsync(open, stage, stop).ConfigureAwait(false);
                foreach (var path in open.Where(s => s.Failure is null).SelectMany(s => s.NamedFiles()))
                {
                    _cut?.Name(path);
                }
            }
            if (open.Any(s => s.HasGaps && s.Source.Folder is not null))
            {
                _witness?.Lacks();
            }
            _lost.AddRange(from source in open where source.Failure is not null select (source.Source, source.Failure));
        }
        finally
        {
            open.ForEach(s => s.Dispose());
        }
    }

    private async Task ReadAllAsync(IReadOnlyList<OpenedSource> sources, Stage stage, CancellationTokenSource stop)
    {
        var threads = installation.Threads;
        var context = new BackupContext
        {
            Sources = sources, AllSources = _sources, AsksForContributors = installation.Contributors is not null, Cut = _cut, Only = stage.Only, Classes = plan.Classes.ToHashSet(), Store = stage.Store, Counters = _counters, Output = output, Caches = OpenLast(stage, sources), ReusesCaches = stage.Caches.IsReused, LooksAtContent = _observer is not null,
            Witness = stage.When == CaptureStage.Content ? _witness : null,
            Ranks = installation.Priority.Index().ToDictionary(p => p.Item, p => p.Index),
            // What an old archive holds is as old as the archive.
            TempFilesSinceNs = import is null && installation.TempFilesAge > TimeSpan.Zero ? installation.NowNs - (installation.TempFilesAge.Ticks * 100) : long.MinValue,
        };
        output.Progress.Stage = stage.When switch { CaptureStage.Databases => "databases", CaptureStage.Latecomers => "latecomers", _ => "files and secrets" };
        using var queue = new WorkQueue<BlockWork, ReadGroup>(groups: GroupsAhead, parts: threads);
        using var blocks = new BlockPool(3 * threads);
        var reader = new FileReader(queue, blocks, output, _counters, (installation.Clock, _observer is not null));
        var batches = Channel.CreateBounded<ScanBatch>(new BoundedChannelOptions(BatchesAhead) { SingleReader = true, SingleWriter = true });
        var workers = Enumerable.Range(0, threads).Select(_ => StageThreads.Start(() => Work(queue, reader, stage.Store, stop.Token), stop)).ToArray();
        var scan = StageThreads.Start(() => new ScanStage(context, stage.Subjects, queue, batches.Writer).RunAsync(stop.Token).GetAwaiter().GetResult(), stop);
        var tree = StageThreads.Start(() => stage.Trees.RunAsync(stage.When, batches.Reader, stop.Token).GetAwaiter().GetResult(), stop);
        // The trees end when every item is done, so the readers have nothing left then.
        await StageThreads.JoinAsync([scan, tree, tree.ContinueWith(_ => queue.Close(), TaskScheduler.Default), .. workers]).ConfigureAwait(false);
    }

    /// <summary>The last run's caches. Whoever watches is told of what they hold and the scan does not meet.</summary>
    private IReadOnlyDictionary<DataClass, HostCacheReader> OpenLast(Stage stage, IReadOnlyList<OpenedSource> sources)
    {
        var caches = stage.Caches.OpenLast();
        if (_observer is { } observer && stage.Only is null)
        {
            foreach (var cache in caches.Values)
            {
                cache.Passed = item =>
                {
                    if (IsGone(item, sources))
                    {
                        observer.Lose(item);
                    }
                };
            }
        }
        return caches;
    }

    /// <summary>Whether one of these sources would have given an item, had it still been there.</summary>
    private bool IsGone(CachedItem item, IReadOnlyList<OpenedSource> sources)
    {
        var holder = _sources.Where(s => item.Entry.Path.IsWithin(s.Mount)).MaxBy(s => s.Mount.Bytes.Length);
        return holder is not null && sources.Any(s => s.Source == holder && s.Failure is null)
            && holder.Place(holder.InSource(item.Entry.Path), item.Entry.Kind) is { IsExcluded: false } placement && placement.DataClass == item.Class && placement.Subject == item.Subject;
    }

    /// <summary>What is kept for years is worth more work.</summary>
    private int ZstdLevel => plan.Type == BackupType.Archive ? installation.Archiving.ZstdLevel : installation.ZstdLevel;

    private void Work(WorkQueue<BlockWork, ReadGroup> queue, FileReader reader, RunStore store, CancellationToken cancel)
    {
        using var worker = new ReadWorker(store, _counters, ZstdLevel);
        while (queue.TryTake(out var block, out var group, cancel))
        {
            block?.Run(worker);
            if (group is not null)
            {
                output.Progress.Status = group.Items[0].Path.ToString();
                reader.Read(group, worker, cancel);
            }
        }
    }

    private RunSubject OpenSubject(string name) =>
        new(installation.Subjects.GetAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult(), installation.Reserve, installation.Random);

    private async ValueTask<BackupResult> CommitAsync(OpenRun run, RunStore store, Cut made, CancellationToken cancel)
    {
        var (name, started, cut, classes, carried, deduplication) = made;
        // From here on the run is committed or not; a late Ctrl+C does not leave it half told.
        cancel.ThrowIfCancellationRequested();
        var local = TimeZoneInfo.ConvertTime(cut, installation.Zone);
        await AuditTrail.WatchAsync(installation, output).ConfigureAwait(false);
        if (import is null)
        {
            await Recovery.ConfigurationKeeper.KeepAsync(installation, output).ConfigureAwait(false);
        }
        var point = new PointRecord
        {
            Reserve = run.Identity.Reserve, Writer = run.Identity.Writer, Sequence = run.Identity.Sequence, Previous = run.Previous,
            Seen = HeadsOfOthers(run), Name = name, Type = plan.Type, TimeNs = NanosecondTime.ToNs(cut), CompletedNs = Math.Max(installation.NowNs, import is null ? NanosecondTime.ToNs(cut) : long.MinValue),
            OffsetMinutes = (int)local.Offset.TotalMinutes, Classes = classes, Origin = import?.Origin, AuditHeads = await AuditLog.HeadsAsync(installation, cancel).ConfigureAwait(false),
            LedgerHead = installation.Ledger.Head, Carried = carried, Deduplication = deduplication, Anomalies = made.Watched?.Marks ?? [],
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
            StartedTime = local, Duration = installation.Clock.GetUtcNow() - started, Items = classes.Sum(c => c.Items), ItemsRead = _counters.ItemsRead,
            Errors = output.Errors + _counters.Refused, Length = classes.Sum(c => c.Length), BytesRead = _counters.BytesRead, BytesNew = _counters.BytesNew,
            BytesStored = store.BytesStored + bytes.Length, Subjects = classes.Sum(c => c.Subjects), Classes = [.. classes.Select(c => c.Class)], LeftOut = LeftOut(),
            Carried = [.. carried.Select(c => new CarriedPart(c.Class, c.Source, c.From))], BytesOfKnownFiles = deduplication.WholeFiles, BytesOfKnownBlocks = deduplication.Blocks, Suspicious = TellSuspicious(made, local),
        };
    }

    private StingAnomaly[] TellSuspicious(Cut made, DateTimeOffset time)
    {
        var found = AnomalyReader.ToPublic(made.Name, time, made.Watched?.Suspicious ?? []);
        if (found.Length > 0)
        {
            output.Warn($"This run looks like ransomware or mass damage: {string.Join("; ", found.Take(3).Select(a => $"{a.Subject}: {string.Join(", ", a.Evidence)}"))}{(found.Length > 3 ? $"; and {found.Length - 3} more" : "")}. Restore points from before it are kept. "
                + "Get-StingAnomaly tells why, Find-StingCleanRestorePoint which points are clean, Confirm-StingAnomaly that all is well.");
        }
        return found;
    }

    /// <summary>
    /// The moment of the cut. Time ascends along a host's chain, whatever its clock says: a run behind one that a clock in the future dated would else not be the latest, for as long as that clock was ahead, and be
    /// the first to leave the local tier.
    /// </summary>
    private DateTimeOffset AfterTheLast(OpenRun run, DateTimeOffset started)
    {
        var last = run.View.Points.Where(p => p.Record.Writer == run.Identity.Writer && !p.Record.IsImported).Select(p => p.Record.TimeNs).DefaultIfEmpty(long.MinValue).Max();
        if (NanosecondTime.ToNs(started) >= last)
        {
            return started;
        }
        var before = NanosecondTime.FromNs(last, 0);
        // A run that takes the place of one that just died begins in the same moment: no clock is wrong.
        if (before - started < TimeSpan.FromSeconds(1))
        {
            return before.AddSeconds(1);
        }
        output.Warn($"This host's clock is {Display.Duration(before - started)} behind the restore point that it made last: either it went ahead then, or it is behind now. This one is dated a second after that, so that it is the latest. Set the clock.");
        return before.AddSeconds(1);
    }

    private LeftOutItems[] LeftOut()
    {
        if (_counters.LeftOut == 0)
        {
            return [];
        }
        var reason = $"not changed for {Display.Duration(installation.TempFilesAge)} (reserve.temp_files_age)";
        output.Tell(string.Create(System.Globalization.CultureInfo.CurrentCulture, $"{_counters.LeftOut} temporary files are left out: {reason}."));
        return [new LeftOutItems(DataClass.TempFiles, _counters.LeftOut, reason)];
    }

    private static List<ChainHead> HeadsOfOthers(OpenRun run) => [.. run.View.Points.Where(p => p.Record.Writer != run.Identity.Writer)
        .GroupBy(p => p.Record.Writer).Select(g => g.MaxBy(p => p.Record.Sequence)!).Select(p => new ChainHead(p.Record.Writer, p.Record.Sequence, p.Hash))];

    /// <summary>What a run has to commit.</summary>
    private sealed record Cut(string Name, DateTimeOffset Started, DateTimeOffset Moment, IReadOnlyList<PointClass> Classes, IReadOnlyList<PointCarry> Carried, PointDeduplication Deduplication)
    {
        public RunVerdicts? Watched { get; init; }
    }

    /// <summary>What reading a stage needs of the run.</summary>
    private sealed record Stage(CaptureStage When, RunCaches Caches, RunSubjects Subjects, RunStore Store, TreeStage Trees, CarryOver CarryOver)
    {
        public IReadOnlySet<EntryPath>? Only { get; init; }
    }
}
