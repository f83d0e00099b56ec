using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>An identity's signing key: ECDSA P-256 with SHA-256, signatures r‖s (IEEE P1363). Safe to use from many threads.</summary>
public sealed class EcdsaSigner : ISigner, IDisposable
{
    private readonly ECDsa _key;
    private readonly SecretBytes _scalar;
    private readonly byte[] _publicKey;
    private readonly Lock _lock = new();

    private EcdsaSigner(ECDsa key, SecretBytes scalar, byte[] publicKey)
    {
        _key = key;
        _scalar = scalar;
        _publicKey = publicKey;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>The private scalar, 32 bytes, for whoever stores it at once.</summary>
    internal ReadOnlySpan<byte> Scalar => _scalar.Span;

    /// <summary>Makes a new key from the platform's random source.</summary>
    public static EcdsaSigner Generate()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = key.ExportParameters(includePrivateParameters: true);
        return new EcdsaSigner(key, P256.TakeScalar(parameters), P256.PublicBytes(parameters));
    }

    /// <summary>Takes a private scalar; the caller still owns, and zeroes, what it passed.</summary>
    /// <exception cref="CryptographicException">Not 32 bytes within 1 … order - 1.</exception>
    public static EcdsaSigner FromScalar(ReadOnlySpan<byte> scalar)
    {
        if (!P256.IsScalar(scalar))
        {
            throw new CryptographicException("Not a P-256 private key.");
        }
        var secret = SecretBytes.CopyOf(scalar);
        var key = ECDsa.Create(P256.PrivateParameters(secret));
        return new EcdsaSigner(key, secret, P256.PublicBytes(key.ExportParameters(includePrivateParameters: false)));
    }

    /// <inheritdoc/>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            return _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _scalar.Dispose();
    }

    /// <summary>Says which key it is by its public half, never the private one.</summary>
    public override string ToString() => $"P-256 signing key {Fingerprint.Of(_publicKey)}";
}

/// <summary>Checks one identity's signatures. Safe to use from many threads; keep it where many signatures of one key are checked.</summary>
public sealed class SignatureVerifier : IDisposable
{
    private readonly ECDsa[] _keys;
    private readonly Lock _lock = new();

    /// <summary>Takes a public key, uncompressed SEC 1, 65 bytes; or several of them joined, newest first: of an identity whose key was renewed, what an earlier one signed stays checkable.</summary>
    /// <exception cref="CryptographicException">One is no point of the curve.</exception>
    public SignatureVerifier(ReadOnlySpan<byte> publicKeys)
    {
        _keys = new ECDsa[Math.Max(1, publicKeys.Length / P256.PublicSize)];
        for (var i = 0; i < _keys.Length; i++)
        {
            // The last one takes what is left, so that a wrong length is refused.
            _keys[i] = ECDsa.Create(P256.PublicParameters(i < _keys.Length - 1 ? publicKeys.Slice(i * P256.PublicSize, P256.PublicSize) : publicKeys[(i * P256.PublicSize)..]));
        }
    }

    /// <summary>Whether a 64-byte signature r‖s is this identity's over the data.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != P256.SignatureSize)
        {
            return false;
        }
        lock (_lock)
        {
            foreach (var key in _keys)
            {
                if (key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Checks a single signature; false also when the public key is no point of the curve. What was checked once in this process is not computed again.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != P256.SignatureSize)
        {
            return false;
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, hash);
        return VerifiedSignatures.Check(publicKey, hash, signature, VerifyHash);
    }

    private static bool VerifyHash(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var verifier = new SignatureVerifier(publicKey);
            foreach (var key in verifier._keys)
            {
                if (key.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
                {
                    return true;
                }
            }
            return false;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }
}
