namespace StingBackup.Engine.Storage;

/// <summary>
/// What a store can do beside <see cref="IObjectStore"/> that keeps parity beside its packs. Reached by <see cref="IObjectStore.Parity"/>, so that decorators can stand between.
/// </summary>
public interface IParityStore
{
    /// <summary>Parity in percent of a pack; 0 for none.</summary>
    int Percent { get; }

    /// <summary>Bytes that are stored beside an object of some length.</summary>
    long Beside(string name, long length);

    /// <summary>What a damaged pack was, as its name proves; null where it is gone or has no parity.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>: more is lost than the parity gives, or the parity itself.</exception>
    ValueTask<byte[]?> RecoverAsync(string pack, CancellationToken cancel);

    /// <summary>Puts a proved pack in the place of a damaged one. There is no moment without either.</summary>
    ValueTask ReplaceAsync(string pack, ReadOnlyMemory<byte> content, CancellationToken cancel);
}
