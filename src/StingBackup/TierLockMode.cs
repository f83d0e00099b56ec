namespace StingBackup;

/// <summary>How a tier's objects are kept from being deleted.</summary>
public enum TierLockMode
{
    /// <summary>They are not: whoever has the bucket's credentials can delete them.</summary>
    None,
    /// <summary>Until their time is over nobody deletes them but who holds the bucket's right to bypass governance.</summary>
    Governance,
    /// <summary>Until their time is over nobody deletes them, the owner of the account included.</summary>
    Compliance,
}
