using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>Looks at whole packs: SHA-256 against the name, footer against the index, and with keys every reached chunk opened.</summary>
internal sealed class PackScrub(WholePacks packs, Id16 reserve, RepositoryIndex index, PackRows rows, FaultBook book, CheckMemory memory)
{
    private readonly ConcurrentDictionary<Id32, ConcurrentBag<string>> _failed = new();
    private long _chunks;

    /// <summary>Packs read.</summary>
    public long Packs => packs.Count - packs.Frozen;

    /// <summary>Packs that were not begun because the time was over.</summary>
    public long Left => packs.Left;

    /// <summary>Packs that are not thawed.</summary>
    public long Frozen => packs.Frozen;

    /// <summary>Chunks opened.</summary>
    public long Chunks => Interlocked.Read(ref _chunks);

    /// <summary>Chunks that do not open, and the packs in which they do not.</summary>
    public IReadOnlyDictionary<Id32, ConcurrentBag<string>> Failed => _failed;

    /// <summary>Reads packs. With a reader that has keys, opens those of their chunks that were reached.</summary>
    /// <param name="wanted">The packs.</param>
    /// <param name="reader">Opens chunks; null where no keys are at hand.</param>
    /// <param name="reached">Rows that points reach.</param>
    /// <param name="nowNs">The time that is noted of sound packs.</param>
    /// <param name="cancel">Cancels.</param>
    public ValueTask RunAsync(IReadOnlyList<PackInfo> wanted, ChunkReader? reader, ReachedRows reached, Func<long> nowNs, CancellationToken cancel) =>
        packs.ReadAsync(wanted, (pack, content) =>
        {
            Check(pack, content);
            if (reader is not null)
            {
                Open(pack, content, reader, reached);
            }
            if (book.Holds(pack.Name))
            {
                memory.Spoil(pack.Id);
            }
            else
            {
                memory.Note(pack.Id, reader is null ? IntegrityLevel.Packs : IntegrityLevel.Data, nowNs());
            }
        }, pack =>
        {
            memory.Spoil(pack.Id);
            FailAll(pack, reached);
        }, cancel);

    /// <summary>A pack that cannot be read at all, or is not there: every reached chunk in it fails.</summary>
    public void FailAll(PackInfo pack, ReachedRows reached)
    {
        foreach (var rank in rows.Of(pack.Id))
        {
            if (reached.Contains(rank) && index.TryPlaceAt(rank, out var place))
            {
                _failed.GetOrAdd(place.Entry.Id, static _ => []).Add(pack.Name);
            }
        }
    }

    /// <summary>Everything that can be told without keys. Chunks are opened in any case: which of them are whole is what people need to know.</summary>
    private void Check(PackInfo pack, ReadOnlyMemory<byte> content)
    {
        try
        {
            var tables = PackReader.ReadTables(pack, content, reserve);
            if (rows.Knows(pack.Id) && !rows.Agree(tables, index))
            {
                book.Add(pack.Name, "its footer and the index disagree about where its chunks are");
            }
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            book.Add(pack.Name, e);
        }
    }

    private void Open(PackInfo pack, ReadOnlyMemory<byte> content, ChunkReader reader, ReachedRows reached)
    {
        long failed = 0, opened = 0;
        StingException? first = null;
        foreach (var rank in rows.Of(pack.Id))
        {
            if (!reached.Contains(rank) || !index.TryPlaceAt(rank, out var place))
            {
                continue;
            }
            try
            {
                reader.OpenIn(content.Span, place).Dispose();
                opened++;
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                first ??= e;
                failed++;
                _failed.GetOrAdd(place.Entry.Id, static _ => []).Add(pack.Name);
            }
        }
        Interlocked.Add(ref _chunks, opened);
        if (first is not null)
        {
            book.Add(pack.Name, $"{failed} of {failed + opened} chunks in it cannot be opened ({first.Message.TrimEnd('.')})");
        }
    }
}
