using System.Formats.Tar;
using System.IO.Compression;
using StingBackup.Packager.Layout;

namespace StingBackup.Packager.Archives;

/// <summary>A tree as <c>.tar.gz</c>: everything is root's, in order, of one date.</summary>
internal static class TarGz
{
    /// <summary>Writes one.</summary>
    /// <param name="output">Where to; left open.</param>
    /// <param name="tree">What.</param>
    /// <param name="prefix">Put before each path: <c>./</c>, or nothing.</param>
    /// <param name="date">Of every entry.</param>
    /// <param name="level">How hard to try.</param>
    public static void Write(Stream output, FileTree tree, string prefix, DateTimeOffset date, CompressionLevel level)
    {
        using var packed = new GZipStream(output, level, leaveOpen: true);
        using var tar = new TarWriter(packed, TarEntryFormat.Ustar, leaveOpen: true);
        if (prefix.Length > 0)
        {
            tar.WriteEntry(Entry(TarEntryType.Directory, prefix, FileTree.Executable, date));
        }
        foreach (var item in tree.Items)
        {
            var entry = Entry(item.IsFolder ? TarEntryType.Directory : item.Link is null ? TarEntryType.RegularFile : TarEntryType.SymbolicLink,
                prefix + item.Path + (item.IsFolder ? "/" : ""), item.Mode, date);
            if (item.Link is { } link)
            {
                entry.LinkName = link;
            }
            if (item.IsFolder || item.Link is not null)
            {
                tar.WriteEntry(entry);
                continue;
            }
            using var content = item.Open();
            entry.DataStream = content;
            tar.WriteEntry(entry);
        }
    }

    private static UstarTarEntry Entry(TarEntryType type, string name, UnixFileMode mode, DateTimeOffset date) =>
        new(type, name) { Mode = mode, ModificationTime = date, UserName = "root", GroupName = "root" };
}
