namespace StingBackup.Engine.Sources.Vault;

/// <summary>Opens what STING sealed in one secret's value.</summary>
/// <param name="keys">The configured master keys.</param>
/// <param name="owner">Whose secret it is; what another's key seals stays as it is.</param>
internal sealed class SealedOpener(MasterKeys keys, string owner)
{
    /// <summary>How many of its strings were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>True when STING sealed it and no configured key opens it.</summary>
    public bool KeyMissing { get; private set; }

    /// <summary>An opener for a secret; null when no keys are configured or it belongs to nobody.</summary>
    public static SealedOpener? Of(MasterKeys? keys, string secret) => keys is not null && VaultPaths.OwnerOf(secret) is { } owner ? new SealedOpener(keys, owner) : null;

    /// <summary>Opens bytes; null when they stay as they are.</summary>
    public SealedUpload? TryOpen(ReadOnlyMemory<byte> json, out byte[] plaintext)
    {
        var kind = SealedUpload.TryOpen(json, keys, owner, out var upload, out plaintext);
        Opened += kind == SealedKind.Opened ? 1 : 0;
        KeyMissing |= kind == SealedKind.KeyMissing;
        return upload;
    }
}
