using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Changes;

/// <summary>Takes what a kernel tells.</summary>
internal interface IChangeSink
{
    /// <summary>Something changed right in a folder, or the folder itself did.</summary>
    void Folder(int root, EntryPath folder);

    /// <summary>An item came, went or moved, with all beneath it.</summary>
    void Tree(int root, EntryPath item);

    /// <summary>A file, by its inode, got another name or lost one, wherever: what it was told by before may be another name's.</summary>
    void Names(ulong inode);

    /// <summary>A run asks: all that changed before was told before.</summary>
    void Asked(string ask);
}

/// <summary>What the kernel tells of folders. Used by one thread.</summary>
internal interface IChangeReader : IDisposable
{
    /// <summary>How it watches.</summary>
    string Method { get; }

    /// <summary>Events up to now.</summary>
    long Events { get; }

    /// <summary>Waits a little, and tells what came.</summary>
    /// <exception cref="ChangeGapException">Something may have been missed.</exception>
    void Read(IChangeSink sink, int milliseconds);
}

/// <summary>Something may have been missed: what comes is another journal.</summary>
/// <param name="message">Why.</param>
internal sealed class ChangeGapException(string message) : Exception(message);
