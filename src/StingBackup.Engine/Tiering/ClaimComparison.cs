using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// Claims and format records are the objects whose names stay and whose bytes change: a host is enrolled, a key is renewed, the format moves on. What the target has is remembered by hash, so that a sync
/// reads there only what it has not seen.
/// </summary>
internal sealed class ClaimComparison(Installation installation, TierRoute route)
{
    /// <summary>Whether an object's bytes may change under its name.</summary>
    public static bool IsRenewable(string name) => name.StartsWith(KeyObjectNames.ClaimPrefix, StringComparison.Ordinal) || IsFormat(name);

    /// <summary>Claims and format records of the source that the target has in another state; of two sound format records the higher revision counts, wherever it lies.</summary>
    public async ValueTask<IReadOnlyList<string>> RenewedAsync(TierListing source, TierListing target, CancellationToken cancel)
    {
        var known = route.Target == Tier.Local ? [] : installation.MemoryOf(route.Target).ReadNote().Claims;
        var renewed = new List<string>();
        foreach (var name in source.Of(TierStep.Heads).Where(name => IsRenewable(name) && target.Objects.ContainsKey(name)))
        {
            var hash = known.GetValueOrDefault(name);
            if (await ClaimReader.ReadBytesAsync(route.From, name, cancel).ConfigureAwait(false) is not { } here || HashOf(here) == hash)
            {
                continue;   // as it was; or gone since the listing, and what replaces it is the next sync's affair
            }
            if ((hash is null || IsFormat(name)) && await ClaimReader.ReadBytesAsync(route.To, name, cancel).ConfigureAwait(false) is { } there && (here.AsSpan().SequenceEqual(there) || IsBehind(name, here, there)))
            {
                continue;
            }
            renewed.Add(name);
        }
        return renewed;
    }

    /// <summary>Whether a claim of the source may stand in the place of the target's: both are sound and of one subject, or the target's is damaged.</summary>
    public StingException? RefusalOf(string name, byte[] here, byte[] there)
    {
        if (installation.Keys is not { } keys)
        {
            return Conflict(name, "no key role is at hand to tell which of them counts");
        }
        if (IsFormat(name))
        {
            return FormatIn(name, here) is not { } format ? Failures.Damaged(name, $"in {route.From.Location} it is no format record that this reserve's key role signed")
                : FormatIn(name, there)?.Revision == format.Revision ? Conflict(name, $"both are revision {format.Revision}, and say different things") : null;
        }
        using var keyRole = new SignatureVerifier(keys.KeyRoleKeys.Span);
        var ours = Read(name, here, keyRole, out var damage);
        if (ours is null)
        {
            return damage;
        }
        return Read(name, there, keyRole, out _) is { } theirs && theirs.Key.Pseudonym != ours.Key.Pseudonym ? Conflict(name, $"it names pseudonym {theirs.Key.Pseudonym} there and {ours.Key.Pseudonym} here") : null;
    }

    /// <summary>The error for a name that stands for two objects.</summary>
    public StingException Conflict(string name, string why) => new("TierConflict", FailureKind.Integrity,
        $"'{name}' is one thing in {route.From.Location} and another in {route.To.Location}: {why}. Neither is changed.", name,
        "Two hosts wrote as one, a disk that was thought lost came back, or somebody changed it. Look at both with Test-StingBackupIntegrity, then remove the one that is wrong.");

    /// <summary>Names a claim's bytes.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private SubjectClaim? Read(string name, byte[] bytes, SignatureVerifier keyRole, out StingException? damage)
    {
        damage = null;
        try
        {
            return SubjectClaim.Read(name, bytes, installation.Reserve, keyRole, installation.Writers);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            damage = e;
            return null;
        }
    }

    /// <summary>Whether the source's format record is older than the target's, which then stays: a local tier that was brought back from an old copy.</summary>
    private bool IsBehind(string name, byte[] here, byte[] there) => IsFormat(name) && FormatIn(name, there) is { } theirs && FormatIn(name, here) is { } ours && ours.Revision < theirs.Revision;

    private static bool IsFormat(string name) => name.StartsWith(KeyObjectNames.FormatPrefix, StringComparison.Ordinal);

    /// <summary>Null for what is no sound format record of this reserve.</summary>
    private FormatObject? FormatIn(string name, byte[] bytes)
    {
        try
        {
            return installation.Keys is { } keys && FormatObject.Read(name, bytes, keys.KeyRoleKeys.Span) is var format && format.ReserveId == installation.Reserve ? format : null;
        }
        catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
        {
            return null;
        }
    }
}
