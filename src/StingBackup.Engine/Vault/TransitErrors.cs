namespace StingBackup.Engine.Vault;

/// <summary>What the transit engine refuses, by the words of its sources (path_encrypt.go, path_decrypt.go, keysutil/policy.go), with what a person can do.</summary>
internal static class TransitErrors
{
    private const string TooOld = "disallowed by policy (too old)";

    /// <summary>The key is not there.</summary>
    public static StingException KeyMissing(Uri address, string mount, string key) => new("VaultKeyMissing", FailureKind.NotFound,
        $"Vault at {VaultErrors.Show(address)} has no transit key '{key}' at '{mount}'.", $"{mount}/keys/{key}",
        $"Check mount, namespace and name. A new key: vault write -f {mount}/keys/{key} type=aes256-gcm96. A key that was deleted comes back only with a backup of Vault's storage; what it alone encrypted is lost without one.");

    /// <summary>The key is of no use here.</summary>
    public static StingException KeyUnfit(Uri address, string mount, string key, string why) => new("VaultKeyUnfit", FailureKind.InvalidConfiguration,
        $"Transit key '{key}' at '{mount}' of Vault at {VaultErrors.Show(address)} cannot wrap the key file: {why}.", $"{mount}/keys/{key}",
        $"Make another and name it in key_vault.key: vault write -f {mount}/keys/<name> type=aes256-gcm96.");

    /// <summary>The version that made a ciphertext no longer decrypts.</summary>
    public static StingException VersionTooOld(Uri address, string mount, string key, long version) => new("VaultKeyVersionTooOld", FailureKind.Refused,
        FormattableString.Invariant($"Vault at {VaultErrors.Show(address)} no longer decrypts with version {version} of transit key '{key}': it is below the key's min_decryption_version."), $"{mount}/keys/{key}",
        FormattableString.Invariant($"Lower it (vault write {mount}/keys/{key}/config min_decryption_version={version}), rewrap the key file to the newest version, then raise it again. A version that was trimmed away does not come back."));

    /// <summary>The engine does not take a ciphertext as one of this key.</summary>
    public static StingException CiphertextInvalid(Uri address, string mount, string key, string said) => new("VaultCiphertextInvalid", FailureKind.Integrity,
        $"Vault at {VaultErrors.Show(address)} does not open the ciphertext with transit key '{key}': {said}.", $"{mount}/keys/{key}",
        "The ciphertext was changed, or the key is another one of the same name (deleted and made anew, or of another Vault). Put back the copy of the file that holds it, or name the Vault that has the key.");

    /// <summary>The error for what the engine says of a request or of one item of a batch.</summary>
    /// <param name="transit">The engine.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="status">Its status.</param>
    /// <param name="said">What the server said; it never repeats a plaintext.</param>
    /// <param name="about">The key, and the ciphertext it is about, if any.</param>
    public static StingException Of(VaultTransit transit, VaultRequest request, int status, string said, (string Key, string? Ciphertext) about)
    {
        var address = transit.Client.Address;
        if (said.Contains(TooOld, StringComparison.Ordinal))
        {
            return VersionTooOld(address, transit.Mount, about.Key, VaultTransit.VersionOf(about.Ciphertext) ?? 0);
        }
        if (said.Contains("encryption key not found", StringComparison.Ordinal) || said.Contains("no existing key named", StringComparison.Ordinal) || said == "key not found")
        {
            return KeyMissing(address, transit.Mount, about.Key);
        }
        return said.Contains("invalid ciphertext", StringComparison.Ordinal) || said.Contains("message authentication failed", StringComparison.Ordinal)
            ? CiphertextInvalid(address, transit.Mount, about.Key, said)
            : VaultErrors.Refused(address, request.ToString(), status, said);
    }
}
