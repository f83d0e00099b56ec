using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>How puts and barriers fail from now on.</summary>
public enum StoreFault
{
    None,
    Before,
    After,
    /// <summary>Takes effect and answers "exists": a store that retried its own first try.</summary>
    AnswersExists,
}

/// <summary>A store whose calls can be made to fail, by what they do and on what; or whose puts and barriers all fail, before or after they took effect. To let each call of a verb fail in turn there is Faults/SweptStore.</summary>
internal sealed class FaultyStore(IObjectStore inner) : IObjectStore
{
    /// <summary>Asked before each call with the verb and the name; throws to make it fail.</summary>
    public Action<string, string> Before { get; set; } = (_, _) => { };
    public StoreFault Next { get; set; }
    /// <summary>Called once, before a put or barrier: another host acts.</summary>
    public Func<ValueTask>? Meanwhile { get; set; }

    public string Location => inner.Location;
    public ILockingStore? Locking => inner.Locking;
    public IParityStore? Parity => inner.Parity;

    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Before("put", name);
        await BeginAsync();
        var created = await inner.PutAsync(name, content, cancel);
        Throw(StoreFault.After);
        return created && Next != StoreFault.AnswersExists;
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Before("stage", name);
        return inner.StageAsync(name, content, cancel);
    }

    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        Before("barrier", "");
        await BeginAsync();
        await inner.BarrierAsync(cancel);
        Throw(StoreFault.After);
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

    private async ValueTask BeginAsync()
    {
        if (Meanwhile is { } act)
        {
            Meanwhile = null;
            await act();
        }
        Throw(StoreFault.Before);
    }

    private void Throw(StoreFault when)
    {
        if (Next == when && when != StoreFault.None)
        {
            throw new StingException("StoreUnavailable", FailureKind.Io, "the store is gone (test)", Location, "None.");
        }
    }
}
