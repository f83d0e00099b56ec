using StingBackup.Engine.Basics;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>An item on its way from the scan to the tree.</summary>
internal sealed class ScanItem(OpenedSource origin, SourceEntry source, DataClass dataClass, RunSubject subject, ScanBatch batch)
{
    /// <summary>The source that it is read from.</summary>
    public OpenedSource Origin { get; } = origin;
    /// <summary>What the scan found; its path is within the source.</summary>
    public SourceEntry Source { get; } = source;
    /// <summary>Its path in the reserve.</summary>
    public EntryPath Path { get; } = origin.Source.InReserve(source.Path);
    public DataClass Class { get; } = dataClass;
    public RunSubject Subject { get; } = subject;
    /// <summary>How it looked when it was read; what the cache will remember.</summary>
    public FileStamp Stamp { get; private set; } = source.Stamp;
    /// <summary>Its tree entry; null while it is being read, and for good when it failed.</summary>
    public TreeEntry? Result { get; private set; }

    /// <summary>What the run before had under its path; null where it had nothing.</summary>
    public CachedItem? Before { get; init; }
    /// <summary>True when it was not read, since it is as it was.</summary>
    public bool IsReused { get; set; }
    /// <summary>What its content is; unknown where nobody looked.</summary>
    public ContentFacts Facts { get; private set; }
    /// <summary>What stands for the content that the run before had under its path; null where it had none.</summary>
    public ulong? Known => Before is { Entry.Extents.Count: > 0 } before ? DeduplicationCount.KeyOf(before.Entry.Extents) : null;
    /// <summary>Whether a chunk of it was new to the repository; of a bundle, that of its first item tells.</summary>
    public bool HasNew { get => Volatile.Read(ref _hasNew); set => Volatile.Write(ref _hasNew, value); }
    private bool _hasNew;

    /// <summary>The item is done.</summary>
    public void Complete(TreeEntry result, FileStamp stamp, ContentFacts facts = default)
    {
        Result = result;
        Stamp = stamp;
        Facts = facts;
        batch.OneDone();
    }

    /// <summary>The item failed, and was reported.</summary>
    public void Fail() => batch.OneDone();
}

/// <summary>A leaf of the last run's tree in which nothing changed.</summary>
/// <param name="Before">Items of its batch that come before it.</param>
/// <param name="Leaf">The leaf.</param>
/// <param name="Class">Its data class.</param>
/// <param name="Subject">Its subject in this run.</param>
/// <param name="Origin">The source that its items are of.</param>
internal sealed record CarriedLeaf(int Before, CachedLeaf Leaf, DataClass Class, RunSubject Subject, OpenedSource Origin);

/// <summary>Items in path order that are handed on together, once all of them are done.</summary>
internal sealed class ScanBatch
{
    public const int Size = 256;
    /// <summary>They hold their blocks, a dozen kilobytes each.</summary>
    public const int MostLeaves = 16;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Starts at one for the scan itself, so that a batch cannot be done before it is closed.
    private int _pending = 1;

    public List<ScanItem> Items { get; } = new(Size);

    /// <summary>Leaves that go on as they are, and how many items come before each.</summary>
    public List<CarriedLeaf> Leaves { get; } = [];

    /// <summary>Done when every item is.</summary>
    public Task Done => _done.Task;

    public void Add(ScanItem item)
    {
        Items.Add(item);
        Interlocked.Increment(ref _pending);
    }

    /// <summary>One item is done; also called once by the scan when it adds no more.</summary>
    public void OneDone()
    {
        if (Interlocked.Decrement(ref _pending) == 0)
        {
            _done.SetResult();
        }
    }
}

/// <summary>Items that one worker reads together: a bundle of small files of one subject, or one item alone.</summary>
/// <param name="Items">The items, in path order.</param>
internal sealed record ReadGroup(IReadOnlyList<ScanItem> Items);
