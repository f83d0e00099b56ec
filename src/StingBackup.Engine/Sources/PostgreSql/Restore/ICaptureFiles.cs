using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>The files of a logical capture, from wherever they are read.</summary>
public interface ICaptureFiles
{
    /// <summary>Paths as <see cref="CapturePath"/> makes them.</summary>
    IReadOnlyList<string> Paths { get; }

    /// <summary>Reads one from its beginning.</summary>
    Stream Open(string path);
}

/// <summary>A capture that was restored to a folder.</summary>
/// <param name="root">The folder that holds <c>globals.sql</c>.</param>
public sealed class FolderCaptureFiles(string root) : ICaptureFiles
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Paths { get; } = [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(root, f).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public Stream Open(string path) => new FileStream(Path.Combine(root, path), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
}

/// <summary>A capture as a source gives it.</summary>
public sealed class SourceCaptureFiles : ICaptureFiles
{
    private readonly ISourceTree _tree;
    private readonly Dictionary<string, SourceEntry> _entries;

    /// <summary>Lists it.</summary>
    public SourceCaptureFiles(ISourceTree tree, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(tree);
        _tree = tree;
        _entries = tree.Scan((_, _) => ScanChoice.Include, _ => { }, cancel).Where(e => e.Kind == ItemKind.File)
            .ToDictionary(e => System.Text.Encoding.UTF8.GetString(e.Path.Bytes), StringComparer.Ordinal);
        Paths = [.. _entries.Keys.Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Paths { get; }

    /// <inheritdoc/>
    public Stream Open(string path) => new SourceStream(_tree.Open(_entries[path]), _entries[path].Stamp.Length);

    private sealed class SourceStream(ISourceFile file, long length) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get; set; }
        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(Position, buffer);
            Position += read;
            return read;
        }
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }
}
