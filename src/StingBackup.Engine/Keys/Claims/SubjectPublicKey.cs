using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>A subject's public key with the key role's signature: enough to write for it, and proof that a private half is kept.</summary>
/// <param name="Pseudonym">The subject's random name in the repository.</param>
/// <param name="Generation">From 1.</param>
/// <param name="PublicKey">Of whichever suite; its length tells.</param>
/// <param name="Signature">The key role's, 64 bytes, over "sting1 pub" ‖ reserve id ‖ pseudonym ‖ generation u32 ‖ public key.</param>
public sealed record SubjectPublicKey(Id16 Pseudonym, uint Generation, byte[] PublicKey, byte[] Signature)
{
    /// <summary>Suite of the key pair.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">No suite has public keys of this length.</exception>
    public KemSuite Suite => KemSuite.OfPublicKey(PublicKey);

    /// <summary>Signs a public key as the key role.</summary>
    public static SubjectPublicKey Sign(ISigner keyRole, Id16 reserveId, Id16 pseudonym, uint generation, byte[] publicKey)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        return new(pseudonym, generation, publicKey, keyRole.Sign(Statement(reserveId, pseudonym, generation, publicKey)));
    }

    /// <summary>Whether the key role signed it for this reserve, and the key is one of its suite.</summary>
    public bool IsSignedBy(SignatureVerifier keyRole, Id16 reserveId)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        return keyRole.Verify(Statement(reserveId, Pseudonym, Generation, PublicKey), Signature) && KemSuite.IsPublicKey(PublicKey);
    }

    private static byte[] Statement(Id16 reserveId, Id16 pseudonym, uint generation, byte[] publicKey)
    {
        Span<byte> binding = stackalloc byte[BoundInfo.MaxSize];
        var length = BoundInfo.Write(binding, BoundInfo.PublicKey, reserveId, pseudonym, generation);
        return [.. binding[..length], .. publicKey];
    }
}
