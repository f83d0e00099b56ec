using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Threading.Channels;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>The subjects of a run, each claimed when its first item is met. One that cannot be claimed fails by name, once.</summary>
internal sealed class RunSubjects(Func<string, RunSubject> open, JobOutput output) : IDisposable
{
    private readonly ConcurrentDictionary<string, RunSubject?> _subjects = new(StringComparer.Ordinal);
    private (string Name, RunSubject? Subject) _last = ("", null);

    /// <summary>The subject, or null when it has no keys: its items are counted as errors.</summary>
    public RunSubject? Get(string name)
    {
        if (_last.Name != name)
        {
            _last = (name, _subjects.GetOrAdd(name, Open));
        }
        return _last.Subject;
    }

    public void Dispose()
    {
        foreach (var subject in _subjects.Values.OfType<RunSubject>())
        {
            subject.Dispose();
        }
    }

    private RunSubject? Open(string name)
    {
        try
        {
            return open(name);
        }
        catch (StingException e) when (e.ErrorId is "NoSpareLeft" or "ClaimDamaged" or "ClaimNotReadable" or "SubjectErased")
        {
            output.Failed(e);
            return null;
        }
    }
}

/// <summary>
/// Walks the sources in path order: places each item, recognises what has not changed, groups the rest for the readers. Items leave in
/// order, in batches; readers finish them in any order.
/// </summary>
internal sealed class ScanStage(BackupContext context, RunSubjects subjects, WorkQueue<BlockWork, ReadGroup> queue, ChannelWriter<ScanBatch> batches)
{
    /// <summary>An open bundle is closed after this many items of any kind, so that the order of batches never waits long for it.</summary>
    private const int BundleSpan = 512;
    private const int BundleFiles = 256;

    private readonly Dictionary<(ulong Device, ulong Inode), ScanItem> _hardLinks = [];
    private readonly List<ScanItem> _bundle = [];
    private ScanBatch _batch = new();
    private long _bundleBytes;
    private int _bundleSpan;

    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var (origin, entry) in MergedScan.Run(context.Sources, Choose, cancel))
        {
            await AddAsync(origin, entry, cancel).ConfigureAwait(false);
        }
        await PassRestAsync(cancel).ConfigureAwait(false);
        CloseBundle(cancel);
        await CloseBatchAsync(cancel).ConfigureAwait(false);
        context.TellRest();
        batches.Complete();
    }

    private ScanChoice Choose(OpenedSource origin, EntryPath path, ItemKind kind)
    {
        if (context.IsClean(origin, path))
        {
            return ScanChoice.Exclude;   // as the cache has it, with all beneath it that nothing was told of
        }
        if (origin.Source.Place(path, kind).IsExcluded || context.Only?.Contains(origin.Source.InReserve(path)) == false)
        {
            return ScanChoice.Exclude;
        }
        if (context.Sources.FirstOrDefault(s => s != origin && !s.Source.Mount.IsRoot && s.Source.Mount == origin.Source.InReserve(path)) is not { } other)
        {
            return ScanChoice.Include;
        }
        context.Witness?.Lacks();   // it is told in each run
        context.Output.Failed(new StingException("SourceShadowed", FailureKind.InvalidConfiguration,
            $"'{origin.Source.Location}/{path}' is not backed up: {other.Source.Name} stands at '{other.Source.Mount}' in the reserve.", path.ToString(),
            "Rename the folder, or leave it out by reserve.exclude if nobody needs it."));
        return ScanChoice.Exclude;
    }

    private async ValueTask AddAsync(OpenedSource origin, SourceEntry entry, CancellationToken cancel)
    {
        if (context.Only is not null && context.Cut!.IsMet(origin.Source.InReserve(entry.Path)))
        {
            return;   // a folder on the way
        }
        var placement = origin.Source.Place(entry.Path, entry.Kind);
        if (!context.Classes.Contains(placement.DataClass))
        {
            return;
        }
        if (placement.DataClass == DataClass.TempFiles && context.TempFilesSinceNs != long.MinValue)
        {
            context.Witness?.Revisit(DataClass.TempFiles, origin.Source.InReserve(entry.Path));   // they grow old without a change
        }
        if (IsOldTemporary(placement.DataClass, entry))
        {
            // It is there, so that no row that names it has lost it.
            context.Cut?.Meet(origin.Source.InReserve(entry.Path));
            context.Counters.AddLeftOut();
            return;
        }
        if (subjects.Get(placement.Subject) is not { } subject)
        {
            context.Counters.AddRefused(placement.DataClass);
            context.Witness?.Revisit(placement.DataClass, origin.Source.InReserve(entry.Path));
            return;
        }
        var path = origin.Source.InReserve(entry.Path);
        await PassAsync(placement.DataClass, path, cancel).ConfigureAwait(false);
        var item = new ScanItem(origin, entry, placement.DataClass, subject, _batch) { Before = context.CacheOf(placement.DataClass)?.Find(path) };
        if (context.Witness?.Proves == true && origin.Source.Folder is not null && IsOther(item.Before, entry))
        {
            context.Witness.Changed(path);
        }
        await TakeAsync(item, cancel).ConfigureAwait(false);
    }

    /// <summary>An item on its way: a second name, as it was, or to be read.</summary>
    private async ValueTask TakeAsync(ScanItem item, CancellationToken cancel)
    {
        context.Cut?.Meet(item.Path);
        _batch.Add(item);
        if (item.Source.Stamp.Links > 1 && item.Source.Kind != ItemKind.Directory)
        {
            context.Witness?.Revisit(item.Class, item.Path);   // whoever changes it by its other name changes it here
        }
        if (!TryLink(item) && !TryReuse(item))
        {
            Read(item, cancel);
        }
        if (_bundle.Count > 0 && ++_bundleSpan >= BundleSpan)
        {
            CloseBundle(cancel);
        }
        if (_batch.Items.Count == ScanBatch.Size)
        {
            await CloseBatchAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Items of the cache that come before a path. Those that nothing was told of go on as they are; the others were not met, so they are gone.
    /// </summary>
    private async ValueTask PassAsync(DataClass dataClass, EntryPath? until, CancellationToken cancel)
    {
        if (context.Witness is null || context.CacheOf(dataClass) is not { } cache)
        {
            return;
        }
        while (true)
        {
            while (await CarryAsync(dataClass, cache, until, cancel).ConfigureAwait(false))
            {
            }
            if ((until is null ? cache.Next() : cache.NextBefore(until)) is not { } cached)
            {
                return;
            }
            if (context.CleanOriginOf(cached.Entry.Path) is not { } origin)
            {
                cache.Passed?.Invoke(cached);
                if (context.Witness.Proves && context.OriginOf(cached.Entry.Path) is { Source.Folder: not null })
                {
                    context.Witness.Changed(cached.Entry.Path);
                }
            }
            else if (subjects.Get(SubjectOf(cached, origin)) is { } subject)
            {
                var kind = cached.Entry.Kind == ItemKind.HardLink ? ItemKind.File : cached.Entry.Kind;
                var entry = new SourceEntry(origin.Source.InSource(cached.Entry.Path), kind, cached.Stamp, cached.Entry.Metadata);
                await TakeAsync(new ScanItem(origin, entry, dataClass, subject, _batch) { Before = cached }, cancel).ConfigureAwait(false);
            }
            else
            {
                context.Counters.AddRefused(dataClass);
                context.Witness.Revisit(dataClass, cached.Entry.Path);
            }
        }
    }

    /// <summary>Whether the cache goes on with a leaf before a path in which nothing changed: it goes on as it is, unread.</summary>
    private async ValueTask<bool> CarryAsync(DataClass dataClass, HostCacheReader cache, EntryPath? until, CancellationToken cancel)
    {
        if (context.Witness!.Changes is null || (context.AsksForContributors && dataClass == DataClass.HoneyJars) || cache.NextLeaf() is not { } leaf || (until is not null && leaf.Last >= until)
            || context.CleanOriginOf(leaf) is not { } origin || subjects.Get(leaf.Subject) is not { } subject || subject.Mark != leaf.Mark)
        {
            return false;
        }
        cache.TakeLeaf();
        context.Cut?.Meet(leaf.Paths);
        context.Output.Progress.Add(leaf.Items, leaf.Length);
        _batch.Leaves.Add(new CarriedLeaf(_batch.Items.Count, leaf, dataClass, subject, origin));
        if (_bundle.Count > 0 && (_bundleSpan += leaf.Items) >= BundleSpan)
        {
            CloseBundle(cancel);
        }
        if (_batch.Leaves.Count == ScanBatch.MostLeaves)
        {
            await CloseBatchAsync(cancel).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>What is left in the caches when the scan is through.</summary>
    private async ValueTask PassRestAsync(CancellationToken cancel)
    {
        if (context.Witness is null)
        {
            return;
        }
        foreach (var (dataClass, cache) in context.Caches)
        {
            await PassAsync(dataClass, until: null, cancel).ConfigureAwait(false);
            if (context.Witness.Changes is not null)
            {
                context.Witness.RequireWhole(dataClass, cache.Count);
            }
        }
        context.Witness.Prove();
    }

    /// <summary>Who brought a document to a jar may be known only now; all else is placed by settings, which are those of the last scan.</summary>
    private static string SubjectOf(CachedItem cached, OpenedSource origin) =>
        cached.Class == DataClass.HoneyJars ? origin.Source.Place(origin.Source.InSource(cached.Entry.Path), cached.Entry.Kind).Subject : cached.Subject;

    /// <summary>Whether an item differs from the cache in a way that a journal must have told of. A file of several names is looked at in any case; one that was read right after it changed was remembered without its times.</summary>
    private static bool IsOther(CachedItem? cached, SourceEntry entry)
    {
        if (cached is null)
        {
            return true;
        }
        var (was, now) = (cached.Stamp, entry.Stamp);
        return (cached.Entry.Kind != entry.Kind && cached.Entry.Kind != ItemKind.HardLink)
            || (cached.Entry.Metadata.Mode, cached.Entry.Metadata.UserId, cached.Entry.Metadata.GroupId) != (entry.Metadata.Mode, entry.Metadata.UserId, entry.Metadata.GroupId)
            || (was.ModifiedNs != 0 && (was.ModifiedNs, was.Inode) != (now.ModifiedNs, now.Inode))
            || (entry.Kind == ItemKind.File && was.Length != now.Length);
    }

    /// <summary>Counted from the last change of content, attributes or place: what was put there just now is not old, whatever its date.</summary>
    private bool IsOldTemporary(DataClass dataClass, SourceEntry entry) => dataClass == DataClass.TempFiles && entry.Kind != ItemKind.Directory
        && Math.Max(Math.Max(entry.Stamp.ModifiedNs, entry.Stamp.ChangedNs), entry.Metadata.BirthNs ?? long.MinValue) < context.TempFilesSinceNs;

    /// <summary>A second name of a file that the same tree holds already refers to the first, by path.</summary>
    private bool TryLink(ScanItem item)
    {
        var stamp = item.Source.Stamp;
        if (item.Source.Kind != ItemKind.File || stamp.Links < 2 || stamp.Inode == 0)
        {
            return false;
        }
        if (!_hardLinks.TryGetValue((stamp.Device, stamp.Inode), out var first))
        {
            _hardLinks.Add((stamp.Device, stamp.Inode), item);
            return false;
        }
        if (first.Class != item.Class || !ReferenceEquals(first.Subject, item.Subject) || first.Origin != item.Origin)
        {
            return false;
        }
        item.Complete(new TreeEntry { Path = item.Path, Kind = ItemKind.HardLink, Metadata = item.Source.Metadata, HardLinkTo = first.Path }, stamp);
        return true;
    }

    private bool TryReuse(ScanItem item)
    {
        var cached = item.Before;
        if (cached is null || !context.ReusesCaches || cached.Subject != item.Subject.Keys.Name || cached.Mark != item.Subject.Mark || cached.Entry.Kind != item.Source.Kind || !SameStamp(cached.Stamp, item.Source.Stamp)
            || cached.Entry.Extents.Any(x => !x.IsHole && !context.Store.Holds(x.Id)))
        {
            return false;
        }
        item.IsReused = true;
        item.Complete(cached.Entry, cached.Stamp, cached.Facts);
        context.Output.Progress.Add(1, cached.Entry.Length);
        return true;
    }

    /// <summary>Device numbers may change with every mount, so they do not count.</summary>
    private static bool SameStamp(FileStamp a, FileStamp b) =>
        a.Length == b.Length && a.ModifiedNs == b.ModifiedNs && a.ChangedNs == b.ChangedNs && a.Inode == b.Inode;

    private void Read(ScanItem item, CancellationToken cancel)
    {
        if (item.Source.Kind != ItemKind.File || item.Source.Stamp.Length >= FileReader.SmallFile)
        {
            queue.Add(new ReadGroup([item]), cancel, context.Ranks[item.Class]);
            return;
        }
        if (_bundle.Count > 0 && (!ReferenceEquals(_bundle[0].Subject, item.Subject) || _bundle[0].Class != item.Class
            || _bundleBytes + LengthOf(item) > FileReader.BundleMaximum - FileReader.SmallFile))
        {
            CloseBundle(cancel);
        }
        _bundle.Add(item);
        _bundleBytes += LengthOf(item);
        // Where the path says so, so that the same files give the same bundles whatever changed elsewhere.
        var mayEnd = _bundleBytes >= FileReader.BundleMinimum && XxHash64.HashToUInt64(item.Path.Bytes, unchecked((long)item.Subject.Seed)) % 8 == 0;
        if (mayEnd || _bundle.Count == BundleFiles)
        {
            CloseBundle(cancel);
        }
    }

    private static long LengthOf(ScanItem item) => item.Source.Stamp.Length == FileStamp.UnknownLength ? FileReader.AssumedLength : item.Source.Stamp.Length;

    private void CloseBundle(CancellationToken cancel)
    {
        if (_bundle.Count > 0)
        {
            queue.Add(new ReadGroup([.. _bundle]), cancel, context.Ranks[_bundle[0].Class]);
        }
        _bundle.Clear();
        _bundleBytes = 0;
        _bundleSpan = 0;
    }

    private async ValueTask CloseBatchAsync(CancellationToken cancel)
    {
        var batch = _batch;
        _batch = new ScanBatch();
        batch.OneDone();
        await batches.WriteAsync(batch, cancel).ConfigureAwait(false);
    }
}
