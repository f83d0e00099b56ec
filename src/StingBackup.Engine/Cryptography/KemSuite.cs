using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// What depends on the suite of a key pair: the KEM of HPKE, and how long keys and sealed messages are. Everything else (HKDF-SHA256, AES-256-GCM, HMAC, signatures) is
/// the same in every suite, and so is the length of a private key. A public key tells its suite by its length; whoever signs it signs that with it.
/// </summary>
public sealed record KemSuite
{
    /// <summary>Length of a private key as it is stored: the scalar, or the seed of the hybrid key pair.</summary>
    public const int PrivateSize = 32;

    /// <summary>DHKEM(P-256, HKDF-SHA256), KEM 0x0010.</summary>
    public static KemSuite P256 { get; } = new(Suite.P256, "P-256", 0x0010, Cryptography.P256.PublicSize, Cryptography.P256.PublicSize);

    /// <summary>MLKEM768-P256, KEM 0x0050: whoever breaks one of the two, the curve or the lattice, has nothing.</summary>
    public static KemSuite Hybrid { get; } = new(Suite.P256MlKem768, "P-256 + ML-KEM-768", HybridKem.Id, HybridKem.PublicSize, HybridKem.EncapsulatedSize);

    private static readonly KemSuite[] All = [P256, Hybrid];   // behind the two: initializers run in this order

    private KemSuite(ushort number, string name, ushort kemId, int publicSize, int encapsulatedSize)
    {
        Number = number;
        Name = name;
        KemId = kemId;
        PublicSize = publicSize;
        EncapsulatedSize = encapsulatedSize;
    }

    /// <summary>As it stands in files and objects: one of <see cref="Suite"/>.</summary>
    public ushort Number { get; }
    /// <summary>For people.</summary>
    public string Name { get; }
    /// <summary>The KEM's number in HPKE.</summary>
    public ushort KemId { get; }
    /// <summary>Length of a public key.</summary>
    public int PublicSize { get; }
    /// <summary>Length of an encapsulated key, which a sealed message starts with.</summary>
    public int EncapsulatedSize { get; }
    /// <summary>By how much a sealed message is longer than its plaintext.</summary>
    public int Overhead => EncapsulatedSize + Hpke.TagSize;

    /// <summary>The suite of a number.</summary>
    /// <exception cref="StingException"><c>SuiteUnknown</c></exception>
    public static KemSuite Of(ulong number, string name) => Find(number) ?? throw Suite.Unknown(number, name, "suites 1 and 2");

    /// <summary>The suite of a number, or null.</summary>
    public static KemSuite? Find(ulong number) => Array.Find(All, suite => suite.Number == number);

    /// <summary>The suite of a public key, by its length.</summary>
    /// <exception cref="CryptographicException">No suite has keys of this length.</exception>
    public static KemSuite OfPublicKey(ReadOnlySpan<byte> publicKey)
    {
        foreach (var suite in All)
        {
            if (suite.PublicSize == publicKey.Length)
            {
                return suite;
            }
        }
        throw new CryptographicException($"No suite has public keys of {publicKey.Length} bytes.");
    }

    /// <summary>True when the bytes are a public key of one of the suites: a point of the curve, and an encapsulation key as FIPS 203 wants it.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey) => publicKey.Length switch
    {
        Cryptography.P256.PublicSize => Cryptography.P256.IsPublicKey(publicKey),
        HybridKem.PublicSize => HybridKem.IsPublicKey(publicKey),
        _ => false,
    };

    /// <summary>Says which it is.</summary>
    public override string ToString() => Name;
}
