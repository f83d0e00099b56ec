using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>A directory tree by what .NET gives everywhere: names, times, links, attributes, and on Unix modes; no owners, extended attributes or holes.</summary>
internal sealed class PortableSourceTree(string root) : ISourceTree
{
    /// <inheritdoc/>
    public string Location => root;

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(failed);
        return Walk();

        IEnumerable<SourceEntry> Walk()
        {
            var rest = new Stack<(EntryPath Path, FileSystemInfo Item)>();
            List(EntryPath.Root, rest, failed);
            while (rest.TryPop(out var next))
            {
                cancel.ThrowIfCancellationRequested();
                if (Describe(next.Path, next.Item, choose, failed) is { } entry)
                {
                    yield return entry;
                    if (entry.Kind == ItemKind.Directory)
                    {
                        List(entry.Path, rest, failed);
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Kind != ItemKind.SymbolicLink)
        {
            return entry.Metadata;
        }
        try
        {
            var target = new FileInfo(PortablePaths.ToDisk(root, entry.Path)).LinkTarget
                ?? throw SourceErrors.Vanished(root, entry.Path, "it is a link no more");
            return entry.Metadata with { LinkTarget = Wtf8.Encode(target) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Make(root, entry.Path, "read the link", e);
        }
    }

    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return PortableSourceFile.Open(root, entry.Path);
    }

    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Stamp.Length == 0 && IsEmpty(entry.Path, out stamp))
        {
            return 0;
        }
        using var file = Open(entry);
        var done = 0;
        while (done < buffer.Length && file.Read(done, buffer[done..]) is > 0 and var read)
        {
            done += read;
        }
        stamp = file.Stamp();
        return stamp.Length > buffer.Length ? -1 : done;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    // Read without opening: .NET tells a pipe from an empty file by nothing else than that opening it would wait for a writer.
    private bool IsEmpty(EntryPath path, out FileStamp stamp)
    {
        var file = new FileInfo(PortablePaths.ToDisk(root, path));
        if (!file.Exists || file.Length > 0 || file.LinkTarget is not null)
        {
            stamp = default;
            return false;
        }
        stamp = PortablePaths.Describe(path, file).Stamp;
        return true;
    }

    private SourceEntry? Describe(EntryPath path, FileSystemInfo item, Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed)
    {
        try
        {
            var kind = PortablePaths.KindOf(item);
            if (choose(path, kind) == ScanChoice.Exclude)
            {
                return null;
            }
            item.Refresh();   // what the listing brought along may be old by now
            return item.Exists || kind == ItemKind.SymbolicLink ? PortablePaths.Describe(path, item) : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;   // vanished since it was listed
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed(SourceErrors.Make(root, path, "read the attributes of", e));
            return null;
        }
    }

    // Pushes a folder's items so that they pop in bytewise order.
    private void List(EntryPath folder, Stack<(EntryPath Path, FileSystemInfo Item)> rest, Action<StingException> failed)
    {
        var items = new List<(EntryPath Path, FileSystemInfo Item)>();
        try
        {
            foreach (var item in new DirectoryInfo(PortablePaths.ToDisk(root, folder)).EnumerateFileSystemInfos("*", PortablePaths.Everything))
            {
                items.Add((folder.Append(Wtf8.Encode(item.Name)), item));
            }
        }
        catch (DirectoryNotFoundException) when (!folder.IsRoot)
        {
            return;   // gone since it was told
        }
        catch (StingException tooLong)
        {
            failed(tooLong);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed(SourceErrors.Make(root, folder, "list the folder", e));   // what it gave before is still read
        }
        items.Sort(static (a, b) => b.Path.CompareTo(a.Path));
        items.ForEach(rest.Push);
    }
}
