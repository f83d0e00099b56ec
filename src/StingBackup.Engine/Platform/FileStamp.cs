namespace StingBackup.Engine.Platform;

/// <summary>What tells a changed file from an unchanged one without reading it. Stays in the host's cache.</summary>
/// <param name="Length">Bytes; <see cref="UnknownLength"/> where a source knows it only by reading, always then: the other fields tell.</param>
/// <param name="ModifiedNs">mtime.</param>
/// <param name="ChangedNs">ctime; 0 where there is none.</param>
/// <param name="Inode">Inode number; 0 where there is none.</param>
/// <param name="Device">Device that holds it; 0 where there is none.</param>
/// <param name="Links">Number of hard links.</param>
public readonly record struct FileStamp(long Length, long ModifiedNs, long ChangedNs, ulong Inode, ulong Device, uint Links)
{
    /// <summary>The length of what must be read to know it, such as a secret of a Vault.</summary>
    public const long UnknownLength = -1;
}
