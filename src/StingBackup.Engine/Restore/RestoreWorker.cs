using System.Buffers;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>
/// What one worker thread keeps for itself: the chunk it decoded last, which the next small file probably needs too, and the hash state of the subject at hand.
/// </summary>
internal sealed class RestoreWorker(RestoreContext context, ISubjectReader keys, CancellationToken cancel) : IDisposable
{
    private readonly Queue<PendingItem> _released = new();
    private readonly RestoreWindow _window = new();
    private ChunkBytes? _last;
    private (Id16 Pseudonym, Id32 Chunk) _lastId;
    private ChunkIds? _ids;
    private (Id16 Pseudonym, uint Generation) _idsOf;

    public CancellationToken Cancel => cancel;

    /// <summary>Links whose file is done: this worker takes them up next.</summary>
    public void TakeUp(IEnumerable<PendingItem> links)
    {
        foreach (var link in links)
        {
            _released.Enqueue(link);
        }
    }

    /// <summary>The next link to take up.</summary>
    public bool TryTakeUp(out PendingItem? link) => _released.TryDequeue(out link);

    /// <summary>A chunk's content; valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(Id16 pseudonym, Id32 chunk)
    {
        if (_last is null || _lastId != (pseudonym, chunk))
        {
            _last?.Dispose();
            _last = null;
            _last = Wait(context.Repository.Reader.ReadDataAsync(pseudonym, chunk, cancel));
            _lastId = (pseudonym, chunk);
        }
        return _last.Span;
    }

    /// <summary>The part of a chunk that an extent means.</summary>
    /// <exception cref="StingException"><c>ChunkMissing</c>, <c>ChunkDamaged</c>, <c>ObjectDamaged</c> when it points outside</exception>
    public ReadOnlySpan<byte> Read(Id16 pseudonym, Extent extent)
    {
        var chunk = Read(pseudonym, extent.Id);
        return extent.Offset >= 0 && extent.Length >= 0 && extent.Offset + extent.Length <= chunk.Length ? chunk.Slice(extent.Offset, (int)extent.Length)
            : throw Failures.Damaged(extent.Id.ToString(), "a file refers to bytes that the chunk does not have");
    }

    /// <summary>A file's extents; those of a long one page by page. They end where they make more than the file's length: nothing of that is written.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, and as reading a page</exception>
    public IEnumerable<IReadOnlyList<Extent>> Extents(Id16 pseudonym, TreeEntry entry)
    {
        var left = entry.Length;
        if (entry.ContentPages.Count == 0)
        {
            yield return Within(entry.Extents, entry, ref left);
        }
        foreach (var page in entry.ContentPages)
        {
            cancel.ThrowIfCancellationRequested();
            yield return Within(Wait(context.Repository.Reader.ReadPageAsync(pseudonym, page.Page, cancel)).Extents, entry, ref left);
        }
    }

    private static IReadOnlyList<Extent> Within(IReadOnlyList<Extent> extents, TreeEntry entry, ref long left)
    {
        foreach (var extent in extents)
        {
            left = extent.Length <= left ? left - extent.Length : throw Failures.Damaged(entry.Path.ToString(), $"its parts make more than its {entry.Length} bytes");
        }
        return extents;
    }

    /// <summary>The item at a path of a tree.</summary>
    public TreeEntry? Find(PointTree tree, EntryPath path) => Wait(context.Repository.Walker.FindAsync(tree.Root, path, cancel));

    /// <summary>The id that content would have as a chunk.</summary>
    /// <param name="pseudonym">Whose.</param>
    /// <param name="generation">Generation of the key under which it would lie.</param>
    /// <param name="content">The content.</param>
    public Id32 IdOf(Id16 pseudonym, uint generation, ReadOnlySpan<byte> content)
    {
        if (_ids is null || _idsOf != (pseudonym, generation))
        {
            _ids?.Dispose();
            _ids = new ChunkIds(keys.GetIdKey(pseudonym, generation).Span);
            _idsOf = (pseudonym, generation);
        }
        return _ids.Compute((byte)ChunkType.Data, content);
    }

    /// <summary>Writes extents into a file from an offset on; holes are left out. Returns the bytes written.</summary>
    public long Write(Id16 pseudonym, IRestoreFile file, IReadOnlyList<Extent> extents, ref long at)
    {
        var written = 0L;
        _window.Discard();
        foreach (var extent in extents)
        {
            if (!extent.IsHole)
            {
                cancel.ThrowIfCancellationRequested();
                _window.Write(file, at, Read(pseudonym, extent));
                written += extent.Length;
            }
            at += extent.Length;
        }
        _window.Flush(file);
        return written;
    }

    public void Dispose()
    {
        _last?.Dispose();
        _ids?.Dispose();
        _window.Dispose();
    }

    /// <summary>Workers are threads of their own: a store that answers at once costs nothing more, one that does not is waited for.</summary>
    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
