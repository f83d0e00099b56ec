namespace StingBackup;

/// <summary>What key pairs are made of.</summary>
public enum KeySuite
{
    /// <summary>The curve P-256.</summary>
    P256,
    /// <summary>P-256 and ML-KEM-768 together: whoever breaks one of the two has nothing.</summary>
    Hybrid,
}
