using StingBackup.Engine.Cryptography;
namespace StingBackup.Engine.Keys;

/// <summary>
/// A subject's keys minted ahead, for a host to claim: a random pseudonym, a signed public key, a writer secret. Its private half is on every replica of the
/// key store before a host gets it.
/// </summary>
/// <param name="Key">Pseudonym, generation, public key and the key role's signature.</param>
/// <param name="WriterSecret">32 bytes; the host that claims the spare seals it to every enrolled host.</param>
internal sealed record Spare(SubjectPublicKey Key, SecretBytes WriterSecret) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => WriterSecret.Dispose();
}

/// <summary>How many spares a host has left.</summary>
/// <param name="Left">Spares that can still be claimed.</param>
/// <param name="Target">How many a top-up fills up to.</param>
/// <param name="TopsUpItself">True when the key file has no passphrase: this host mints for itself.</param>
public sealed record SpareState(int Left, int Target, bool TopsUpItself)
{
    /// <summary>True below a fifth of the target: time to mint more, and a warning where that needs a person.</summary>
    public bool IsLow => Left < Target / 5;
}
