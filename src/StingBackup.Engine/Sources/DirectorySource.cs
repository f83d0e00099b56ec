using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>A directory tree as a source.</summary>
public static class DirectorySource
{
    /// <summary>
    /// Opens a directory tree. Linux reads modes, owners, nanosecond times, links, devices, extended attributes and holes, and names as raw
    /// bytes; elsewhere it is what .NET gives: times, links, attributes, on macOS also modes.
    /// </summary>
    /// <exception cref="StingException"><c>SourceUnavailable</c> when it is no directory or cannot be opened.</exception>
    public static ISourceTree Open(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        root = Path.GetFullPath(root);
        if (!Directory.Exists(root))
        {
            throw SourceErrors.Unavailable(root, FailureKind.NotFound, File.Exists(root) ? "it is a file, not a folder" : "it is not there");
        }
        return Libc.IsSupported ? LinuxSourceTree.Open(root, Beneath.Default) : new PortableSourceTree(root);
    }
}
