using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.Sqlite;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>
/// Chroma's folder as one unit, taken while Chroma runs: its database by online backup, and the files of its segments, with the proof that they belong together. Chroma 0.5.20 saves
/// a segment in this order (chromadb/segment/impl/vector/local_persistent_hnsw.py _persist): index files, <c>index_metadata.pickle</c>, then how far they have come into the database; and when it
/// starts, it takes what came later from the log in the database. So files that are no older than the database make a sound unit, if no save was under way: none of them
/// changed from before the database was copied until after the files were, and in each segment the pickle is the newest file.
/// </summary>
internal sealed class ChromaFolderCapture : ISourceTree
{
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CaptureTree _tree;
    private readonly IDisposable[] _owned;

    private ChromaFolderCapture(CaptureTree tree, IReadOnlyList<string> doubts, params IDisposable[] owned) => (_tree, Doubts, _owned) = (tree, doubts, owned);

    /// <summary>What keeps the files from being proven to belong together; none where they are.</summary>
    public IReadOnlyList<string> Doubts { get; }

    /// <inheritdoc/>
    public string Location => _tree.Location;

    /// <summary>Takes it; again where a save came in between, three times in all. What is then still in doubt is taken all the same, and each scan reports it.</summary>
    /// <param name="folder">Chroma's folder.</param>
    /// <param name="options">How the database is copied, and where private files lie.</param>
    /// <param name="cancel">Cancels.</param>
    /// <param name="whileCopying">Called between the copy of the database and those of the files, by tests.</param>
    /// <exception cref="StingException">as <see cref="SqliteSnapshot.Take"/>; <c>SourceUnavailable</c>, <c>ChromaSchemaUnknown</c></exception>
    public static async Task<ChromaFolderCapture> TakeAsync(string folder, SqliteSnapshotOptions options, CancellationToken cancel, Action? whileCopying = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var capture = TakeOnce(folder, options, whileCopying, cancel);
            if (capture.Doubts.Count == 0)
            {
                return capture;
            }
            if (attempt == Attempts)
            {
                capture._tree.AddFailure(new StingException("ChromaFolderChanging", FailureKind.Busy,
                    $"Chroma's folder {folder} was taken {Attempts} times, and its parts could not be proven to belong together: {string.Join("; ", capture.Doubts.Take(5))}. It is stored as it was read last.", folder,
                    "The next run takes it again, best at a quieter time. Where a save broke off, start Chroma anew and let something be added."));
                return capture;
            }
            capture.Dispose();
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) => _tree.Scan(choose, failed, cancel);
    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _tree.ReadMetadata(entry);
    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp) => _tree.ReadSmall(entry, buffer, out stamp);
    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry) => _tree.Open(entry);

    /// <summary>Deletes the private files.</summary>
    public void Dispose()
    {
        _tree.Dispose();
        Array.ForEach(_owned, o => o.Dispose());
    }

    private static ChromaFolderCapture TakeOnce(string folder, SqliteSnapshotOptions options, Action? whileCopying, CancellationToken cancel)
    {
        using var source = DirectorySource.Open(folder);
        var spool = CaptureSpool.Create(options.SpoolFolder, SpoolErrors.Failed);
        SqliteSnapshot? database = null;
        try
        {
            var tree = new CaptureTree(folder, spool);
            var path = Path.Join(folder, ChromaDatabase.FileName);
            var before = SegmentFiles.Look(source, cancel);
            IReadOnlyList<ChromaSegment> segments = [];
            database = SqliteSnapshot.Take(path, options, connection => segments = ChromaDatabase.ReadSegments(connection, path), cancel);
            whileCopying?.Invoke();
            foreach (var entry in source.Scan(static (path, _) => Chooses(path), tree.AddFailure, cancel))
            {
                Add(tree, source, spool, database, entry, cancel);
            }
            var doubts = before.Doubts(SegmentFiles.Look(source, cancel), segments);
            spool.Complete();
            return new ChromaFolderCapture(tree, doubts, database);
        }
        catch
        {
            spool.Dispose();
            database?.Dispose();
            throw;
        }
    }

    /// <summary>What SQLite keeps beside the database is in the copy already; what a restore left there is none of Chroma's.</summary>
    private static ScanChoice Chooses(EntryPath path) =>
        path.Bytes.StartsWith(".sting-"u8) || path.ToString() is ChromaDatabase.FileName + "-wal" or ChromaDatabase.FileName + "-shm" or ChromaDatabase.FileName + "-journal" ? ScanChoice.Exclude : ScanChoice.Include;

    private static void Add(CaptureTree tree, ISourceTree source, CaptureSpool spool, SqliteSnapshot database, SourceEntry entry, CancellationToken cancel)
    {
        try
        {
            var metadata = source.ReadMetadata(entry);
            if (entry.Kind == ItemKind.Directory)
            {
                tree.AddFolder(entry.Path, metadata);
            }
            else if (entry.Path.ToString() == ChromaDatabase.FileName)
            {
                tree.Add(entry.Path, new CapturedFile([new SpoolRange(0, database.Length)], [database.Hash], metadata, database));
            }
            else if (entry.Kind == ItemKind.File)
            {
                var (range, hash) = Copy(source, spool, entry, cancel);
                tree.Add(entry.Path, new CapturedFile([range], [hash], metadata));
            }
            else
            {
                throw new StingException("SourceItemUnreadable", FailureKind.NotSupported, $"'{source.Location}/{entry.Path}' is a {entry.Kind}, which Chroma's folder has none of.", $"{source.Location}/{entry.Path}",
                    "Move it out of Chroma's folder.");
            }
        }
        catch (StingException e) when (SourceErrors.IsOfOneItem(e))
        {
            if (e.ErrorId != "SourceItemVanished")   // then the files are seen to have changed
            {
                tree.AddFailure(e);
            }
            if (spool.InRange)
            {
                spool.EndRange();
            }
        }
    }

    private static (SpoolRange Range, byte[] Hash) Copy(ISourceTree source, CaptureSpool spool, SourceEntry entry, CancellationToken cancel)
    {
        using var file = source.Open(entry);
        var block = new byte[256 << 10];
        for (var at = 0L; file.Read(at, block) is > 0 and var read; at += read)
        {
            cancel.ThrowIfCancellationRequested();
            spool.Write(block.AsSpan(0, read));
        }
        return spool.EndRange();
    }
}
