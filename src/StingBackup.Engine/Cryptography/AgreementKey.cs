using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// A P-256 private key for key agreement: a subject's, the key vault's (KEK), or a host's encryption key.
/// Safe to use from many threads. Zeroed when disposed.
/// </summary>
public sealed class AgreementKey : IDisposable
{
    private readonly ECDiffieHellman _key;
    private readonly SecretBytes _scalar;
    private readonly byte[] _publicKey;
    private readonly Lock _lock = new();

    private AgreementKey(ECDiffieHellman key, SecretBytes scalar, byte[] publicKey)
    {
        _key = key;
        _scalar = scalar;
        _publicKey = publicKey;
    }

    /// <summary>The public half, uncompressed SEC 1, 65 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>The private scalar, 32 bytes, for whoever seals it at once.</summary>
    internal ReadOnlySpan<byte> Scalar => _scalar.Span;

    /// <summary>Makes a new key from the platform's random source.</summary>
    public static AgreementKey Generate()
    {
        var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var parameters = key.ExportParameters(includePrivateParameters: true);
        return new AgreementKey(key, P256.TakeScalar(parameters), P256.PublicBytes(parameters));
    }

    /// <summary>Takes a private scalar; the caller still owns, and zeroes, what it passed.</summary>
    /// <exception cref="CryptographicException">Not 32 bytes within 1 … order - 1.</exception>
    public static AgreementKey FromScalar(ReadOnlySpan<byte> scalar)
    {
        if (!P256.IsScalar(scalar))
        {
            throw new CryptographicException("Not a P-256 private key.");
        }
        var secret = SecretBytes.CopyOf(scalar);
        var key = ECDiffieHellman.Create(P256.PrivateParameters(secret));
        return new AgreementKey(key, secret, P256.PublicBytes(key.ExportParameters(includePrivateParameters: false)));
    }

    /// <summary>Diffie-Hellman with a public key from outside; the x coordinate, 32 bytes.</summary>
    /// <exception cref="CryptographicException">The public key is no point of the curve.</exception>
    internal void Agree(ReadOnlySpan<byte> peerPublicKey, Span<byte> shared)
    {
        using var peer = ECDiffieHellman.Create(P256.PublicParameters(peerPublicKey));
        using var peerPublic = peer.PublicKey;
        byte[] secret;
        lock (_lock)
        {
            secret = _key.DeriveRawSecretAgreement(peerPublic);
        }
        secret.CopyTo(shared);
        CryptographicOperations.ZeroMemory(secret);
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _scalar.Dispose();
    }

    /// <summary>Says which key it is by its public half, never the private one.</summary>
    public override string ToString() => $"P-256 agreement key {Fingerprint.Of(_publicKey)}";
}
