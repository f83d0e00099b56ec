using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>What the target did with an item.</summary>
public enum PlacedAs
{
    /// <summary>Written under its own name.</summary>
    Written,
    /// <summary>Left alone by the conflict rule.</summary>
    Skipped,
    /// <summary>Written beside what stood there.</summary>
    Renamed,
}

/// <summary>
/// Where a restore writes. Every path stays inside: no component is followed through a link. Each file lands by temporary name and rename.
/// Safe to call from many threads.
/// </summary>
public interface IRestoreTarget : IDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Location { get; }

    /// <summary>What stands at a path now, or null. Never follows a link.</summary>
    SourceEntry? Find(EntryPath path);

    /// <summary>Completes what <see cref="Find"/> gave: extended attributes, link target.</summary>
    ItemMetadata ReadMetadata(SourceEntry entry);

    /// <summary>
    /// What of an item's metadata this target can take over: what it cannot (times that a server sets, for example) is null, zero or empty, and does not tell one item from another.
    /// </summary>
    ItemMetadata Holdable(EntryPath path, ItemMetadata metadata) => metadata;

    /// <summary>Opens what stands at a path for reading, to compare it.</summary>
    ISourceFile OpenExisting(SourceEntry entry);

    /// <summary>Makes a directory and its missing parents. One that stands there stays.</summary>
    void CreateDirectory(EntryPath path);

    /// <summary>Starts a file under a temporary name beside its own; the length is reserved as a hole.</summary>
    IRestoreFile CreateFile(EntryPath path, long length);

    /// <summary>Makes a symbolic link, a named pipe, a device node or a socket placeholder (sockets are passed over), with its metadata.</summary>
    /// <returns>Messages of metadata that could not be applied.</returns>
    /// <exception cref="StingException"><c>RestoreConflict</c> when something stands there and may not be replaced; <c>RestorePathUnsafe</c>.</exception>
    IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace);

    /// <summary>Makes a second name of a file that this target holds.</summary>
    void CreateHardLink(EntryPath path, EntryPath existing, bool replace);

    /// <summary>Applies mode, owner, times and extended attributes; the message of each thing that could not be applied is returned (no right to change the owner, for example).</summary>
    IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata);

    /// <summary>Removes temporary files that an interrupted restore left in a directory.</summary>
    void CleanUp(EntryPath directory);

    /// <summary>Makes everything written durable.</summary>
    void Flush();
}

/// <summary>A file being restored. Disposed without <see cref="Place"/>, it leaves nothing behind.</summary>
public interface IRestoreFile : IDisposable
{
    /// <summary>Writes at an offset; what is never written stays a hole.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Applies metadata and moves the file to <paramref name="name"/> in its directory, replacing what stands there only when <paramref name="replace"/>.</summary>
    /// <returns>Messages of what could not be applied.</returns>
    /// <exception cref="StingException"><c>RestoreConflict</c> when something stands there and may not be replaced.</exception>
    IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace);
}
