using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Cryptography;

/// <summary>A store whose puts and barriers can fail before or after they took effect, or find that another was first.</summary>
public sealed class FaultyStore(MemoryObjectStore inner) : IObjectStore
{
    public enum Fault
    {
        None,
        Before,
        After,
        /// <summary>Takes effect and answers "exists": a store that retried its own first try.</summary>
        AnswersExists,
    }

    public Fault Next { get; set; }
    /// <summary>Called before a put or barrier: another host acts.</summary>
    public Func<ValueTask>? Meanwhile { get; set; }

    public string Location => inner.Location;

    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await MeanwhileAsync();
        Throw(Fault.Before);
        var created = await inner.PutAsync(name, content, cancel);
        Throw(Fault.After);
        return created && Next != Fault.AnswersExists;
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);

    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        await MeanwhileAsync();
        Throw(Fault.Before);
        await inner.BarrierAsync(cancel);
        Throw(Fault.After);
    }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask MeanwhileAsync()
    {
        if (Meanwhile is { } act)
        {
            Meanwhile = null;
            await act();
        }
    }

    private void Throw(Fault when)
    {
        if (Next == when)
        {
            throw new StingException("StoreUnavailable", FailureKind.Io, "the store is gone (test)", Location, "None.");
        }
    }
}
