using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Tests.World;

/// <summary>A file of a simulated reserve: which content it has, and when that was written.</summary>
/// <param name="Content">Which; equal numbers of one path are equal bytes.</param>
/// <param name="Stamp">A number that no other change has.</param>
internal sealed record SimulatedFile(int Content, long Stamp)
{
    private static readonly ConcurrentDictionary<(string, int), byte[]> Known = new();

    /// <summary>Bytes that do not compress, and are the same whenever they are asked for.</summary>
    public static byte[] Bytes(string path, int content) => Known.GetOrAdd((path, content), static of => Make(of.Item1, of.Item2));

    private static byte[] Make(string path, int content)
    {
        var length = 300 + (int)(SHA256.HashData(Encoding.UTF8.GetBytes($"{path} {content} length"))[0] * 9L);
        var bytes = new byte[length];
        for (var at = 0; at < length; at += 32)
        {
            SHA256.HashData(Encoding.UTF8.GetBytes($"{path} {content} {at}")).AsSpan(0, Math.Min(32, length - at)).CopyTo(bytes.AsSpan(at));
        }
        return bytes;
    }
}

/// <summary>A reserve's folder in memory, as it stood at one moment; files can be unreadable.</summary>
internal sealed class MemoryTree(ImmutableSortedDictionary<string, SimulatedFile> files, IReadOnlySet<string> unreadable) : ISourceTree
{
    public string Location => "memory";

    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        var folders = files.Keys.SelectMany(Parents).Distinct(StringComparer.Ordinal).Select(f => (Path: EntryPath.Parse(f), File: (SimulatedFile?)null));
        EntryPath? left = null;
        foreach (var (path, file) in files.Select(f => (EntryPath.Parse(f.Key), (SimulatedFile?)f.Value)).Concat(folders).OrderBy(item => item.Item1))
        {
            cancel.ThrowIfCancellationRequested();
            if (left is not null && path.IsWithin(left))
            {
                continue;
            }
            var kind = file is null ? ItemKind.Directory : ItemKind.File;
            if (choose(path, kind) == ScanChoice.Exclude)
            {
                left = path;
                continue;
            }
            yield return new SourceEntry(path, kind, file is null ? default : StampOf(path.ToString(), file), new ItemMetadata { Mode = file is null ? 0x1edu : 0x1a4u, ModifiedNs = file?.Stamp ?? 1 });
        }
    }

    public ItemMetadata ReadMetadata(SourceEntry entry) => entry.Metadata;

    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        var bytes = Read(entry, out stamp);
        if (bytes.Length > buffer.Length)
        {
            return -1;
        }
        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    public ISourceFile Open(SourceEntry entry) => new OpenFile(Read(entry, out var stamp), stamp);

    public void Dispose()
    {
    }

    private byte[] Read(SourceEntry entry, out FileStamp stamp)
    {
        var path = entry.Path.ToString();
        if (unreadable.Contains(path))
        {
            throw new StingException("SourceItemUnreadable", FailureKind.Io, $"'{path}' cannot be read: input/output error (simulated).", path, "Check the disk.");
        }
        stamp = StampOf(path, files[path]);
        return SimulatedFile.Bytes(path, files[path].Content);
    }

    private static FileStamp StampOf(string path, SimulatedFile file) =>
        new(SimulatedFile.Bytes(path, file.Content).Length, file.Stamp, file.Stamp, BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(path))), 1, 1);

    private static IEnumerable<string> Parents(string path)
    {
        for (var at = path.IndexOf('/', StringComparison.Ordinal); at > 0; at = path.IndexOf('/', at + 1))
        {
            yield return path[..at];
        }
    }

    private sealed class OpenFile(byte[] bytes, FileStamp stamp) : ISourceFile
    {
        public FileStamp Stamp() => stamp;
        public IReadOnlyList<DataRange> DataRanges() => bytes.Length == 0 ? [] : [new DataRange(0, bytes.Length)];

        public int Read(long offset, Span<byte> buffer)
        {
            var count = (int)Math.Clamp(bytes.Length - offset, 0, buffer.Length);
            bytes.AsSpan((int)Math.Min(offset, bytes.Length), count).CopyTo(buffer);
            return count;
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Where simulated restores write: memory, empty at the beginning.</summary>
internal sealed class MemoryTarget : IRestoreTarget
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);

    /// <summary>What was restored, by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public string Location => "memory";

    public SourceEntry? Find(EntryPath path)
    {
        lock (_lock)
        {
            var text = path.ToString();
            return _folders.Contains(text) ? new SourceEntry(path, ItemKind.Directory, default, new ItemMetadata())
                : Files.TryGetValue(text, out var bytes) ? new SourceEntry(path, ItemKind.File, new FileStamp(bytes.Length, 0, 0, 0, 0, 1), new ItemMetadata()) : null;
        }
    }

    public ItemMetadata ReadMetadata(SourceEntry entry) => entry.Metadata;
    public ISourceFile OpenExisting(SourceEntry entry) => throw new NotSupportedException();

    public void CreateDirectory(EntryPath path)
    {
        lock (_lock)
        {
            for (var folder = path; !folder.IsRoot; folder = folder.Parent)
            {
                _folders.Add(folder.ToString());
            }
        }
    }

    public IRestoreFile CreateFile(EntryPath path, long length) => new Written(this, length);
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) => throw new NotSupportedException();
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => throw new NotSupportedException();
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata) => [];

    public void CleanUp(EntryPath directory)
    {
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }

    private sealed class Written(MemoryTarget target, long length) : IRestoreFile
    {
        private readonly byte[] _bytes = new byte[length];

        public void Write(long offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes.AsSpan((int)offset));

        public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
        {
            lock (target._lock)
            {
                target.Files[name.ToString()] = _bytes;
            }
            return [];
        }

        public void Dispose()
        {
        }
    }
}
