namespace StingBackup.Engine.Storage;

/// <summary>Whether an object of a storage class for archives can be read.</summary>
public enum ThawState
{
    /// <summary>It is not archived: it can be read at once.</summary>
    Ready,
    /// <summary>It must be thawed first.</summary>
    Archived,
    /// <summary>It is being thawed.</summary>
    Thawing,
    /// <summary>A copy of it can be read for a while.</summary>
    Thawed,
}

/// <summary>What a store says to a request to thaw.</summary>
public enum ThawAnswer
{
    /// <summary>It has begun.</summary>
    Begun,
    /// <summary>It is under way already, at the same speed or a higher one.</summary>
    UnderWay,
    /// <summary>It is thawed already; it stays so for the days that were asked for.</summary>
    Extended,
    /// <summary>There is nothing to thaw.</summary>
    NotArchived,
}

/// <summary>An object in its storage class.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its length in bytes; some servers give 0 for an archived one.</param>
/// <param name="StorageClass">The class, <c>STANDARD</c> where the store names none.</param>
/// <param name="Stored">When it was stored, or moved to this class.</param>
public sealed record StoredObject(string Name, long Length, string StorageClass, DateTimeOffset Stored);

/// <summary>An object in its storage class, and whether it can be read.</summary>
/// <param name="Object">The object.</param>
/// <param name="State">Whether it can be read.</param>
/// <param name="ThawedUntil">Until when; null where that has no end, or it cannot.</param>
public sealed record StoredState(StoredObject Object, ThawState State, DateTimeOffset? ThawedUntil);

/// <summary>
/// What a store can do beside <see cref="IObjectStore"/> whose objects may lie in storage classes for archives: they cannot be read before they are thawed (<c>PackArchived</c>), which takes minutes to days
/// and costs by the byte. Reached by <see cref="IObjectStore.Thawing"/>, so that decorators can stand between.
/// </summary>
public interface IThawingStore
{
    /// <summary>How an object is; null when it is not there.</summary>
    ValueTask<StoredState?> GetStateAsync(string name, CancellationToken cancel);

    /// <summary>Asks that an object be thawed for some days.</summary>
    /// <exception cref="StingException"><c>ObjectNotFound</c>; <c>ThawRefused</c>: not at this speed, or not now</exception>
    ValueTask<ThawAnswer> ThawAsync(string name, RetrievalSpeed speed, int days, CancellationToken cancel);

    /// <summary>Moves an object to another storage class. The object must be readable: what is archived already can be moved by the server alone, by a rule of its bucket.</summary>
    ValueTask MoveAsync(string name, string storageClass, CancellationToken cancel);

    /// <summary>Objects whose name starts with <paramref name="prefix"/>, in ordinal order, with their classes.</summary>
    IAsyncEnumerable<StoredObject> ListStoredAsync(string prefix, CancellationToken cancel);
}
