using StingBackup.Engine.Chroma;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>What erased subjects have in a collection of a running Chroma.</summary>
/// <param name="Collection">The collection.</param>
/// <param name="Records">Ids of their records; of a collection that goes whole all.</param>
/// <param name="IsWhole">Whether the collection was theirs.</param>
internal sealed record ErasedVectors(ChromaCollection Collection, IReadOnlyList<string> Records, bool IsWhole);

/// <summary>
/// Finds the vectors of erased subjects: collections of theirs, as a backup places them (<see cref="CollectionOwners"/>), and in others' collections the records whose metadata name a contributor who was
/// erased from that jar, or, in a collection of the installation's, a person who was.
/// </summary>
internal static class VectorErasure
{
    /// <summary>Finds them; reads ids and metadata, no vector.</summary>
    public static async Task<IReadOnlyList<ErasedVectors>> FindAsync(ChromaClient client, CollectionOwners owners, Func<string, bool> isErased, CancellationToken cancel)
    {
        await client.CheckDatabaseAsync(cancel).ConfigureAwait(false);
        var erased = new List<ErasedVectors>();
        foreach (var collection in await client.ListAsync(cancel).ConfigureAwait(false))
        {
            var ids = await client.ReadIdsAsync(collection.Id, cancel).ConfigureAwait(false);
            var isWhole = isErased(owners.SubjectOf(collection));
            var mine = isWhole ? ids : await RecordsAsync(client, collection, ids, owners, isErased, cancel).ConfigureAwait(false);
            if (isWhole || mine.Count > 0)
            {
                erased.Add(new ErasedVectors(collection, mine, isWhole));
            }
        }
        return erased;
    }

    /// <summary>Deletes them. Chroma's file keeps what was deleted until it is vacuumed.</summary>
    public static async Task RemoveAsync(ChromaClient client, IEnumerable<ErasedVectors> erased, CancellationToken cancel)
    {
        foreach (var vectors in erased)
        {
            if (vectors.IsWhole)
            {
                await client.DeleteCollectionAsync(vectors.Collection.Name, cancel).ConfigureAwait(false);
                continue;
            }
            foreach (var page in vectors.Records.Chunk(client.PageRecords))
            {
                await client.DeleteAsync(vectors.Collection.Id, page, cancel).ConfigureAwait(false);
            }
        }
    }

    private static async Task<IReadOnlyList<string>> RecordsAsync(ChromaClient client, ChromaCollection collection, IReadOnlyList<string> ids, CollectionOwners owners, Func<string, bool> isErased, CancellationToken cancel)
    {
        var mine = new List<string>();
        foreach (var page in ids.Chunk(client.PageRecords))
        {
            foreach (var (id, metadata) in await client.ReadMetadataAsync(collection.Id, page, cancel).ConfigureAwait(false))
            {
                if (owners.SubjectOf(collection, metadata) is { } subject && isErased(subject))
                {
                    mine.Add(id);
                }
            }
        }
        return mine;
    }
}
