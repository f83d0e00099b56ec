using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>A file of a captured tree: where its bytes lie in the spool, one stretch behind the other.</summary>
internal sealed class CapturedFile
{
    private readonly long[] _starts;
    private readonly ISpoolReader? _own;

    /// <param name="ranges">Where its bytes lie, one stretch behind the other.</param>
    /// <param name="hashes">The hash of each stretch.</param>
    /// <param name="metadata">Its attributes.</param>
    /// <param name="own">What holds it, where that is not the tree's spool.</param>
    public CapturedFile(IReadOnlyList<SpoolRange> ranges, IEnumerable<byte[]> hashes, ItemMetadata metadata, ISpoolReader? own = null)
    {
        _own = own;
        Ranges = [.. ranges.Where(r => r.Length > 0)];
        _starts = new long[Ranges.Length];
        var length = 0L;
        for (var i = 0; i < Ranges.Length; i++)
        {
            _starts[i] = length;
            length += Ranges[i].Length;
        }
        Metadata = metadata;
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData([.. hashes.SelectMany(h => h)], hash);
        // 124 bits of the content's hash stand where a file system has its inode and ctime: what is unchanged since the last run is recognised without being read. As a time it
        // lies before 2001, or a run would take it for changed just now and trust it no further.
        Stamp = new FileStamp(length, metadata.ModifiedNs, 1 + (long)(BinaryPrimitives.ReadUInt64LittleEndian(hash) % 1_000_000_000_000_000_000), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]) | 1, 0, 1);
    }

    public SpoolRange[] Ranges { get; }
    public FileStamp Stamp { get; }
    public ItemMetadata Metadata { get; }

    public int Read(CaptureSpool spool, long offset, Span<byte> buffer)
    {
        if (offset >= Stamp.Length)
        {
            return 0;
        }
        var index = Array.BinarySearch(_starts, offset);
        index = index < 0 ? ~index - 1 : index;
        var within = offset - _starts[index];
        return (_own ?? spool).Read(Ranges[index].Offset + within, buffer[..(int)Math.Min(buffer.Length, Ranges[index].Length - within)]);
    }
}

/// <summary>A tree whose files lie in a spool: what a database gave, as the pipeline reads any source. Folders come by themselves, from the paths.</summary>
internal sealed class CaptureTree(string location, CaptureSpool spool) : ISourceTree
{
    private static readonly FileStamp FolderStamp = new(0, 0, 0, 1, 0, 1);

    private readonly SortedDictionary<EntryPath, CapturedFile?> _items = [];
    private readonly Dictionary<EntryPath, ItemMetadata> _folders = [];
    private readonly Dictionary<EntryPath, ItemKind> _others = [];
    private readonly List<StingException> _failures = [];

    /// <inheritdoc/>
    public string Location => location;

    /// <summary>What could not be captured; each scan tells it.</summary>
    public IReadOnlyList<StingException> Failures => _failures;

    /// <summary>Paths of the files, in order.</summary>
    public IEnumerable<EntryPath> Files => _items.Where(i => i.Value is not null).Select(i => i.Key);

    /// <summary>Adds a file and the folders above it.</summary>
    public void Add(EntryPath path, CapturedFile file)
    {
        _items.Add(path, file);
        AddFoldersAbove(path);
    }

    /// <summary>Adds a folder that may be empty.</summary>
    public void AddFolder(EntryPath path, ItemMetadata metadata)
    {
        _items.TryAdd(path, null);
        _folders[path] = metadata;
        AddFoldersAbove(path);
    }

    /// <summary>Adds what is neither file nor folder.</summary>
    public void AddOther(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        AddFolder(path, metadata);
        _others.Add(path, kind);
    }

    /// <summary>Adds what could not be captured.</summary>
    public void AddFailure(StingException failure) => _failures.Add(failure);

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(failed);
        return Walk();

        IEnumerable<SourceEntry> Walk()
        {
            _failures.ForEach(failed);
            EntryPath? excluded = null;
            foreach (var (path, file) in _items)
            {
                cancel.ThrowIfCancellationRequested();
                if (excluded is not null && path.IsWithin(excluded))
                {
                    continue;
                }
                var kind = file is not null ? ItemKind.File : _others.GetValueOrDefault(path, ItemKind.Directory);
                if (choose(path, kind) == ScanChoice.Exclude)
                {
                    excluded = path;
                    continue;
                }
                yield return new SourceEntry(path, kind, file?.Stamp ?? FolderStamp, file?.Metadata ?? _folders.GetValueOrDefault(path) ?? new ItemMetadata());
            }
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => entry.Metadata;

    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        var file = Find(entry);
        stamp = file.Stamp;
        if (stamp.Length > buffer.Length)
        {
            return -1;
        }
        var done = 0;
        while (done < stamp.Length && file.Read(spool, done, buffer[done..]) is > 0 and var read)
        {
            done += read;
        }
        return done;
    }

    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry) => new OpenFile(spool, Find(entry));

    /// <inheritdoc/>
    public void Dispose() => spool.Dispose();

    private CapturedFile Find(SourceEntry entry) =>
        _items.GetValueOrDefault(entry.Path) ?? throw SourceErrors.Vanished(Location, entry.Path, "it is not in this capture");

    private void AddFoldersAbove(EntryPath path)
    {
        for (var folder = path.Parent; !folder.IsRoot && _items.TryAdd(folder, null); folder = folder.Parent)
        {
        }
    }

    private sealed class OpenFile(CaptureSpool spool, CapturedFile file) : ISourceFile
    {
        public FileStamp Stamp() => file.Stamp;
        public IReadOnlyList<DataRange> DataRanges() => file.Stamp.Length == 0 ? [] : [new DataRange(0, file.Stamp.Length)];
        public int Read(long offset, Span<byte> buffer) => file.Read(spool, offset, buffer);

        public void Dispose()
        {
        }
    }
}
