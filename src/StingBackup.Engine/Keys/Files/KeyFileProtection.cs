namespace StingBackup.Engine.Keys;

/// <summary>What it takes to open the file of private keys.</summary>
public enum KeyFileProtection
{
    /// <summary>Nothing but the file.</summary>
    Open,
    /// <summary>A passphrase.</summary>
    Passphrase,
    /// <summary>A key vault that unwraps its file key.</summary>
    KeyVault,
}
