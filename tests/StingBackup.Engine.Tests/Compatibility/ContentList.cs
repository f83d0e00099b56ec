using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>What a folder holds, in a form that can be written down: without owners, which depend on who runs the test.</summary>
internal static class ContentList
{
    /// <summary>Path → kind, mode, time, and what the kind has: length and SHA-256, target, attributes; a further name of a file says of which.</summary>
    public static SortedDictionary<string, string> Of(string root)
    {
        using var source = DirectorySource.Open(root);
        var list = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var files = new Dictionary<ulong, string>();
        foreach (var entry in source.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            var (path, m) = (entry.Path.ToString(), source.ReadMetadata(entry));
            var line = string.Create(CultureInfo.InvariantCulture, $"{entry.Kind} {Convert.ToString(m.Mode ?? 0, 8)} {m.ModifiedNs}");
            if (entry.Kind == ItemKind.File)
            {
                using var file = source.Open(entry);
                var content = new byte[entry.Stamp.Length];
                Assert.Equal(content.Length, content.Length == 0 ? 0 : file.Read(0, content));
                line += string.Create(CultureInfo.InvariantCulture, $" {content.Length} {Convert.ToHexStringLower(SHA256.HashData(content))}");
                line += entry.Stamp.Links > 1 && !files.TryAdd(entry.Stamp.Inode, path) ? $" is {files[entry.Stamp.Inode]}" : "";
            }
            line += m.LinkTarget is null ? "" : " -> " + EntryPath.Display(m.LinkTarget);
            line += string.Concat(m.ExtendedAttributes.Where(a => a.Key.AsSpan().StartsWith("user."u8)).Select(a => $" {EntryPath.Display(a.Key)}={Convert.ToHexStringLower(a.Value)}"));
            list.Add(path, line);
        }
        return list;
    }
}
