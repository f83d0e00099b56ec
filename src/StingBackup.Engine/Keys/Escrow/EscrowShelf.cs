using StingBackup.Engine.Cryptography;
namespace StingBackup.Engine.Keys;

/// <summary>Copies of sealed escrows in the key directory, under <c>escrow/</c>: they tell which escrows there are, and of which keys. Without shares they open nothing.</summary>
internal sealed class EscrowShelf(IKeyFiles files, KeyOptions options)
{
    private string Folder => Path.Combine(options.KeyDirectory, "escrow");

    /// <summary>Keeps a copy, and removes those of keys that are no more.</summary>
    public void Keep(SealedEscrow escrow, PublicHalf half)
    {
        files.MakeFolder(Folder);
        files.Replace(Path.Combine(Folder, escrow.FileName), escrow.Bytes);
        foreach (var old in List(half).Where(old => old.State == EscrowState.Stale))
        {
            files.Delete(old.Location);
        }
    }

    /// <summary>Every copy, newest first; a damaged one is told as such.</summary>
    public IEnumerable<KeyEscrow> List(PublicHalf half)
    {
        var found = new List<KeyEscrow>();
        foreach (var name in files.List(Folder) ?? [])
        {
            var path = Path.Combine(Folder, name);
            if (name.EndsWith(SealedEscrow.Suffix, StringComparison.Ordinal) && files.Read(path) is { } bytes)
            {
                found.Add(Describe(bytes, path, half));
            }
        }
        return found.OrderByDescending(escrow => escrow.CreatedTime);
    }

    /// <summary>Whether it holds the keys in force.</summary>
    public static bool IsCurrent(SealedEscrow escrow, string kekFingerprint, string keyFingerprint) => escrow.KekFingerprint == kekFingerprint && escrow.KeyFingerprint == keyFingerprint;

    private static KeyEscrow Describe(byte[] bytes, string path, PublicHalf half)
    {
        try
        {
            var escrow = SealedEscrow.Read(bytes, path);
            var isCurrent = escrow.ReserveId == half.ReserveId && IsCurrent(escrow, Fingerprint.Of(half.KekPublicKey), Fingerprint.Of(half.KeyRolePublicKey));
            // One of an earlier key role cannot be checked any more, and does not count either.
            return isCurrent && !escrow.IsSignedBy(half.KeyRolePublicKey) ? Damaged(path, "its signature does not fit") : new KeyEscrow
            {
                EscrowId = escrow.Id.ToString(), State = isCurrent ? EscrowState.Current : EscrowState.Stale, CreatedTime = KeyInventory.Time(escrow.CreatedNs), Shares = escrow.Shares, Threshold = escrow.Threshold,
                KekGeneration = escrow.KekGeneration, KekFingerprint = escrow.KekFingerprint, KeyFingerprint = escrow.KeyFingerprint, Location = path,
                Problem = isCurrent ? null : "The keys were changed since it was made: it opens nothing that is in force. Make another with Export-StingKeyEscrow, and have the old shares destroyed.",
            };
        }
        catch (StingException fault)
        {
            return Damaged(path, fault.Message);
        }
    }

    private static KeyEscrow Damaged(string path, string why) => new()
    {
        EscrowId = "", State = EscrowState.Damaged, Location = path, Problem = $"{why} The shares' pages hold the same; a copy of a .sealed file can be put back.",
    };
}
