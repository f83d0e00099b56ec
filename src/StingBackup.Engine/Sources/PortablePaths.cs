using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>Between the bytes of an <see cref="EntryPath"/> and the paths of .NET.</summary>
internal static class PortablePaths
{
    /// <summary>All there is in a directory, hidden and system files included, each failure told.</summary>
    public static EnumerationOptions Everything { get; } = new() { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };

    /// <summary>The path on disk.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c> for bytes that are no text here.</exception>
    public static string ToDisk(string root, EntryPath path)
    {
        if (path.IsRoot)
        {
            return root;
        }
        var text = Wtf8.TryDecode(path.Bytes) ?? throw new StingException("NameNotAllowed", FailureKind.NotSupported,
            $"'{path}' is not UTF-8, and this system has no names of raw bytes.", path.ToString(), "Restore it on Linux, or give it another name there.");
        return Path.Join(root, Path.DirectorySeparatorChar == '/' ? text : text.Replace('/', Path.DirectorySeparatorChar));
    }

    /// <summary>What an item of .NET's is; never what a link points to.</summary>
    public static ItemKind KindOf(FileSystemInfo item) =>
        item.LinkTarget is not null ? ItemKind.SymbolicLink
        : item is DirectoryInfo ? ItemKind.Directory
        : (item.Attributes & FileAttributes.Device) != 0 ? ItemKind.CharacterDevice
        : ItemKind.File;

    /// <summary>What .NET knows of an item.</summary>
    public static SourceEntry Describe(EntryPath path, FileSystemInfo item)
    {
        var kind = KindOf(item);
        var modified = NanosecondTime.FromUtc(item.LastWriteTimeUtc);
        return new SourceEntry(path, kind, new FileStamp(item is FileInfo file && kind == ItemKind.File ? file.Length : 0, modified, 0, 0, 0, 1), new ItemMetadata
        {
            Mode = OperatingSystem.IsWindows() ? null : (uint)item.UnixFileMode,
            WindowsAttributes = OperatingSystem.IsWindows() ? (uint)item.Attributes : null,
            ModifiedNs = modified,
            BirthNs = NanosecondTime.FromUtc(item.CreationTimeUtc),
        });
    }
}
