using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
namespace StingBackup.Engine.Sources;

/// <summary>What a source knows of an item besides its content. Times are nanoseconds since 1970 UTC.</summary>
public sealed record ItemMetadata
{
    /// <summary>Unix permission bits (07777), or null where there are none.</summary>
    public uint? Mode { get; init; }
    /// <summary>Owner's number.</summary>
    public uint? UserId { get; init; }
    /// <summary>Group's number.</summary>
    public uint? GroupId { get; init; }
    /// <summary>Owner's name, UTF-8, or null where the number has none.</summary>
    public string? UserName { get; init; }
    /// <summary>Group's name, or null where the number has none.</summary>
    public string? GroupName { get; init; }
    /// <summary>Time of the last change of content.</summary>
    public long ModifiedNs { get; init; }
    /// <summary>Time of creation, or null where it is unknown.</summary>
    public long? BirthNs { get; init; }
    /// <summary>Where a symbolic link points, raw bytes.</summary>
    public byte[]? LinkTarget { get; init; }
    /// <summary>Device number of a device node (major &lt;&lt; 32 | minor).</summary>
    public ulong? Device { get; init; }
    /// <summary>Extended attributes, name (raw bytes) and value, ascending by name bytes; empty where there are none.</summary>
    public IReadOnlyList<KeyValuePair<byte[], byte[]>> ExtendedAttributes { get; init; } = [];
    /// <summary>Windows file attributes, or null elsewhere.</summary>
    public uint? WindowsAttributes { get; init; }
}

/// <summary>An item as a scan finds it. Extended attributes and link targets are read later, by <see cref="ISourceTree.ReadMetadata"/>.</summary>
/// <param name="Path">Path within the source.</param>
/// <param name="Kind">What it is. Hard links are told apart by the pipeline, from <see cref="FileStamp"/>.</param>
/// <param name="Stamp">Size, times and identity.</param>
/// <param name="Metadata">What the scan's one stat call gave; complete only after <see cref="ISourceTree.ReadMetadata"/>.</param>
public sealed record SourceEntry(EntryPath Path, ItemKind Kind, FileStamp Stamp, ItemMetadata Metadata);

/// <summary>A run of data in a file; what lies between runs is a hole.</summary>
/// <param name="Offset">Bytes from the start.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct DataRange(long Offset, long Length);

/// <summary>What a scan does with a path.</summary>
public enum ScanChoice
{
    /// <summary>Emit it (and go into it, when it is a directory).</summary>
    Include,
    /// <summary>Do not emit it, nor anything below it.</summary>
    Exclude,
}

/// <summary>A tree of files to back up. Safe to call from many threads, except that one scan runs at a time.</summary>
public interface ISourceTree : IDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Location { get; }

    /// <summary>
    /// Walks the tree depth first in the order of <see cref="EntryPath"/>, a directory before what is in it; the root itself is not emitted.
    /// Memory is bounded by depth and by the longest single directory. An item that cannot be listed or read goes to <paramref name="failed"/> and the walk goes on;
    /// an item that vanished between listing and stat is passed over in silence. Never follows a link. Stays on the file systems that it meets.
    /// </summary>
    IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel);

    /// <summary>Completes an entry's metadata: extended attributes, link target, names of owner and group.</summary>
    ItemMetadata ReadMetadata(SourceEntry entry);

    /// <summary>
    /// Reads a small file whole: open, read, stat, close and nothing else. <paramref name="stamp"/> is taken after the last byte was read,
    /// so one that equals the entry's proves that nothing changed in between; the caller reads one that does not again.
    /// </summary>
    /// <param name="entry">A regular file that a scan found.</param>
    /// <param name="buffer">Takes the content; best a byte longer than the file was.</param>
    /// <param name="stamp">Stat of the file after it was read.</param>
    /// <returns>Bytes read, or -1 when the file has grown past the buffer.</returns>
    /// <exception cref="StingException"><c>SourceItemUnreadable</c>, <c>SourceItemVanished</c></exception>
    int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp);

    /// <summary>Opens a file's content; never follows a link, never changes its access time where the system allows.</summary>
    /// <exception cref="StingException"><c>SourceItemUnreadable</c>, <c>SourceItemVanished</c></exception>
    ISourceFile Open(SourceEntry entry);
}

/// <summary>A source whose items name files that other sources hold.</summary>
public interface INamingSource
{
    /// <summary>The files' paths in the reserve.</summary>
    IEnumerable<EntryPath> NamedFiles();
}

/// <summary>An open file of a source.</summary>
public interface ISourceFile : IDisposable
{
    /// <summary>Stat of the open file, now.</summary>
    FileStamp Stamp();

    /// <summary>The ranges that hold data, ascending. A file without holes is one range; an empty file none.</summary>
    IReadOnlyList<DataRange> DataRanges();

    /// <summary>Reads up to the buffer's length at an offset; 0 only at the end.</summary>
    int Read(long offset, Span<byte> buffer);
}
