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

    /// <summary>Reserved: <see cref="P256"/> with ML-KEM-768 beside the curve. Format 1 neither writes nor reads it.</summary>
    public const ushort P256MlKem768 = 2;

    /// <summary>Refuses a suite that this program does not know.</summary>
    /// <exception cref="StingException"><c>SuiteUnknown</c></exception>
    public static void Check(ulong suite, string name)
    {
        if (suite != P256)
        {
            throw new StingException("SuiteUnknown", FailureKind.NotSupported,
                $"'{name}' uses cipher suite {suite}; this program knows suite {P256}.", name,
                "Use the version of StingBackup that wrote it, or a later one.");
        }
    }
}
