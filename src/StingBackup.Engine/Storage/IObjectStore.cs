using System.Buffers;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Storage;

/// <summary>An object as a listing shows it.</summary>
/// <param name="Name">Its whole name, parts separated by <c>/</c>.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct ObjectInfo(string Name, long Length);

/// <summary>
/// Where immutable objects are kept: a directory, S3, or memory. Behaviour (retry, throttle, queue, cache) is added by wrapping.
/// Every implementation passes the one conformance suite. All members are safe to call from many threads.
/// </summary>
/// <remarks>
/// Names are 1 to 255 bytes of <c>[a-z0-9._-]</c> components separated by <c>/</c>; no component is empty, <c>.</c> or <c>..</c>.
/// Failures are <see cref="StingException"/>: <c>NameNotAllowed</c>, <c>ObjectNotFound</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>,
/// <c>StoreAccessDenied</c>, and <c>StoreFailed</c> for whatever else a disk or server can do. After a barrier that failed, what it was
/// asked to store may or may not be there; objects that the store refused are discarded, the others stay staged.
/// </remarks>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>Where it is, for messages: a path or URL without credentials.</summary>
    string Location { get; }

    /// <summary>What it can do beside where its objects may lie in storage classes for archives; null where everything can be read at once.</summary>
    IThawingStore? Thawing => null;

    /// <summary>What it can do beside where it locks what it stores; null where it does not.</summary>
    ILockingStore? Locking => null;

    /// <summary>Whether its server guards what it holds by checksums, so that what it shows is what was stored; a disk alone does not.</summary>
    bool GuardsContent => false;

    /// <summary>The parity that is kept beside its packs; null where a store keeps none.</summary>
    IParityStore? Parity => null;

    /// <summary>Creates an object, durable and visible on return. False when the name exists: nothing is changed then.</summary>
    ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel);

    /// <summary>
    /// Hands over an object that need not be durable or visible before the next <see cref="BarrierAsync"/>.
    /// A name that exists by then is left as it is (content-addressed names make that a success). The content may be reused on return.
    /// </summary>
    ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel);

    /// <summary>Makes everything staged before this call durable and visible: one barrier for many objects.</summary>
    ValueTask BarrierAsync(CancellationToken cancel);

    /// <summary>Reads up to <paramref name="buffer"/>.Length bytes from <paramref name="offset"/>; fewer only at the object's end.</summary>
    ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel);

    /// <summary>The object's length, or null when it does not exist.</summary>
    ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel);

    /// <summary>Objects whose name starts with <paramref name="prefix"/>, in ordinal order of their names; never staged ones.</summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>The same, of names behind one alone. A store that is far away asks for no others.</summary>
    IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => ListAsync(prefix, cancel).Where(item => string.CompareOrdinal(item.Name, after) > 0);

    /// <summary>
    /// Tells which objects will be read as a whole, about in this order. A store that is far away fetches one ahead from its first read on, and so many more behind it; others need not do anything.
    /// What is told later stands in the place of what was told before.
    /// </summary>
    void Expect(IReadOnlyList<ObjectInfo> objects, int ahead)
    {
    }

    /// <summary>Deletes an object durably; false when it was not there.</summary>
    ValueTask<bool> DeleteAsync(string name, CancellationToken cancel);
}

/// <summary>Short ways to call a store.</summary>
public static class ObjectStoreExtensions
{
    private const int ShortObject = 32 << 10;

    /// <summary>Reads a whole object.</summary>
    /// <exception cref="StingException"><c>ObjectNotFound</c></exception>
    public static async ValueTask<byte[]> ReadAllAsync(this IObjectStore store, string name, CancellationToken cancel)
    {
        if (!ObjectName.IsPack(name) && await ReadShortAsync(store, name, cancel).ConfigureAwait(false) is { } all)
        {
            return all;
        }
        var length = await store.GetLengthAsync(name, cancel).ConfigureAwait(false) ?? throw NotFound(store, name);
        if (length > Array.MaxLength)
        {
            throw Failures.Damaged(name, $"it has {length} bytes, more than any object may");
        }
        var bytes = new byte[length];
        var read = await store.ReadAsync(name, 0, bytes, cancel).ConfigureAwait(false);
        return read == bytes.Length ? bytes : throw Failures.Damaged(name, $"{read} of {bytes.Length} bytes could be read");
    }

    /// <summary>The object when it is short: one request, without a look at its length before.</summary>
    private static async ValueTask<byte[]?> ReadShortAsync(IObjectStore store, string name, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ShortObject);
        try
        {
            var got = await store.ReadAsync(name, 0, buffer.AsMemory(0, ShortObject), cancel).ConfigureAwait(false);
            return got < ShortObject ? buffer[..got] : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The error for a name that is not in the store.</summary>
    public static StingException NotFound(this IObjectStore store, string name) =>
        new("ObjectNotFound", FailureKind.NotFound, $"Object '{name}' is not in {store.Location}.", name,
            "Run Test-StingBackupIntegrity -Level Structure to see what misses it.");
}
