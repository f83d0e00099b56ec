using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// Claims are the one kind of object whose name stays and whose bytes change: a host is enrolled, a key is renewed. What the target has is remembered by hash, so that a sync reads there only what
/// it has not seen.
/// </summary>
internal sealed class ClaimComparison(Installation installation, TierRoute route)
{
    /// <summary>Claims of the source that the target has in another state.</summary>
    public async ValueTask<IReadOnlyList<string>> RenewedAsync(TierListing source, TierListing target, CancellationToken cancel)
    {
        var known = route.Target == Tier.Local ? [] : installation.MemoryOf(route.Target).ReadNote().Claims;
        var renewed = new List<string>();
        foreach (var name in source.Of(TierStep.Heads).Where(name => name.StartsWith(KeyObjectNames.ClaimPrefix, StringComparison.Ordinal) && target.Objects.ContainsKey(name)))
        {
            if (known.GetValueOrDefault(name) is { } hash ? hash == HashOf(await route.From.ReadAllAsync(name, cancel).ConfigureAwait(false)) : await AreEqualAsync(name, cancel).ConfigureAwait(false))
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

    private async ValueTask<bool> AreEqualAsync(string name, CancellationToken cancel)
    {
        var here = await route.From.ReadAllAsync(name, cancel).ConfigureAwait(false);
        var there = await route.To.ReadAllAsync(name, cancel).ConfigureAwait(false);
        return here.AsSpan().SequenceEqual(there);
    }
}
