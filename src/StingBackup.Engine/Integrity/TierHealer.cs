using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Fetches what a tier has damaged or lacks from another tier; a pack that none has whole, out of its own parity. What comes is proved before it replaces anything, and what stands there is read once more before it
/// goes. Each replacement is an alarm.
/// </summary>
/// <param name="there">The installation at the tier that is healed.</param>
/// <param name="left">Takes what cannot be healed.</param>
/// <param name="output">Takes the alarms.</param>
internal sealed class TierHealer(Installation there, FaultBook left, JobOutput output)
{
    private readonly OtherTiers _others = new(there, there.AtTier, output.Warn);
    private readonly StoreMender _mender = new(there.Store, left);
    private readonly List<HealedObject> _healed = [];

    /// <summary>Whether there are tiers to heal from, or parity.</summary>
    public bool IsPossible => _others.Any || there.Store.Parity is not null;

    /// <summary>Whether there are tiers to heal from.</summary>
    public bool HasOthers => _others.Any;

    /// <summary>What was replaced.</summary>
    public IReadOnlyList<HealedObject> Healed => _healed;

    /// <summary>Tiers to heal from, those that can be reached.</summary>
    public IAsyncEnumerable<(Tier Tier, IObjectStore Store)> OthersAsync(CancellationToken cancel) => _others.OpenAsync(cancel);

    /// <summary>Heals one object; false, with a fault that says why where another tier's copy is damaged too, when none has it whole.</summary>
    /// <param name="name">The object.</param>
    /// <param name="problem">What is wrong with it here.</param>
    /// <param name="writers">Enrolled writers.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<bool> HealAsync(string name, string problem, EnrolledWriters writers, CancellationToken cancel)
    {
        // Runs, marks and parity are one tier's own; and whoever was erased does not come back with an old claim.
        if (ObjectKinds.Of(name) is null or ObjectKind.Session or ObjectKind.Mark or ObjectKind.Parity || await IsErasedAsync(name, cancel).ConfigureAwait(false))
        {
            return false;
        }
        await foreach (var (tier, store) in _others.OpenAsync(cancel).ConfigureAwait(false))
        {
            if (await FetchAsync(tier, store, name, writers, cancel).ConfigureAwait(false) is { } bytes)
            {
                return await ReplaceAsync(name, bytes, tier, problem, writers, cancel).ConfigureAwait(false);
            }
        }
        return await RecoverAsync(name, cancel).ConfigureAwait(false) is { } own && await ReplaceAsync(name, own, there.AtTier, problem, writers, cancel).ConfigureAwait(false);
    }

    /// <summary>What the parity of a damaged pack gives, proved by the pack's name; null, with a fault that says why where it does not suffice.</summary>
    public async ValueTask<byte[]?> RecoverAsync(string name, CancellationToken cancel)
    {
        if (there.Store.Parity is not { } parity || ObjectKinds.Of(name) is not (ObjectKind.MetaPack or ObjectKind.DataPack))
        {
            return null;
        }
        try
        {
            return await parity.RecoverAsync(name, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            left.Add(name, e.Target == name ? Failures.Words(e) : $"its parity is damaged too ({Failures.Words(e)})");
            return null;
        }
    }

    /// <summary>Notes for the status what was healed.</summary>
    public void Note() => HealJournal.Add(there, there.AtTier, [.. _healed.Select(h => new HealJournal.Entry(there.Clock.GetUtcNow(), h.Object, h.From, true))], output.Warn);

    private async ValueTask<bool> IsErasedAsync(string name, CancellationToken cancel)
    {
        if (ObjectKinds.Of(name) != ObjectKind.Claim)
        {
            return false;
        }
        // As the ledger stands now: it may have been healed a moment ago.
        var ledger = there.Keys is { } keys ? await keys.LoadLedgerAsync(there.Store, cancel).ConfigureAwait(false) : there.Ledger;
        return ledger.FindTag(ObjectKinds.TagIn(name)) is not null;
    }

    private async ValueTask<byte[]?> FetchAsync(Tier tier, IObjectStore store, string name, EnrolledWriters writers, CancellationToken cancel)
    {
        try
        {
            var bytes = await store.ReadAllAsync(name, cancel).ConfigureAwait(false);
            ObjectProof.Check(name, bytes, there, writers);
            return bytes;
        }
        catch (StingException e) when (e.ErrorId == "ObjectNotFound")
        {
            return null;
        }
        catch (StingException e) when (WholePacks.IsFrozen(e))
        {
            left.Add(name, $"the {tier} tier has it in cold storage, not thawed");
            return null;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            left.Add(name, $"the {tier} tier's copy is damaged too ({Failures.Words(e)})");
            return null;
        }
    }

    private async ValueTask<bool> ReplaceAsync(string name, byte[] bytes, Tier from, string problem, EnrolledWriters writers, CancellationToken cancel)
    {
        if (await there.Store.GetLengthAsync(name, cancel).ConfigureAwait(false) is not null)
        {
            // Read once more: what a passing failure of the disk or of memory damaged is whole now, and stays.
            if (await IsSoundAsync(name, writers, cancel).ConfigureAwait(false))
            {
                output.Tell($"'{name}' reads whole now: it stays as it is.");
                return true;
            }
            if (from == there.AtTier)
            {
                // Nobody else has it: what is damaged gives way in the step in which the whole one comes.
                await there.Store.Parity!.ReplaceAsync(name, bytes, cancel).ConfigureAwait(false);
            }
            else if (!await _mender.RemoveAsync(name, cancel).ConfigureAwait(false))
            {
                return false;
            }
        }
        if (from != there.AtTier && !await there.Store.PutAsync(name, bytes, cancel).ConfigureAwait(false) && !await IsSoundAsync(name, writers, cancel).ConfigureAwait(false))
        {
            left.Add(name, "another object came under its name while it was being replaced");
            return false;
        }
        _healed.Add(new HealedObject { Object = name, Tier = there.AtTier, From = from, Problem = problem, Length = bytes.Length });
        left.Forget(name);
        output.Warn($"ObjectHealed: '{name}' on the {there.AtTier} tier: {problem}. It was {(from == there.AtTier ? "put right by its own parity" : $"replaced by the {from} tier's copy")}. Find out what damages or removes objects in {there.Store.Location}.");
        return true;
    }

    private async ValueTask<bool> IsSoundAsync(string name, EnrolledWriters writers, CancellationToken cancel)
    {
        try
        {
            ObjectProof.Check(name, await there.Store.ReadAllAsync(name, cancel).ConfigureAwait(false), there, writers);
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return false;
        }
    }
}
