using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Reads what the key role signed in a repository, and falls back to its copies.</summary>
/// <param name="copies">The copies.</param>
/// <param name="reserveId">The reserve.</param>
/// <param name="keyRole">Its keys, newest first.</param>
/// <param name="learn">Told of what format objects say of the key role's keys, before they are checked; gives the keys that may be trusted then.</param>
internal sealed class RepositoryHead(SignedCopies copies, Id16 reserveId, byte[] keyRole, Func<KeyRoleChain?, string, byte[]>? learn = null)
{
    private const int Relists = 3;

    /// <summary>The format in force: the highest revision validly signed. Damaged slots are told.</summary>
    /// <exception cref="StingException"><c>RepositoryMissing</c>, <c>RepositoryForeign</c>, <c>ObjectDamaged</c> when no slot is valid</exception>
    public async ValueTask<FormatObject> LoadFormatAsync(IObjectStore store, List<StingException> faults, CancellationToken cancel)
    {
        FormatObject? newest = null;
        StingException? outdated = null;
        var (read, unread) = await ReadSlotsAsync(store, cancel).ConfigureAwait(false);
        var slots = read.Count + unread.Count;
        faults.AddRange(unread);
        CheckIsOneWay(read);
        foreach (var (name, bytes, chain) in read)
        {
            try
            {
                var known = learn?.Invoke(chain, name) ?? keyRole;
                var format = FormatObject.Read(name, bytes, known);
                if (format.Revision > (newest?.Revision ?? 0))
                {
                    newest = format;
                    outdated = format.IsBefore(known) ? Outdated(name) : null;
                }
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
        if (outdated is not null)
        {
            faults.Add(outdated);
        }
        newest ??= await CopyAsync(store, cancel).ConfigureAwait(false);
        if (newest is null)
        {
            throw slots == 0
                ? new StingException("RepositoryMissing", FailureKind.NotFound, $"There is no repository in {store.Location}.", store.Location,
                    "Look whether its disk is mounted there, and whether repository.backup_root is right. A first one is made by Initialize-StingRepository (sting-backup init).")
                : new StingException("RepositoryForeign", FailureKind.Integrity,
                    $"No format object in {store.Location} is signed by this reserve's key role: it is another reserve's repository, or damaged.", store.Location,
                    "Check repository.backup_root and repository.key_fingerprint; if both are right, run Repair-StingRepository.", faults[^1]);
        }
        return newest.ReserveId == reserveId
            ? newest
            : throw new StingException("RepositoryForeign", FailureKind.Integrity,
                $"The repository in {store.Location} holds reserve {newest.ReserveId}, not {reserveId}.", store.Location, "Check repository.backup_root.");
    }

    /// <summary>What the places hold, and why one cannot be read. One that is gone since the listing is being replaced, and the other not: it is listed once more.</summary>
    private async ValueTask<(List<(string Name, byte[] Bytes, KeyRoleChain? Chain)> Read, List<StingException> Unread)> ReadSlotsAsync(IObjectStore store, CancellationToken cancel)
    {
        for (var relists = Relists; ; relists--)
        {
            var read = new List<(string Name, byte[] Bytes, KeyRoleChain? Chain)>();
            var unread = new List<StingException>();
            await foreach (var found in store.ListAsync(KeyObjectNames.FormatPrefix, cancel).ConfigureAwait(false))
            {
                try
                {
                    var bytes = await store.ReadAllAsync(found.Name, cancel).ConfigureAwait(false);
                    read.Add((found.Name, bytes, FormatObject.ChainIn(found.Name, bytes, reserveId)));
                }
                catch (StingException fault)
                {
                    unread.Add(fault);
                }
            }
            if (relists == 0 || !unread.Exists(fault => fault.ErrorId == "ObjectNotFound"))
            {
                return (read, unread);
            }
        }
    }

    /// <summary>Somebody put what was in force before in its place, or the turn to the newer key did not end. Its numbers still hold; other hosts would not learn of the newer key.</summary>
    internal static StingException Outdated(string name) => Failures.Damaged(name, "it is from before the key role's signing key was renewed: other hosts do not learn of the newer key");

    /// <summary>Two keys follow the one that is trusted here, and nothing here tells which is right: none is followed. Where the right one is known, the other is only named.</summary>
    private void CheckIsOneWay(List<(string Name, byte[] Bytes, KeyRoleChain? Chain)> read)
    {
        var onward = read.Where(slot => slot.Chain?.Holds(keyRole.AsSpan(0, P256.PublicSize)) == true).ToList();
        if (onward.FirstOrDefault(slot => onward.Exists(other => other.Chain!.Contradicts(slot.Chain!))) is { Chain: not null } fork)
        {
            throw Forked(fork.Name);
        }
    }

    /// <summary>Two keys follow one.</summary>
    internal static StingException Forked(string name) => new("KeyRoleForked", FailureKind.Integrity,
        $"'{name}' hands the key role over to another key than the one that this host knows: an earlier key of the key role was used by somebody else, or from an old copy of the key directory.", name,
        "Find out who has the earlier key. Compare Get-StingKey -Kind KeyRole on the key role's machine with repository.key_fingerprint here. If it was stolen, make a new reserve; if an old copy of the key directory did it, destroy that copy and run Repair-StingRepository with the newest one.");

    /// <summary>The key role's own copy, where an enrolment proves that the store is this reserve's: so that one whose format objects are all damaged or lost can be opened, and mended.</summary>
    private async ValueTask<FormatObject?> CopyAsync(IObjectStore store, CancellationToken cancel)
    {
        await foreach (var found in store.ListAsync(KeyObjectNames.WriterPrefix, cancel).ConfigureAwait(false))
        {
            try
            {
                WriterObject.Read(found.Name, await store.ReadAllAsync(found.Name, cancel).ConfigureAwait(false), reserveId, keyRole);
                return NewestCopy();
            }
            catch (StingException fault) when (fault.Kind is FailureKind.Integrity or FailureKind.NotSupported or FailureKind.NotFound)
            {
                // It proves nothing; another one may.
            }
        }
        return null;
    }

    private byte[] Keys(string name, byte[] bytes) => learn is null ? keyRole : learn(FormatObject.ChainIn(name, bytes, reserveId), name);

    private FormatObject? NewestCopy()
    {
        FormatObject? newest = null;
        foreach (var (name, bytes) in copies.All().Where(c => c.Name.StartsWith(KeyObjectNames.FormatPrefix, StringComparison.Ordinal)))
        {
            try
            {
                var format = FormatObject.Read(name, bytes, Keys(name, bytes));
                newest = format.Revision > (newest?.Revision ?? 0) ? format : newest;
            }
            catch (StingException fault) when (fault.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                // A damaged copy: publishing tells it.
            }
        }
        return newest;
    }

    /// <summary>Who was erased: from the repository and from the key role's copies, whichever has more.</summary>
    public async ValueTask<ErasureLedger> LoadLedgerAsync(IObjectStore store, CancellationToken cancel)
    {
        var objects = new List<(string Name, byte[] Bytes)>();
        await foreach (var found in store.ListAsync(KeyObjectNames.LedgerPrefix, cancel).ConfigureAwait(false))
        {
            objects.Add((found.Name, await store.ReadAllAsync(found.Name, cancel).ConfigureAwait(false)));
        }
        objects.AddRange(copies.All().Where(copy => copy.Name.StartsWith(KeyObjectNames.LedgerPrefix, StringComparison.Ordinal)));
        return ErasureLedger.Read(objects, reserveId, keyRole);
    }

    /// <summary>Every approver's newest enrolment, from the repository or from the key role's copies.</summary>
    public async ValueTask<EnrolledApprovers> LoadApproversAsync(IObjectStore store, CancellationToken cancel)
    {
        var faults = new List<StingException>();
        var found = new List<ApproverObject>();
        await foreach (var item in store.ListAsync(KeyObjectNames.ApproverPrefix, cancel).ConfigureAwait(false))
        {
            try
            {
                found.Add(ApproverObject.Read(item.Name, await store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false), reserveId, keyRole));
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
        foreach (var (name, bytes) in copies.All().Where(c => c.Name.StartsWith(KeyObjectNames.ApproverPrefix, StringComparison.Ordinal)))
        {
            try
            {
                found.Add(ApproverObject.Read(name, bytes, reserveId, keyRole));
            }
            catch (StingException fault)
            {
                faults.Add(KeyFrame.Damaged(copies.PathOf(name), fault.Message, fault));
            }
        }
        return new EnrolledApprovers(found, faults);
    }

    /// <summary>Every writer's newest enrolment, from the repository or from the key role's copies.</summary>
    public async ValueTask<EnrolledWriters> LoadWritersAsync(IObjectStore store, CancellationToken cancel)
    {
        var faults = new List<StingException>();
        var revisions = new Dictionary<Id16, SortedDictionary<uint, WriterObject>>();
        await foreach (var found in store.ListAsync(KeyObjectNames.WriterPrefix, cancel).ConfigureAwait(false))
        {
            try
            {
                Consider(found.Name, await store.ReadAllAsync(found.Name, cancel).ConfigureAwait(false));
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
        foreach (var (name, bytes) in copies.All())
        {
            if (!name.StartsWith(KeyObjectNames.WriterPrefix, StringComparison.Ordinal))
            {
                continue;
            }
            try
            {
                Consider(name, bytes);
            }
            catch (StingException fault)
            {
                faults.Add(KeyFrame.Damaged(copies.PathOf(name), fault.Message, fault));
            }
        }
        return new EnrolledWriters(revisions.Values.Select(Newest), faults);

        void Consider(string name, byte[] bytes)
        {
            var writer = WriterObject.Read(name, bytes, reserveId, keyRole);
            if (!revisions.TryGetValue(writer.Writer.Id, out var known))
            {
                revisions[writer.Writer.Id] = known = [];
            }
            known[writer.Revision] = writer;
        }

        static EnrolledWriter Newest(SortedDictionary<uint, WriterObject> known)
        {
            var newest = known.Last().Value.Writer;
            var earlier = known.Values.Reverse().Select(revision => revision.Writer.SigningKey).Where(key => !key.AsSpan().SequenceEqual(newest.SigningKey));
            return newest with { EarlierSigningKeys = [.. earlier.DistinctBy(key => Convert.ToHexString(key)).SelectMany(key => key)] };
        }
    }
}
