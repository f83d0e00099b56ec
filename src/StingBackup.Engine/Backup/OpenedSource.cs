using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>A source failed as a whole: nothing more of it is read in this run.</summary>
internal sealed class SourceLostException() : Exception("The source failed as a whole.");

/// <summary>
/// A source that a run has open. An item's failure is passed on; any other failure ends the source, once and for all threads: its classes get no restore
/// point, and the run goes on with the other sources.
/// </summary>
internal sealed class OpenedSource(ReserveSource source, ISourceTree tree, JobOutput output) : IDisposable
{
    private StingException? _failure;

    public ReserveSource Source { get; } = source;

    /// <summary>What ended it, or null.</summary>
    public StingException? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether something of it could not be listed.</summary>
    public bool HasGaps { get; private set; }

    /// <summary>Files that its items name, where they do.</summary>
    public IEnumerable<EntryPath> NamedFiles() => tree is INamingSource naming ? naming.NamedFiles() : [];

    /// <summary>Its items in path order; ends early when it fails.</summary>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, CancellationToken cancel)
    {
        IEnumerator<SourceEntry>? entries = null;
        try
        {
            while (TryNext(() => (entries ??= tree.Scan(choose, Tell, cancel).GetEnumerator()).MoveNext()))
            {
                yield return entries!.Current;
            }
        }
        finally
        {
            entries?.Dispose();
        }
    }

    public ItemMetadata ReadMetadata(SourceEntry entry) => Guard(() => tree.ReadMetadata(entry));

    public ISourceFile Open(SourceEntry entry) => Guard(() => tree.Open(entry));

    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        ThrowIfLost();
        try
        {
            return tree.ReadSmall(entry, buffer, out stamp);
        }
        catch (StingException e) when (!SourceErrors.IsOfOneItem(e))
        {
            throw Lose(e);
        }
    }

    public void Dispose() => tree.Dispose();

    private void Tell(StingException failure)
    {
        HasGaps = true;
        output.Failed(failure);
    }

    private bool TryNext(Func<bool> moveNext)
    {
        try
        {
            return Guard(moveNext);
        }
        catch (SourceLostException)
        {
            return false;
        }
    }

    private T Guard<T>(Func<T> read)
    {
        ThrowIfLost();
        try
        {
            return read();
        }
        catch (StingException e) when (!SourceErrors.IsOfOneItem(e))
        {
            throw Lose(e);
        }
    }

    private void ThrowIfLost()
    {
        if (Failure is not null)
        {
            throw new SourceLostException();
        }
    }

    private SourceLostException Lose(StingException failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        return new SourceLostException();
    }
}
