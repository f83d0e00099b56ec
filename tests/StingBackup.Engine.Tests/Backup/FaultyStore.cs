using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>A store whose calls can be made to fail, by what they do and on what.</summary>
internal sealed class FaultyStore(IObjectStore inner) : IObjectStore
{
    /// <summary>Asked before each call with the verb and the name; throws to make it fail.</summary>
    public Action<string, string> Before { get; set; } = (_, _) => { };

    public string Location => inner.Location;
    public ILockingStore? Locking => inner.Locking;
    public Engine.Storage.Parity.ParityStore? Parity => inner.Parity;

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Before("put", name);
        return inner.PutAsync(name, content, cancel);
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Before("stage", name);
        return inner.StageAsync(name, content, cancel);
    }

    public ValueTask BarrierAsync(CancellationToken cancel)
    {
        Before("barrier", "");
        return inner.BarrierAsync(cancel);
    }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        Before("read", name);
        return inner.ReadAsync(name, offset, buffer, cancel);
    }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        Before("delete", name);
        return inner.DeleteAsync(name, cancel);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
