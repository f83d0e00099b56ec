using System.Buffers;
using System.Runtime.InteropServices;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>A collection that was read out of a running Chroma, in a private file.</summary>
internal sealed class CollectionCapture : ISourceFile
{
    private const int PageAttempts = 5;
    private static readonly TimeSpan PagePause = TimeSpan.FromMilliseconds(100);

    private readonly CaptureSpool _spool;
    private readonly CapturedFile _file;
    private readonly FileStamp _stamp;
    private readonly bool _isSettled;
    private bool _isAsked;

    private CollectionCapture(CaptureSpool spool, CapturedFile file, FileStamp stamp, bool isSettled) => (_spool, _file, _stamp, _isSettled) = (spool, file, stamp, isSettled);

    /// <summary>
    /// Reads a collection. The list of ids comes first, from one statement of the server's; then the records of these ids, page by page: so each record that is there all the
    /// while is read once, whatever is added or deleted meanwhile. At the end the caller's proof, and the list of ids again, tell whether that was so.
    /// </summary>
    /// <param name="client">The server.</param>
    /// <param name="collection">What the list said.</param>
    /// <param name="stamp">The stamp that the scan gave.</param>
    /// <param name="isUnchanged">Asked at the end whether nothing was written meanwhile; the list of ids alone shows what came and went, and not what changed.</param>
    /// <param name="spoolFolder">Where the private file lies.</param>
    /// <param name="cancel">Cancels.</param>
    public static async Task<CollectionCapture> TakeAsync(ChromaClient client, ChromaCollection collection, FileStamp stamp, Func<bool> isUnchanged, string spoolFolder, CancellationToken cancel)
    {
        var spool = CaptureSpool.Create(spoolFolder, SpoolErrors.Failed);
        try
        {
            var ids = await client.ReadIdsAsync(collection.Id, cancel).ConfigureAwait(false);
            var (lines, vectors) = (new Stretches(), new Stretches());
            var page = new ArrayBufferWriter<byte>(64 << 10);
            var records = 0L;
            foreach (var some in ids.Chunk(client.PageRecords))
            {
                foreach (var record in await ReadPageAsync(client, collection, some, cancel).ConfigureAwait(false))
                {
                    collection = collection.Dimension is null ? collection with { Dimension = record.Vector.Length } : collection;
                    if (record.Vector.Length != collection.Dimension)
                    {
                        throw new StingException("ChromaAnswerUnknown", FailureKind.NotSupported,
                            FormattableString.Invariant($"A record of collection '{collection.Name}' has {record.Vector.Length} numbers, not {collection.Dimension}."), collection.Name,
                            "Look into Chroma's log; a collection whose index is damaged has to be built anew.");
                    }
                    CollectionHeader.WriteRecord(record, page);
                    records++;
                    vectors.Pending.Add(record.Vector);
                }
                lines.End(spool, page);
                vectors.End(spool);
            }
            spool.Write(new CollectionHeader(collection, records).ToBytes());
            var header = spool.EndRange();
            spool.Complete();
            var isSettled = isUnchanged() && ids.SequenceEqual(await client.ReadIdsAsync(collection.Id, cancel).ConfigureAwait(false), StringComparer.Ordinal);
            var file = new CapturedFile([header.Range, .. lines.Ranges, .. vectors.Ranges], [header.Hash, .. lines.Hashes, .. vectors.Hashes], new ItemMetadata());
            return new CollectionCapture(spool, file, stamp, isSettled);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>The stamp of the scan; once the content has been read, another one where the collection changed meanwhile, so that it is read again.</summary>
    public FileStamp Stamp()
    {
        var first = !_isAsked;
        _isAsked = true;
        return first || _isSettled ? _stamp : _stamp with { ChangedNs = _stamp.ChangedNs + 1 };
    }

    /// <inheritdoc/>
    public IReadOnlyList<DataRange> DataRanges() => [new DataRange(0, _file.Stamp.Length)];

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer) => _file.Read(_spool, offset, buffer);

    /// <summary>Deletes the private file.</summary>
    public void Dispose() => _spool.Dispose();

    private static async Task<IReadOnlyList<ChromaRecord>> ReadPageAsync(ChromaClient client, ChromaCollection collection, string[] ids, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await client.ReadAsync(collection.Id, ids, cancel).ConfigureAwait(false) is { } records)
            {
                return records;
            }
            if (attempt == PageAttempts)
            {
                throw new StingException("ChromaAnswerUnknown", FailureKind.NotSupported, $"Records of collection '{collection.Name}' have no vector, or vectors no record.", collection.Name,
                    "Run it again when nothing is being deleted. If it stays so, Chroma's index has lost vectors: build the collection anew.");
            }
            await Task.Delay(PagePause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Stretches of the spool that belong together.</summary>
    private sealed class Stretches
    {
        public List<SpoolRange> Ranges { get; } = [];
        public List<byte[]> Hashes { get; } = [];
        public List<float[]> Pending { get; } = [];

        public void End(CaptureSpool spool, ArrayBufferWriter<byte> bytes)
        {
            spool.Write(bytes.WrittenSpan);
            bytes.ResetWrittenCount();
            Add(spool.EndRange());
        }

        public void End(CaptureSpool spool)
        {
            foreach (var vector in Pending)
            {
                // Every processor that .NET runs on is little endian.
                spool.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
            Pending.Clear();
            Add(spool.EndRange());
        }

        private void Add((SpoolRange Range, byte[] Hash) stretch)
        {
            Ranges.Add(stretch.Range);
            Hashes.Add(stretch.Hash);
        }
    }
}
