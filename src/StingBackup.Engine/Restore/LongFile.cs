using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>Some extents of a long file, for whichever worker is free.</summary>
/// <param name="File">The file.</param>
/// <param name="Extents">The extents in a row.</param>
/// <param name="At">Where the first of them goes.</param>
internal sealed record LongFilePart(LongFile File, IReadOnlyList<Extent> Extents, long At)
{
    public void Run(RestoreWorker worker) => File.Write(this, worker);
}

/// <summary>
/// A long file that several workers write. It takes its place when the last part is written and all were; otherwise it leaves nothing behind.
/// </summary>
internal sealed class LongFile(RestoreContext context, PendingItem item, IRestoreFile file, Action<RestoreWorker, StingException?, long> ended) : IDisposable
{
    /// <summary>Longer files are shared.</summary>
    public const long Shared = 8 << 20;
    private const long PartLength = 4 << 20;

    private readonly Lock _gate = new();
    private StingException? _error;
    private int _open = 1;
    private long _written;

    /// <summary>Hands the file out part by part; what no other worker wants is written here.</summary>
    public void Run(Func<LongFilePart, bool> share, RestoreWorker worker)
    {
        Guard(worker, () =>
        {
            var part = new List<Extent>();
            long at = 0, start = 0;
            foreach (var extent in worker.Extents(item.Tree.Row.Pseudonym, item.Entry).SelectMany(page => page))
            {
                part.Add(extent);
                at += extent.Length;
                if (at - start >= PartLength)
                {
                    HandOut(new LongFilePart(this, part, start), share, worker);
                    (part, start) = ([], at);
                }
            }
            HandOut(new LongFilePart(this, part, start), share, worker);
            if (at != item.Entry.Length)
            {
                throw Failures.Damaged(item.Path.ToString(), $"its parts make {at} bytes, not {item.Entry.Length}");
            }
        });
    }

    /// <summary>Writes one part.</summary>
    public void Write(LongFilePart part, RestoreWorker worker) => Guard(worker, () =>
    {
        if (_error is null)
        {
            var at = part.At;
            var written = worker.Write(item.Tree.Row.Pseudonym, file, part.Extents, ref at);
            Interlocked.Add(ref _written, written);
            context.Output.Progress.Add(0, at - part.At);
        }
    });

    /// <summary>Discards what was not put in place.</summary>
    public void Dispose() => file.Dispose();

    private void HandOut(LongFilePart part, Func<LongFilePart, bool> share, RestoreWorker worker)
    {
        Interlocked.Increment(ref _open);
        if (!share(part))
        {
            Write(part, worker);
        }
    }

    /// <summary>One part, or the handing out, is over. A failure is kept for the end; anything else (a cancellation) leaves the file to be discarded.</summary>
    private void Guard(RestoreWorker worker, Action action)
    {
        try
        {
            action();
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            lock (_gate)
            {
                _error ??= e;
            }
        }
        if (Interlocked.Decrement(ref _open) == 0)
        {
            ended(worker, _error, Interlocked.Read(ref _written));
        }
    }
}
