using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>P-256 keys as bytes: public ones uncompressed SEC 1 (04 ‖ x ‖ y), private ones the 32-byte scalar, big endian.</summary>
internal static class P256
{
    public const int PublicSize = 65;
    public const int PrivateSize = 32;
    public const int SignatureSize = 64;

    /// <summary>The order of the group, big endian.</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// <summary>The parameters of a public key. The platform refuses points off the curve when it imports them; tests prove it.</summary>
    /// <exception cref="CryptographicException">Not an uncompressed point.</exception>
    public static ECParameters PublicParameters(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != PublicSize || publicKey[0] != 4)
        {
            throw new CryptographicException("Not an uncompressed P-256 point.");
        }
        return new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = publicKey.Slice(1, 32).ToArray(), Y = publicKey.Slice(33, 32).ToArray() },
        };
    }

    /// <summary>The parameters of a private key; the platform computes the public half.</summary>
    public static ECParameters PrivateParameters(SecretBytes scalar) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = scalar.Array,
    };

    /// <summary>True when a scalar is in 1 … order - 1.</summary>
    public static bool IsScalar(ReadOnlySpan<byte> scalar) =>
        scalar.Length == PrivateSize && scalar.SequenceCompareTo(Order) < 0 && scalar.IndexOfAnyExcept((byte)0) >= 0;

    /// <summary>True when the bytes are a point of the curve.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey)
    {
        try
        {
            using var key = ECDiffieHellman.Create(PublicParameters(publicKey));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>The public key of imported or generated parameters, 65 bytes.</summary>
    public static byte[] PublicBytes(ECParameters parameters)
    {
        var bytes = new byte[PublicSize];
        bytes[0] = 4;
        parameters.Q.X.AsSpan().CopyTo(bytes.AsSpan(1));
        parameters.Q.Y.AsSpan().CopyTo(bytes.AsSpan(33));
        return bytes;
    }

    /// <summary>Takes the private scalar out of generated parameters and zeroes the platform's array.</summary>
    public static SecretBytes TakeScalar(ECParameters parameters)
    {
        var scalar = SecretBytes.CopyOf(parameters.D);
        CryptographicOperations.ZeroMemory(parameters.D);
        return scalar;
    }
}
