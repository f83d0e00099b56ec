namespace StingBackup.Packager.Layout;

/// <summary>One thing in a package: a file of the build, a text of ours, a link or a folder.</summary>
/// <param name="Path">Where it goes, with slashes, without one at the beginning.</param>
/// <param name="Mode">Who may do what.</param>
internal sealed record PackedItem(string Path, UnixFileMode Mode)
{
    /// <summary>The file that it is copied from.</summary>
    public string? Source { get; init; }
    /// <summary>Or its bytes.</summary>
    public byte[]? Bytes { get; init; }
    /// <summary>Or what a symbolic link names.</summary>
    public string? Link { get; init; }
    /// <summary>Whether it is a folder: then it has none of these.</summary>
    public bool IsFolder => Source is null && Bytes is null && Link is null;

    /// <summary>Its bytes.</summary>
    public Stream Open() => Bytes is null ? File.OpenRead(Source!) : new MemoryStream(Bytes, writable: false);
}

/// <summary>What a package holds, always in the same order, whatever the file system's is.</summary>
internal sealed class FileTree
{
    /// <summary>Of a file that all may read.</summary>
    public const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    /// <summary>Of a program or a folder.</summary>
    public const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly SortedDictionary<string, PackedItem> _items = new(StringComparer.Ordinal);

    /// <summary>All, folders before what is in them.</summary>
    public IEnumerable<PackedItem> Items => _items.Values;

    /// <summary>All but folders.</summary>
    public IEnumerable<PackedItem> Files => Items.Where(i => !i.IsFolder);

    /// <summary>Adds one, and the folders that it lies in.</summary>
    public void Add(PackedItem item)
    {
        for (var end = item.Path.LastIndexOf('/'); end > 0; end = item.Path.LastIndexOf('/', end - 1))
        {
            _items.TryAdd(item.Path[..end], new PackedItem(item.Path[..end], Executable));
        }
        if (!_items.TryAdd(item.Path, item))
        {
            throw new PackageException($"'{item.Path}' is there twice.");
        }
    }

    /// <summary>Adds a file of the build.</summary>
    public void AddFile(string source, string path, UnixFileMode mode = Readable) => Add(new PackedItem(path, mode) { Source = source });

    /// <summary>Adds a text.</summary>
    public void AddText(string path, string text, UnixFileMode mode = Readable) => Add(new PackedItem(path, mode) { Bytes = System.Text.Encoding.UTF8.GetBytes(text) });

    /// <summary>Adds a link.</summary>
    public void AddLink(string path, string target) => Add(new PackedItem(path, Executable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite) { Link = target });

    /// <summary>Adds a folder with all in it.</summary>
    /// <param name="source">The folder.</param>
    /// <param name="path">Where it goes; empty for the package's root.</param>
    /// <param name="take">Which of its files, by the path within it; null for all.</param>
    public void AddFolder(string source, string path, Func<string, bool>? take = null)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var within = System.IO.Path.GetRelativePath(source, file).Replace('\\', '/');
            if (take?.Invoke(within) ?? true)
            {
                AddFile(file, path.Length == 0 ? within : $"{path}/{within}", IsProgram(within) ? Executable : Readable);
            }
        }
    }

    /// <summary>Adds all of another tree below a folder.</summary>
    public void AddTree(FileTree other, string path)
    {
        foreach (var item in other.Files)
        {
            Add(item with { Path = $"{path}/{item.Path}" });
        }
    }

    // By name: a build on another file system may have lost the modes.
    private static bool IsProgram(string path) => System.IO.Path.GetFileName(path) is "sting-backup" or "sting-portal" or "createdump";
}
