using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// A private key that HPKE opens with: a subject's, the key vault's (KEK), or a host's encryption key; of P-256, or of P-256 and ML-KEM-768 together.
/// Safe to use from many threads. Zeroed when disposed.
/// </summary>
public sealed class AgreementKey : IDisposable
{
    private readonly ECDiffieHellman _key;
    private readonly SecretBytes _secret;
    private readonly byte[] _publicKey;
    private readonly MLKemPrivateKeyParameters? _lattice;
    private readonly Lock _lock = new();

    private AgreementKey(ECDiffieHellman key, SecretBytes secret, byte[] publicKey, MLKemPrivateKeyParameters? lattice = null)
    {
        _key = key;
        _secret = secret;
        _publicKey = publicKey;
        _lattice = lattice;
    }

    /// <summary>Its suite.</summary>
    public KemSuite Suite => _lattice is null ? KemSuite.P256 : KemSuite.Hybrid;

    /// <summary>The public half: uncompressed SEC 1, 65 bytes; in the hybrid suite ML-KEM's 1184 bytes before it.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>The private key as it is stored, 32 bytes (the scalar, or the seed of both keys), for whoever seals it at once.</summary>
    internal ReadOnlySpan<byte> Secret => _secret.Span;

    /// <summary>ML-KEM's half.</summary>
    /// <exception cref="InvalidOperationException">It is a key of the curve alone.</exception>
    internal MLKemPrivateKeyParameters Lattice => _lattice ?? throw new InvalidOperationException("This key has no ML-KEM half.");

    /// <summary>Makes a new key of a suite from the platform's random source.</summary>
    public static AgreementKey Generate(KemSuite suite)
    {
        ArgumentNullException.ThrowIfNull(suite);
        if (suite == KemSuite.P256)
        {
            return Generate();
        }
        using var seed = new SecretBytes(KemSuite.PrivateSize);
        RandomNumberGenerator.Fill(seed.Writable);
        return FromSeed(seed.Span);
    }

    /// <summary>Takes a private key of a suite as it is stored; the caller still owns, and zeroes, what it passed.</summary>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static AgreementKey From(KemSuite suite, ReadOnlySpan<byte> secret) => suite == KemSuite.P256 ? FromScalar(secret) : FromSeed(secret);

    /// <summary>Makes a new key of P-256 from the platform's random source.</summary>
    public static AgreementKey Generate()
    {
        var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var parameters = key.ExportParameters(includePrivateParameters: true);
        return new AgreementKey(key, P256.TakeScalar(parameters), P256.PublicBytes(parameters));
    }

    /// <summary>Takes a private scalar of P-256; the caller still owns, and zeroes, what it passed.</summary>
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

    /// <summary>Takes the seed of a hybrid key; the caller still owns, and zeroes, what it passed.</summary>
    /// <exception cref="CryptographicException">Not 32 bytes.</exception>
    public static AgreementKey FromSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != KemSuite.PrivateSize)
        {
            throw new CryptographicException("Not the seed of a P-256 + ML-KEM-768 key.");
        }
        var (lattice, scalar) = HybridKem.Expand(seed);
        using (scalar)
        {
            var key = ECDiffieHellman.Create(P256.PrivateParameters(scalar));
            var point = P256.PublicBytes(key.ExportParameters(includePrivateParameters: false));
            return new AgreementKey(key, SecretBytes.CopyOf(seed), HybridKem.PublicKey(lattice, point), lattice);
        }
    }

    /// <summary>The same key again, for another thread.</summary>
    internal AgreementKey Copy() => From(Suite, Secret);

    /// <summary>Diffie-Hellman, on the curve, with a public key from outside; the x coordinate, 32 bytes.</summary>
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
        _secret.Dispose();
    }

    /// <summary>Says which key it is by its public half, never the private one.</summary>
    public override string ToString() => $"{Suite.Name} agreement key {Fingerprint.Of(_publicKey)}";
}
