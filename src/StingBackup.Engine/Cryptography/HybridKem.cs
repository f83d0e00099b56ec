using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// MLKEM768-P256 of draft-ietf-hpke-pq and draft-irtf-cfrg-concrete-hybrid-kems, KEM 0x0050. A private key is a seed of 32 bytes: SHAKE256 makes of it the seed of an
/// ML-KEM-768 key (64) and candidates for a P-256 scalar (4 of 32, the first that is one). Public key = ML-KEM's 1184 ‖ point 65; encapsulated key = ML-KEM's 1088 ‖ point 65;
/// shared secret = SHA3-256(ML-KEM's secret ‖ x of the curve's ‖ the encapsulated point ‖ the public key's point ‖ "MLKEM768-P256").
/// ML-KEM and the hashes are BouncyCastle's: the platform's need OpenSSL 3.5, or a late Windows.
/// </summary>
internal static class HybridKem
{
    public const ushort Id = 0x0050;
    public const int PublicSize = LatticePublicSize + P256.PublicSize;
    public const int EncapsulatedSize = LatticeCiphertextSize + P256.PublicSize;
    public const int RandomSize = 32;

    private const int LatticePublicSize = 1184;
    private const int LatticeCiphertextSize = 1088;
    private const int LatticeSeedSize = 64;
    private const int LatticeSecretSize = 32;
    private const int ScalarCandidates = 4;

    private static readonly MLKemParameters Parameters = MLKemParameters.ml_kem_768;

    private static ReadOnlySpan<byte> Label => "MLKEM768-P256"u8;

    /// <summary>Both private keys of a seed, and the public key of both.</summary>
    public static (MLKemPrivateKeyParameters Lattice, SecretBytes Scalar) Expand(ReadOnlySpan<byte> seed)
    {
        using var full = new SecretBytes(LatticeSeedSize + (ScalarCandidates * P256.PrivateSize));
        var shake = new ShakeDigest(256);
        shake.BlockUpdate(seed);
        shake.OutputFinal(full.Writable);
        for (var candidates = full.Span[LatticeSeedSize..]; candidates.Length > 0; candidates = candidates[P256.PrivateSize..])
        {
            if (P256.IsScalar(candidates[..P256.PrivateSize]))
            {
                var latticeSeed = full.Span[..LatticeSeedSize].ToArray();
                var lattice = MLKemPrivateKeyParameters.FromSeed(Parameters, latticeSeed);
                CryptographicOperations.ZeroMemory(latticeSeed);
                return (lattice, SecretBytes.CopyOf(candidates[..P256.PrivateSize]));
            }
        }
        throw new CryptographicException("No P-256 key can be derived from this seed.");
    }

    /// <summary>The public key of both halves.</summary>
    public static byte[] PublicKey(MLKemPrivateKeyParameters lattice, ReadOnlySpan<byte> point) => [.. lattice.GetPublicKeyEncoded(), .. point];

    /// <summary>True when the bytes are a public key: coefficients below the modulus, and a point of the curve.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey)
    {
        try
        {
            Lattice(publicKey);
            return P256.IsPublicKey(publicKey[LatticePublicSize..]);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Encapsulates: writes the encapsulated key and the shared secret.</summary>
    /// <param name="ephemeral">A fresh key of the curve.</param>
    /// <param name="recipient">The public key.</param>
    /// <param name="random">32 fresh random bytes.</param>
    /// <param name="encapsulated">Room for <see cref="EncapsulatedSize"/> bytes.</param>
    /// <param name="shared">Room for 32 bytes.</param>
    /// <exception cref="CryptographicException">It is no public key.</exception>
    public static void Encapsulate(AgreementKey ephemeral, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> random, Span<byte> encapsulated, Span<byte> shared)
    {
        Span<byte> lattice = stackalloc byte[LatticeSecretSize];
        Span<byte> agreed = stackalloc byte[P256.PrivateSize];
        var encapsulator = new MLKemEncapsulator(Parameters);
        encapsulator.Init(new ParametersWithRandom(Lattice(recipient), new SecureRandom(new GivenRandom(random))));
        encapsulator.Encapsulate(encapsulated[..LatticeCiphertextSize], lattice);
        ephemeral.PublicKey.Span.CopyTo(encapsulated[LatticeCiphertextSize..]);
        ephemeral.Agree(recipient[LatticePublicSize..], agreed);
        Combine(lattice, agreed, ephemeral.PublicKey.Span, recipient[LatticePublicSize..], shared);
    }

    /// <summary>Decapsulates. A ciphertext of ML-KEM that was changed gives another secret, not a failure: what it opens fails.</summary>
    /// <exception cref="CryptographicException">The encapsulated point is none of the curve.</exception>
    public static void Decapsulate(ReadOnlySpan<byte> encapsulated, AgreementKey recipient, Span<byte> shared)
    {
        Span<byte> lattice = stackalloc byte[LatticeSecretSize];
        Span<byte> agreed = stackalloc byte[P256.PrivateSize];
        var decapsulator = new MLKemDecapsulator(Parameters);
        decapsulator.Init(recipient.Lattice);
        decapsulator.Decapsulate(encapsulated[..LatticeCiphertextSize], lattice);
        recipient.Agree(encapsulated[LatticeCiphertextSize..], agreed);
        Combine(lattice, agreed, encapsulated[LatticeCiphertextSize..], recipient.PublicKey.Span[LatticePublicSize..], shared);
    }

    private static MLKemPublicKeyParameters Lattice(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != PublicSize)
        {
            throw new CryptographicException("Not a P-256 + ML-KEM-768 public key.");
        }
        try
        {
            return MLKemPublicKeyParameters.FromEncoding(Parameters, publicKey[..LatticePublicSize].ToArray());
        }
        catch (ArgumentException wrong)
        {
            throw new CryptographicException("Not an ML-KEM-768 encapsulation key.", wrong);
        }
    }

    /// <summary>The shared secret of both; zeroes what it is made of.</summary>
    internal static void Combine(Span<byte> lattice, Span<byte> agreed, ReadOnlySpan<byte> encapsulatedPoint, ReadOnlySpan<byte> publicPoint, Span<byte> shared)
    {
        var hash = new Sha3Digest(256);
        hash.BlockUpdate(lattice);
        hash.BlockUpdate(agreed);
        hash.BlockUpdate(encapsulatedPoint);
        hash.BlockUpdate(publicPoint);
        hash.BlockUpdate(Label);
        hash.DoFinal(shared);
        CryptographicOperations.ZeroMemory(lattice);
        CryptographicOperations.ZeroMemory(agreed);
    }

    /// <summary>Hands BouncyCastle the random bytes that it takes, all at once and once only.</summary>
    private sealed class GivenRandom(ReadOnlySpan<byte> bytes) : IRandomGenerator
    {
        private byte[]? _bytes = bytes.ToArray();

        public void NextBytes(Span<byte> target)
        {
            if (_bytes is null || _bytes.Length != target.Length)
            {
                throw new CryptographicException("ML-KEM asked for other randomness than it takes.");
            }
            _bytes.CopyTo(target);
            CryptographicOperations.ZeroMemory(_bytes);
            _bytes = null;
        }

        public void NextBytes(byte[] target) => NextBytes(target.AsSpan());

        public void NextBytes(byte[] target, int start, int length) => NextBytes(target.AsSpan(start, length));

        public void AddSeedMaterial(byte[] seed) => throw new NotSupportedException();

        public void AddSeedMaterial(ReadOnlySpan<byte> seed) => throw new NotSupportedException();

        public void AddSeedMaterial(long seed) => throw new NotSupportedException();
    }
}
