using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>Everything that a folder holds, one line an item: what a restore is compared by.</summary>
internal static class FolderImage
{
    private const int SmallFile = 64 << 10;

    /// <summary>Path → kind, mode, owner, time, length, content, holes, link, device, attributes, and which names are one file.</summary>
    public static SortedDictionary<string, string> Read(string root, string under = "")
    {
        using var source = DirectorySource.Open(root);
        var image = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var files = new Dictionary<(ulong, ulong), string>();
        foreach (var entry in source.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            var path = entry.Path.ToString();
            if (under.Length > 0 && path != under && !path.StartsWith(under + "/", StringComparison.Ordinal))
            {
                continue;
            }
            var m = source.ReadMetadata(entry);
            var line = string.Create(CultureInfo.InvariantCulture, $"{entry.Kind} {Convert.ToString(m.Mode ?? 0, 8)} {m.UserId}:{m.GroupId} {m.ModifiedNs}");
            if (entry.Kind == ItemKind.File)
            {
                line += Content(source, entry);
                if (entry.Stamp.Links > 1 && !files.TryAdd((entry.Stamp.Device, entry.Stamp.Inode), path))
                {
                    line += $" is {files[(entry.Stamp.Device, entry.Stamp.Inode)]}";
                }
            }
            line += m.LinkTarget is null ? "" : " -> " + EntryPath.Display(m.LinkTarget);
            line += m.Device is null ? "" : string.Create(CultureInfo.InvariantCulture, $" device {m.Device:x}");
            line += string.Concat(m.ExtendedAttributes.Select(a => $" {EntryPath.Display(a.Key)}={Convert.ToHexStringLower(a.Value)}"));
            image.Add(path, line);
        }
        return image;
    }

    /// <summary>The same without times: for folders that something else was written into.</summary>
    public static SortedDictionary<string, string> Files(string root, string under = "")
    {
        var image = Read(root, under);
        foreach (var folder in image.Where(i => i.Value.StartsWith("Directory", StringComparison.Ordinal)).Select(i => i.Key).ToList())
        {
            image.Remove(folder);
        }
        return image;
    }

    /// <summary>Fails with the items that differ.</summary>
    public static void AssertSame(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual)
    {
        var differences = expected.Keys.Union(actual.Keys).Where(p => expected.GetValueOrDefault(p) != actual.GetValueOrDefault(p)).Order(StringComparer.Ordinal)
            .Select(p => $"{p}\n  expected {expected.GetValueOrDefault(p) ?? "nothing"}\n  actual   {actual.GetValueOrDefault(p) ?? "nothing"}").ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} items differ:\n{string.Join('\n', differences.Take(10))}");
    }

    private static string Content(ISourceTree source, SourceEntry entry)
    {
        using var file = source.Open(entry);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        // Small files are read in one piece: theirs are zeros, not holes.
        IReadOnlyList<DataRange> ranges = entry.Stamp.Length < SmallFile ? [new DataRange(0, entry.Stamp.Length)] : file.DataRanges();
        foreach (var range in ranges)
        {
            for (long at = range.Offset, end = range.Offset + range.Length; at < end;)
            {
                var read = file.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)));
                hash.AppendData(buffer, 0, read);
                at += read;
            }
        }
        return string.Create(CultureInfo.InvariantCulture, $" {entry.Stamp.Length} {Convert.ToHexStringLower(hash.GetHashAndReset())} [{string.Join(' ', ranges.Select(r => $"{r.Offset}+{r.Length}"))}]");
    }
}
