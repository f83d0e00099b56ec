using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Bench.Scale.Simulation;

/// <summary>What was asked of a store, as a bucket would count it.</summary>
/// <param name="Puts">Objects written.</param>
/// <param name="Gets">Objects read, and looks at one.</param>
/// <param name="Lists">Pages of listings.</param>
/// <param name="BytesPut">Bytes written.</param>
/// <param name="BytesGot">Bytes read.</param>
internal readonly record struct Requests(double Puts, double Gets, double Lists, double BytesPut, double BytesGot)
{
    public static Requests operator +(Requests a, Requests b) => new(a.Puts + b.Puts, a.Gets + b.Gets, a.Lists + b.Lists, a.BytesPut + b.BytesPut, a.BytesGot + b.BytesGot);

    public static Requests operator *(Requests a, double times) => new(a.Puts * times, a.Gets * times, a.Lists * times, a.BytesPut * times, a.BytesGot * times);
}

/// <summary>Counts what is asked of a store.</summary>
internal sealed class CountingStore(IObjectStore inner) : IObjectStore
{
    private long _puts, _gets, _lists, _bytesPut, _bytesGot;

    public string Location => inner.Location;

    /// <summary>What was asked since the last look.</summary>
    public Requests Take() => new(Interlocked.Exchange(ref _puts, 0), Interlocked.Exchange(ref _gets, 0), Interlocked.Exchange(ref _lists, 0), Interlocked.Exchange(ref _bytesPut, 0), Interlocked.Exchange(ref _bytesGot, 0));

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Count(ref _puts, ref _bytesPut, content.Length);
        return inner.PutAsync(name, content, cancel);
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Count(ref _puts, ref _bytesPut, content.Length);
        return inner.StageAsync(name, content, cancel);
    }

    public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);

    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var read = await inner.ReadAsync(name, offset, buffer, cancel).ConfigureAwait(false);
        Count(ref _gets, ref _bytesGot, read);
        return read;
    }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        Count(ref _gets, ref _bytesGot, 0);
        return inner.GetLengthAsync(name, cancel);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => CountAsync(inner.ListAsync(prefix, cancel), cancel);

    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => CountAsync(inner.ListAfterAsync(prefix, after, cancel), cancel);

    private async IAsyncEnumerable<ObjectInfo> CountAsync(IAsyncEnumerable<ObjectInfo> listing, [EnumeratorCancellation] CancellationToken cancel)
    {
        var items = 0;
        Interlocked.Increment(ref _lists);
        await foreach (var item in listing.WithCancellation(cancel).ConfigureAwait(false))
        {
            if (items++ == Limits.ListPage)
            {
                (items, _) = (1, Interlocked.Increment(ref _lists));
            }
            yield return item;
        }
    }

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static void Count(ref long requests, ref long bytes, long length)
    {
        Interlocked.Increment(ref requests);
        Interlocked.Add(ref bytes, length);
    }
}
