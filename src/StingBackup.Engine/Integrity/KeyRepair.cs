using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>Mends what the keys keep copies of or can make anew: format, enrolments, claims, key store replicas, spares.</summary>
internal sealed class KeyRepair(IObjectStore store, ReserveKeys keys, SubjectReader? reader, FaultBook left, JobOutput output)
{
    private readonly StoreMender _mender = new(store, left);
    private long _restored;

    /// <summary>Objects put back or made anew.</summary>
    public long Restored => _restored;

    /// <summary>Format and enrolments from the key directory's copies.</summary>
    public async ValueTask PublishAsync(CancellationToken cancel) => await _mender.TryAsync(KeyObjectNames.FormatPrefix, async () =>
    {
        var (names, faults) = await keys.PublishAsync(store, cancel).ConfigureAwait(false);
        foreach (var fault in faults)
        {
            output.Failed(fault);
        }
        Tell(names, "was put back from the key directory's copy");
    }).ConfigureAwait(false);

    /// <summary>Claims: made anew where a tree names a subject whose claim is missing or damaged, and where an enrolled host cannot read one.</summary>
    public async ValueTask RebuildClaimsAsync(IEnumerable<KeyValuePair<Id16, string>> names, EnrolledWriters writers, CancellationToken cancel)
    {
        using var keyRole = new SignatureVerifier(keys.KeyRoleKeys.Span);
        foreach (var group in names.GroupBy(n => n.Value, n => n.Key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var name = KeyObjectNames.Claim(reader!.TagOf(group.Key));
            if (await IsSoundAsync(name, keyRole, writers, cancel).ConfigureAwait(false))
            {
                continue;
            }
            if (group.Skip(1).Any())
            {
                left.Add(name, $"'{group.Key}' stands under {group.Count()} pseudonyms in restore points, and its claim is gone: which one is right cannot be told");
            }
            else if (await _mender.TryAsync(name, () => keys.RebuildClaimAsync(store, reader, writers, group.Key, group.First(), [], cancel)).ConfigureAwait(false))
            {
                Tell([name], "was made anew");
            }
        }
        var (resealed, faults) = await keys.ResealClaimsAsync(store, reader!, writers, cancel).ConfigureAwait(false);
        Tell(resealed, "was made anew for every enrolled host");
        foreach (var fault in faults.Where(f => f.Target is not null))
        {
            left.Add(fault.Target!, fault);
        }
    }

    /// <summary>Key store replicas that are damaged or behind, epoch places among them, and spares that run low.</summary>
    public async ValueTask RefillAsync(SpareState? spares, int unclaimed, CancellationToken cancel)
    {
        if (reader!.Faults.Count > 0)
        {
            var (written, faults) = await ReserveKeys.RefillKeyStoreAsync(reader, cancel).ConfigureAwait(false);
            foreach (var path in written)
            {
                output.Tell($"'{path}' was filled again from the other places.");
            }
            foreach (var fault in faults)
            {
                output.Failed(fault);
            }
        }
        if (spares is { IsLow: true } || spares?.Left < unclaimed)
        {
            output.Tell($"{await keys.AddSparesForAsync(reader, unclaimed, cancel).ConfigureAwait(false)} spare keys were minted.");
        }
    }

    private async ValueTask<bool> IsSoundAsync(string name, SignatureVerifier keyRole, EnrolledWriters writers, CancellationToken cancel)
    {
        try
        {
            SubjectClaim.Read(name, await store.ReadAllAsync(name, cancel).ConfigureAwait(false), keys.ReserveId, keyRole, writers);
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return false;
        }
    }

    private void Tell(IReadOnlyList<string> names, string what)
    {
        _restored += names.Count;
        foreach (var name in names)
        {
            output.Tell($"'{name}' {what}.");
        }
    }
}
