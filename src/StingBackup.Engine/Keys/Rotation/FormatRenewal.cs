using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>The next revision of the format object, which names the KEK and the key role's keys, in both slots of the key directory's copies; the caller publishes it.</summary>
internal sealed class FormatRenewal(IKeyFiles files, SignedCopies copies)
{
    /// <summary>The newest copy, by whichever of the key role's keys signed it; null for none.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public FormatObject? Newest(KeyRoleChain known, Id16 reserveId)
    {
        FormatObject? newest = null;
        foreach (var slot in new[] { 1, 2 })
        {
            var name = KeyObjectNames.Format(slot);
            if (files.Read(copies.PathOf(name)) is { } bytes)
            {
                var chain = known.ExtendedBy(FormatObject.ChainIn(name, bytes, reserveId));   // a renewal that died may have signed it already
                var format = FormatObject.Read(name, bytes, chain.Joined);
                newest = format.Revision > (newest?.Revision ?? 0) ? format : newest;
            }
        }
        return newest;
    }

    /// <summary>Writes both slots.</summary>
    /// <param name="now">The public half.</param>
    /// <param name="chain">The key role's keys that it is to name.</param>
    /// <param name="keyRole">Who signs.</param>
    /// <param name="change">What else changes; null for nothing.</param>
    /// <returns>False where there is no copy to renew.</returns>
    public bool Run(PublicHalf now, KeyRoleChain chain, ISigner keyRole, Func<FormatObject, FormatObject>? change = null)
    {
        if (Newest(now.Chain, now.ReserveId) is not { } newest)
        {
            return false;
        }
        var wanted = change?.Invoke(newest) ?? newest;
        wanted = wanted with { KekFingerprint = Fingerprint.Of(now.KekPublicKey), Handovers = chain.Handovers };
        var isCurrent = wanted.ToPayload().AsSpan().SequenceEqual(newest.ToPayload());
        var renewed = (isCurrent ? newest : wanted with { Revision = newest.Revision + 1 }).ToBytes(keyRole);
        copies.Keep(KeyObjectNames.Format(1), renewed);
        copies.Keep(KeyObjectNames.Format(2), renewed);
        return true;
    }
}
