using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>
/// A running Chroma as a source: each collection a file (<see cref="CollectionHeader"/>), read through the HTTP API when the backup reads it. The API does not tell whether a collection changed:
/// its version and log position are always 0 on a single node (chromadb/types.py Collection), and a count does not show what was replaced. Where Chroma's folder is at hand, its database tells, and
/// an unchanged collection is not read; else every collection is read in every run, and stored where it differs.
/// </summary>
internal sealed class ChromaSourceTree(ChromaClient client, string? folder, string spoolFolder, CollectionOwners owners, JobOutput output) : ISourceTree
{
    private readonly ConcurrentDictionary<EntryPath, ChromaCollection> _collections = new();
    private IReadOnlyDictionary<string, string>? _sequences;
    private CancellationToken _cancel;

    /// <inheritdoc/>
    public string Location => client.Location;

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(choose);
        _cancel = cancel;
        return Walk();

        IEnumerable<SourceEntry> Walk()
        {
            client.CheckDatabaseAsync(cancel).GetAwaiter().GetResult();
            _sequences = ReadSequences(tell: true);   // before the list and the records: what changes later has another one by then
            foreach (var collection in client.ListAsync(cancel).GetAwaiter().GetResult())
            {
                _collections[ChromaPaths.Of(collection.Name)] = collection;
                owners.Learn(collection);
            }
            foreach (var path in _collections.Keys.Order())
            {
                if (choose(path, ItemKind.File) == ScanChoice.Include)
                {
                    yield return new SourceEntry(path, ItemKind.File, StampOf(_collections[path]), new ItemMetadata { Mode = 0b110_000_000 });
                }
            }
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => entry.Metadata;

    /// <summary>Leaves it to <see cref="Open"/>.</summary>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        stamp = entry.Stamp;
        return -1;
    }

    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var collection = _collections.GetValueOrDefault(entry.Path) ?? throw SourceErrors.Vanished(Location, entry.Path, "it was not there when the backup began");
        try
        {
            return CollectionCapture.TakeAsync(client, collection, entry.Stamp, () => IsUnchanged(collection), spoolFolder, _cancel).GetAwaiter().GetResult();
        }
        catch (StingException e) when (e.ErrorId is "ChromaAnswerUnknown" or "ChromaRequestRefused")
        {
            throw client.FindAsync(collection.Name, _cancel).GetAwaiter().GetResult()?.Id != collection.Id ? SourceErrors.Vanished(Location, entry.Path, "the collection was deleted")
                : new StingException("SourceItemUnreadable", e.Kind, $"Collection '{collection.Name}' could not be read: {e.Message}", $"{Location}/{entry.Path}", e.Remedy, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>Without the folder nobody can tell; the list of ids is compared in any case.</summary>
    private bool IsUnchanged(ChromaCollection collection) =>
        _sequences is null || ReadSequences(tell: false) is not { } now || now.GetValueOrDefault(collection.Id) == _sequences.GetValueOrDefault(collection.Id);

    private IReadOnlyDictionary<string, string>? ReadSequences(bool tell)
    {
        if (folder is null)
        {
            return null;
        }
        try
        {
            return ChromaDatabase.ReadSequences(folder);
        }
        catch (StingException e) when (!_cancel.IsCancellationRequested)
        {
            if (tell)
            {
                output.Warn($"Which collections of {Location} are unchanged cannot be told, so that all are read: {e.Message}");
            }
            return null;
        }
    }

    /// <summary>Of what the list says and the sequence; where there is none, a stamp that is never met again. As a time it lies before 2001, or a run would take it for changed just now.</summary>
    private FileStamp StampOf(ChromaCollection collection)
    {
        Span<byte> hash = stackalloc byte[32];
        if (_sequences?.GetValueOrDefault(collection.Id) is { } sequence)
        {
            SHA256.HashData([.. new CollectionHeader(collection, 0).ToBytes(), .. Encoding.ASCII.GetBytes(sequence)], hash);
        }
        else
        {
            RandomNumberGenerator.Fill(hash);
        }
        return new FileStamp(FileStamp.UnknownLength, 0, 1 + (long)(BinaryPrimitives.ReadUInt64LittleEndian(hash) % 1_000_000_000_000_000_000), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]) | 1, 0, 1);
    }
}
