namespace StingBackup.Engine.Cryptography;

/// <summary>
/// A key vault that wraps small secrets under a key that never leaves it. What is wrapped is bound to what it is for: it unwraps for nothing else. Each operation may ask
/// another machine; a failure is a <see cref="StingException"/> that names vault, key and remedy. Disposing it lets go of the connection.
/// </summary>
/// <remarks>The passphrase of a key file is no wrapper: it has no versions, and what it seals it seals in the file itself.</remarks>
public interface IKeyWrapper : IDisposable
{
    /// <summary>The key that wraps.</summary>
    KeyWrapperName Name { get; }

    /// <summary>Wraps a secret with the newest version of the key.</summary>
    ValueTask<WrappedSecret> WrapAsync(SecretBytes secret, ReadOnlyMemory<byte> binding, CancellationToken cancel);

    /// <summary>Unwraps; the caller disposes what comes.</summary>
    ValueTask<SecretBytes> UnwrapAsync(string wrapped, ReadOnlyMemory<byte> binding, CancellationToken cancel);

    /// <summary>Wraps the same secret with the newest version, without it being seen here. What it is bound to stays.</summary>
    ValueTask<WrappedSecret> RewrapAsync(string wrapped, CancellationToken cancel);

    /// <summary>Makes a new version of the key, which wraps from now on; older ones still unwrap.</summary>
    ValueTask RotateAsync(CancellationToken cancel);

    /// <summary>How the key is.</summary>
    ValueTask<KeyWrapperState> DescribeAsync(CancellationToken cancel);

    /// <summary>The version of the key that wrapped something, or null when that is not known here.</summary>
    long? VersionOf(string wrapped);
}

/// <summary>A key of a key vault, as key files name it.</summary>
/// <param name="Mount">The vault's engine.</param>
/// <param name="Key">The key.</param>
public sealed record KeyWrapperName(string Mount, string Key)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Mount}/{Key}";
}

/// <summary>A wrapped secret.</summary>
/// <param name="Text">As the vault gives it.</param>
/// <param name="KeyVersion">The version of the key.</param>
public sealed record WrappedSecret(string Text, long KeyVersion);

/// <summary>How a wrapping key is.</summary>
/// <param name="Location">Vault and key, for people.</param>
/// <param name="LatestVersion">The version that wraps.</param>
/// <param name="OldestVersion">The oldest version that still unwraps.</param>
/// <param name="Weaknesses">What is weaker than it should be, for people.</param>
public sealed record KeyWrapperState(string Location, long LatestVersion, long OldestVersion, IReadOnlyList<string> Weaknesses);
