namespace StingBackup.Engine.Storage;

/// <summary>A store that can put a proved object in the place of a damaged one in one step: there is no moment without either. For what only the damaged one and its parity still give.</summary>
internal interface IReplacingStore : IObjectStore
{
    /// <summary>Puts an object, durable on return, in the place of what has its name.</summary>
    ValueTask ReplaceAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel);
}
