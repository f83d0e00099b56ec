namespace StingBackup.Engine.Storage;

/// <summary>An entry of a store's folder: an object, or a folder to go into.</summary>
/// <param name="Name">Its whole name in the store.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="Length">An object's length in bytes.</param>
internal readonly record struct FolderItem(string Name, bool IsFolder, long Length)
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };

    /// <summary>Reads a folder: what may start with the prefix, in the order that makes whole names ascend. A folder that is not there is empty.</summary>
    /// <param name="path">The folder on disk.</param>
    /// <param name="folder">The folder's name in the store; empty for the root.</param>
    /// <param name="prefix">What names start with.</param>
    public static List<FolderItem> Read(string path, string folder, string prefix)
    {
        var items = new List<FolderItem>();
        try
        {
            foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos("*", s_everything))
            {
                var name = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
                // Whatever cannot be an object's name is not ours: the staging folder, lost+found, an administrator's notes.
                if (!ObjectName.IsValidComponent(entry.Name) || name.Length > ObjectName.MaxLength)
                {
                    continue;
                }
                if (entry is DirectoryInfo)
                {
                    var below = name + "/";
                    if (below.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(below, StringComparison.Ordinal))
                    {
                        items.Add(new FolderItem(name, IsFolder: true, 0));
                    }
                }
                else if (name.StartsWith(prefix, StringComparison.Ordinal) && entry is FileInfo { Exists: true } file)   // it may be deleted meanwhile
                {
                    items.Add(new FolderItem(name, IsFolder: false, file.Length));
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        items.Sort(static (a, b) => CompareAsNames(a, b));
        return items;
    }

    // A folder's names go on with '/', which sorts after '-' and '.' and before letters and digits.
    private static int CompareAsNames(FolderItem a, FolderItem b)
    {
        var common = a.Name.AsSpan().CommonPrefixLength(b.Name);
        return Next(a, common).CompareTo(Next(b, common));

        static int Next(FolderItem item, int index) => index < item.Name.Length ? item.Name[index] : item.IsFolder ? '/' : -1;
    }
}
