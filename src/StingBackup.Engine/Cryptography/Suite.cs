namespace StingBackup.Engine.Cryptography;

/// <summary>
/// The numbers of cipher suites. One stands in every segment, claim, key record and key file, so that another can follow
/// without a second format: archives outlive today's curves.
/// </summary>
public static class Suite
{
    /// <summary>
    /// HPKE base mode 0x0010/0x0001/0x0002 (P-256, HKDF-SHA256, AES-256-GCM), AES-256-GCM segments, HMAC-SHA256 ids,
    /// ECDSA P-256/SHA-256 signatures.
    /// </summary>
    public const ushort P256 = 1;

    /// <summary><see cref="P256"/> with ML-KEM-768 beside the curve wherever HPKE seals to a subject or to the KEK: see <see cref="KemSuite.Hybrid"/>.</summary>
    public const ushort P256MlKem768 = 2;

    /// <summary>Refuses a suite other than the first, in what has no other.</summary>
    /// <exception cref="StingException"><c>SuiteUnknown</c></exception>
    public static void Check(ulong suite, string name)
    {
        if (suite != P256)
        {
            throw Unknown(suite, name, "suite 1 there");
        }
    }

    /// <summary>The error for a suite that this program does not know.</summary>
    internal static StingException Unknown(ulong suite, string name, string known) => new("SuiteUnknown", FailureKind.NotSupported,
        $"'{name}' uses cipher suite {suite}; this program knows {known}.", name, "Use the version of StingBackup that wrote it, or a later one.");
}
