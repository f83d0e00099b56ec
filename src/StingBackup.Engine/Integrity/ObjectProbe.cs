using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>Reads objects for a check: what cannot be read is a fault by name, and the check goes on.</summary>
internal sealed class ObjectProbe(IObjectStore store, FaultBook book)
{
    private long _bytesRead;

    public IObjectStore Store => store;

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Counts bytes that were read elsewhere.</summary>
    public void AddRead(long bytes) => Interlocked.Add(ref _bytesRead, bytes);

    /// <summary>Reads a whole object and looks at it. False, and a fault, when it cannot be read or the look finds it damaged.</summary>
    public ValueTask<bool> CheckAsync(string name, Action<byte[]> look, CancellationToken cancel) => CheckAsync(name, look, mayVanish: false, cancel);

    /// <summary>The same; with <paramref name="mayVanish"/> an object that is gone since it was listed is no fault: a sweep beside may take it.</summary>
    public async ValueTask<bool> CheckAsync(string name, Action<byte[]> look, bool mayVanish, CancellationToken cancel)
    {
        try
        {
            var bytes = await store.ReadAllAsync(name, cancel).ConfigureAwait(false);
            AddRead(bytes.Length);
            look(bytes);
            return true;
        }
        catch (StingException e) when (mayVanish && e.ErrorId == "ObjectNotFound")
        {
            return false;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            book.Add(name, e);
            return false;
        }
    }
}
