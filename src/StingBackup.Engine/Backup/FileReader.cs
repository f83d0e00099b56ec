using StingBackup.Engine.Basics;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Reads groups of items: small files one behind the other into a bundle, longer ones in blocks that are cut by content. A file that
/// changes while it is read is read again; one that keeps changing is stored as last read, and reported.
/// </summary>
internal sealed class FileReader(WorkQueue<BlockWork, ReadGroup> queue, BlockPool blocks, JobOutput output, BackupCounters counters, (TimeProvider Clock, bool LooksAtContent) settings)
{
    /// <summary>Files below this share chunks: 64 KiB, the smallest chunk that a cut makes.</summary>
    public const int SmallFile = 64 << 10;
    /// <summary>A bundle may end where the path says so once it has this many bytes.</summary>
    public const int BundleMinimum = 96 << 10;
    /// <summary>A bundle ends at this many bytes.</summary>
    public const int BundleMaximum = 512 << 10;
    /// <summary>What a file of unknown length counts for while a bundle is put together; a bundle that grows too long is stored in parts.</summary>
    public const int AssumedLength = 8 << 10;
    private const int Attempts = 3;
    /// <summary>Longer files are shared with other workers, block by block.</summary>
    private const long SharedFile = 2L * BlockPool.BlockSize;
    /// <summary>A file changed within this time of being read may change again within the same tick of the file system's clock.</summary>
    private const long RacyNs = 50_000_000;

    public void Read(ReadGroup group, ReadWorker worker, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (group.Items.Count == 1 && (group.Items[0].Source.Kind != ItemKind.File || group.Items[0].Source.Stamp.Length >= SmallFile))
        {
            ReadOne(group.Items[0], worker, cancel);
        }
        else
        {
            ReadBundle(group.Items, worker, cancel);
        }
    }

    private void ReadBundle(IReadOnlyList<ScanItem> items, ReadWorker worker, CancellationToken cancel)
    {
        var placed = new List<(ScanItem Item, FileStamp Stamp, int Offset, int Length)>(items.Count);
        var used = 0;
        foreach (var item in items)
        {
            cancel.ThrowIfCancellationRequested();
            if (used > BundleMaximum)
            {
                StoreBundle(placed, used, worker);
                placed.Clear();
                used = 0;
            }
            var isLong = false;
            Guard(item, () =>
            {
                var length = ReadSmall(item, worker.Bundle.AsSpan(used), out var stamp);
                isLong = length < 0;
                if (!isLong)
                {
                    placed.Add((item, stamp, used, length));
                    used += length;
                }
            });
            if (isLong)
            {
                ReadOne(item, worker, cancel);   // at once: the source may hold what it has read of it
            }
        }
        StoreBundle(placed, used, worker);
    }

    private void StoreBundle(List<(ScanItem Item, FileStamp Stamp, int Offset, int Length)> placed, int used, ReadWorker worker)
    {
        counters.AddRead(placed.Count, used);
        var id = used == 0 ? default : worker.Store(placed[0].Item, worker.Bundle.AsSpan(0, used));
        foreach (var (item, stamp, offset, length) in placed)
        {
            var facts = Looks(item) ? ContentLook.OfWhole(worker.Bundle.AsSpan(offset, length)) : default;
            Guard(item, () => Complete(item, stamp, length, length == 0 ? [] : [new Extent(id, offset, length)], facts));
        }
    }

    /// <summary>Reads a small file whole; -1 when one of unknown length turns out to be none.</summary>
    private int ReadSmall(ScanItem item, Span<byte> target, out FileStamp stamp)
    {
        for (var attempt = 1; ; attempt++)
        {
            var length = item.Origin.ReadSmall(item.Source, target[..SmallFile], out stamp);
            if (stamp.Length == FileStamp.UnknownLength)
            {
                return length;
            }
            if (length == stamp.Length || (attempt == Attempts && length >= 0))
            {
                if (length != stamp.Length)
                {
                    ReportChanging(item);
                }
                return length;
            }
            if (attempt == Attempts)
            {
                throw new StingException("SourceItemChanging", FailureKind.Io, $"'{item.Path}' grew past {SmallFile} bytes while it was read, {Attempts} times.",
                    item.Path.ToString(), "The next run will take it; stop its writer, or exclude it, if it always changes.");
            }
        }
    }

    private void ReadOne(ScanItem item, ReadWorker worker, CancellationToken cancel) => Guard(item, () =>
    {
        if (item.Source.Kind != ItemKind.File)
        {
            counters.AddRead(0, 0);
            Complete(item, item.Source.Stamp, 0, [], default);
            return;
        }
        ReadFile(item, worker, attempt: 1, cancel);
    });

    private void ReadFile(ScanItem item, ReadWorker worker, int attempt, CancellationToken cancel)
    {
        for (; ; attempt++)
        {
            using var file = item.Origin.Open(item.Source);
            var before = file.Stamp();
            var assembly = new FileAssembly(item, before) { Look = Looks(item) ? new LongLook() : null };
            foreach (var range in file.DataRanges())
            {
                ReadRange(file, range, assembly, worker, (before.Length == FileStamp.UnknownLength ? range.Length : before.Length) > SharedFile, cancel);
            }
            var after = file.Stamp();
            if (after == before || attempt == Attempts)
            {
                if (after != before)
                {
                    ReportChanging(item);
                }
                counters.AddRead(1, 0);
                assembly.Close((extents, length) => Guard(item, () => Complete(item, before, length, extents, assembly.Look?.Facts(extents) ?? default)));
                return;
            }
        }
    }

    /// <summary>Reads a range in blocks; what lies behind a block's last certain cut moves to the front of the next block.</summary>
    private void ReadRange(ISourceFile file, DataRange range, FileAssembly assembly, ReadWorker worker, bool shared, CancellationToken cancel)
    {
        long at = range.Offset, end = range.Offset + range.Length;
        byte[]? block = blocks.Rent(cancel);
        byte[]? next = null;
        try
        {
            for (var filled = 0; block is not null;)
            {
                cancel.ThrowIfCancellationRequested();
                var atEnd = FillBlock(file, block, at, end, ref filled);
                if (at == 0)
                {
                    assembly.Look?.Begin(block.AsSpan(0, filled));
                }
                if (atEnd)
                {
                    assembly.Look?.End(block.AsSpan(0, filled), at + filled);
                }
                var cuts = CutBlock(assembly.Item.Subject, block.AsSpan(0, filled), atEnd);
                var used = cuts.Count == 0 ? 0 : cuts[^1];
                next = atEnd ? null : blocks.Rent(cancel);
                block.AsSpan(used, filled - used).CopyTo(next);
                var work = new BlockWork(StoreBlock(assembly, block, assembly.Begin(at), cuts));
                block = null;
                if (!shared || !queue.TryAdd(work))
                {
                    work.Run(worker);
                }
                counters.AddRead(0, used);
                at += used;
                filled -= used;
                (block, next) = (next, null);
            }
        }
        finally
        {
            Return(block);
            Return(next);
        }
    }

    private static bool FillBlock(ISourceFile file, byte[] block, long at, long end, ref int filled)
    {
        while (filled < block.Length && at + filled < end)
        {
            var read = file.Read(at + filled, block.AsSpan(filled, (int)Math.Min(block.Length - filled, end - at - filled)));
            if (read == 0)
            {
                return true;
            }
            filled += read;
        }
        return at + filled >= end;
    }

    private Action<ReadWorker> StoreBlock(FileAssembly assembly, byte[] block, int part, List<int> cuts) => worker =>
    {
        try
        {
            var ids = new Id32[cuts.Count];
            for (int i = 0, from = 0; i < cuts.Count; from = cuts[i++])
            {
                ids[i] = worker.Store(assembly.Item, block.AsSpan(from, cuts[i] - from));
                assembly.Look?.Chunk(block.AsSpan(from, cuts[i] - from));
            }
            output.Progress.Add(0, cuts.Count == 0 ? 0 : cuts[^1]);
            assembly.End(part, ids, cuts);
        }
        finally
        {
            blocks.Return(block);
        }
    };

    private void Return(byte[]? block)
    {
        if (block is not null)
        {
            blocks.Return(block);
        }
    }

    /// <summary>Ends of the chunks in a block; without the range's end, only those that more bytes cannot move.</summary>
    private static List<int> CutBlock(RunSubject subject, ReadOnlySpan<byte> bytes, bool atEnd)
    {
        var cuts = new List<int>(32);
        var from = 0;
        while (from < bytes.Length && (atEnd || bytes.Length - from >= subject.Cutter.Sizes.Maximum))
        {
            from += subject.Cutter.Cut(bytes[from..]);
            cuts.Add(from);
        }
        return cuts;
    }

    private bool Looks(ScanItem item) => settings.LooksAtContent && AnomalyObserver.Looks(item.Class);

    private void Complete(ScanItem item, FileStamp stamp, long length, IReadOnlyList<Extent> extents, ContentFacts facts)
    {
        var now = (settings.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        // Changed so lately that another change might leave the same time: remember no time, so that the next run reads it again.
        var remembered = now - (stamp.ChangedNs != 0 ? stamp.ChangedNs : stamp.ModifiedNs) < RacyNs ? stamp with { ChangedNs = 0, ModifiedNs = 0 } : stamp;
        var metadata = item.Origin.ReadMetadata(item.Source);
        if (item.Source.Kind == ItemKind.File)
        {
            metadata = metadata with { ModifiedNs = stamp.ModifiedNs };
            output.Progress.Add(1, length < SmallFile ? length : 0);
        }
        else
        {
            output.Progress.Add(1, 0);
        }
        item.Complete(new TreeEntry { Path = item.Path, Kind = item.Source.Kind, Metadata = metadata, Length = length, Extents = extents }, remembered, facts);
    }

    private void ReportChanging(ScanItem item) => output.Failed(new StingException("SourceItemChanging", FailureKind.Io,
        $"'{item.Path}' changed while it was read, {Attempts} times; it is stored as it was read last.", item.Path.ToString(),
        "The next run will take it; stop its writer, or exclude it, if it always changes."));

    /// <summary>One item's failure is its own: it is reported, and the run goes on. A store that fails stops the run.</summary>
    private void Guard(ScanItem item, Action action)
    {
        try
        {
            action();
        }
        catch (SourceLostException)
        {
            item.Fail();   // the source is reported, once
        }
        catch (StingException e) when (SourceErrors.IsOfOneItem(e))
        {
            if (e.ErrorId != "SourceItemVanished")
            {
                output.Failed(e);
            }
            item.Fail();
        }
    }
}
