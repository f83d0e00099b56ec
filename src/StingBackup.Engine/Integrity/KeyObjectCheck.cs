using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What the key role and claiming hosts signed: format, enrolments, claims. Needs no secret.</summary>
internal sealed class KeyObjectCheck(ObjectProbe probe, Census census, ReserveKeys keys, EnrolledWriters writers, FaultBook book)
{
    private static readonly int[] FormatSlots = [1, 2];

    private readonly Dictionary<Id16, Id16> _claims = [];
    private ErasureLedger _ledger = ErasureLedger.Empty;
    private readonly Dictionary<Id16, string> _damagedClaims = [];

    public async ValueTask RunAsync(CancellationToken cancel)
    {
        await CheckFormatAsync(cancel).ConfigureAwait(false);
        await CheckWritersAsync(cancel).ConfigureAwait(false);
        await CheckLedgerAsync(cancel).ConfigureAwait(false);
        await CheckApproversAsync(cancel).ConfigureAwait(false);
        foreach (var name in Of(Recovery.ConfigurationCopy.Prefix, ObjectKind.Configuration))
        {
            await probe.CheckAsync(name, bytes => Recovery.ConfigurationCopy.Read(name, bytes, keys.ReserveId, writers.SigningKeyOf), cancel).ConfigureAwait(false);
        }
        using var keyRole = new SignatureVerifier(keys.KeyRoleKeys.Span);
        foreach (var name in Of(KeyObjectNames.ClaimPrefix, ObjectKind.Claim))
        {
            var tag = ObjectKinds.TagIn(name);
            // An erasure beside takes its subject's claim away; whose claim is gone without one is told where claims are compared with subjects.
            if (!await probe.CheckAsync(name, bytes => _claims[tag] = SubjectClaim.Read(name, bytes, keys.ReserveId, keyRole, writers).Key.Pseudonym, mayVanish: true, cancel).ConfigureAwait(false)
                && await probe.Store.GetLengthAsync(name, cancel).ConfigureAwait(false) is not null)
            {
                _damagedClaims.Add(tag, name);
            }
        }
    }

    /// <summary>Compares claims with the subjects that points hold.</summary>
    /// <param name="subjects">Pseudonyms in points.</param>
    /// <param name="nameOf">Their names, as far as root pages could be opened.</param>
    /// <param name="tagOf">The tag of a name, or null where the directory key is not at hand.</param>
    public void CheckSubjects(IEnumerable<Id16> subjects, Func<Id16, string?> nameOf, Func<string, Id16>? tagOf)
    {
        var claimed = _claims.Values.ToHashSet();
        var unclaimed = new List<Id16>();
        foreach (var pseudonym in subjects.Order())
        {
            if (tagOf is null || nameOf(pseudonym) is not { } name)
            {
                if (!claimed.Contains(pseudonym))
                {
                    unclaimed.Add(pseudonym);
                }
                continue;
            }
            var tag = tagOf(name);
            if (_damagedClaims.Remove(tag, out var damaged))
            {
                book.Add(damaged, "new data of its subject cannot be backed up").AddSubject(pseudonym);
            }
            else if (!_claims.TryGetValue(tag, out var claim))
            {
                book.Miss(KeyObjectNames.Claim(tag), "it is missing: new data of its subject cannot be backed up").AddSubject(pseudonym);
            }
            else if (claim != pseudonym)
            {
                book.Add(KeyObjectNames.Claim(tag), $"it claims its subject as {claim}, but a tree has the same subject as {pseudonym}").AddSubject(pseudonym);
            }
        }
        // Each damaged claim that no name was found for may be that of one of these.
        if (unclaimed.Count > _damagedClaims.Count)
        {
            var fault = book.Miss(KeyObjectNames.ClaimPrefix, $"{unclaimed.Count - _damagedClaims.Count} claims are missing: new data of these subjects cannot be backed up");
            unclaimed.ForEach(fault.AddSubject);
        }
    }

    /// <summary>Compares the ledger with what points have seen of it.</summary>
    public void CheckHeads(IEnumerable<StoredPoint> points)
    {
        foreach (var point in points.Where(point => !_ledger.Reaches(point.Record.LedgerHead)))
        {
            book.Miss(KeyObjectNames.Ledger(_ledger.Entries.Count + 1), $"it is missing or not the one that point '{point.Record.ObjectName}' has seen: who was erased might come back");
            return;
        }
    }

    /// <summary>Each entry by itself, then the chain.</summary>
    private async ValueTask CheckLedgerAsync(CancellationToken cancel)
    {
        var sound = new List<(string, byte[])>();
        foreach (var name in Of(KeyObjectNames.LedgerPrefix, ObjectKind.Ledger))
        {
            await probe.CheckAsync(name, bytes =>
            {
                LedgerEntry.Read(name, bytes, keys.ReserveId, keys.KeyRoleKeys.Span);
                sound.Add((name, bytes.ToArray()));
            }, cancel).ConfigureAwait(false);
        }
        _ledger = ErasureLedger.Read(sound, keys.ReserveId, keys.KeyRoleKeys);
        foreach (var fault in _ledger.Faults)
        {
            book.Add(fault.Target!, fault);
        }
    }

    private async ValueTask CheckFormatAsync(CancellationToken cancel)
    {
        foreach (var name in Of(KeyObjectNames.FormatPrefix, ObjectKind.Format))
        {
            await probe.CheckAsync(name, bytes =>
            {
                var format = FormatObject.Read(name, bytes, keys.KeyRoleKeys.Span);
                if (format.ReserveId != keys.ReserveId)
                {
                    throw Failures.Damaged(name, "it belongs to another reserve");
                }
                if (format.IsBefore(keys.KeyRoleKeys.Span))
                {
                    throw RepositoryHead.Outdated(name);
                }
            }, cancel).ConfigureAwait(false);
        }
        foreach (var name in FormatSlots.Select(KeyObjectNames.Format).Where(n => !census.Objects.ContainsKey(n)))
        {
            book.Miss(name, "it is missing");
        }
    }

    private async ValueTask CheckWritersAsync(CancellationToken cancel)
    {
        var newest = new Dictionary<Id16, WriterObject>();
        var damaged = new HashSet<Id16>();
        foreach (var name in Of(KeyObjectNames.WriterPrefix, ObjectKind.Writer))
        {
            var id = ObjectKinds.TagIn(name);
            if (!await probe.CheckAsync(name, bytes =>
                {
                    var writer = WriterObject.Read(name, bytes, keys.ReserveId, keys.KeyRoleKeys.Span);
                    newest[id] = newest.TryGetValue(id, out var other) && other.Revision > writer.Revision ? other : writer;
                }, cancel).ConfigureAwait(false))
            {
                damaged.Add(id);
            }
        }
        // What this host knows from the key directory's copies, and the repository does not say.
        foreach (var writer in writers.All.Where(w => !damaged.Contains(w.Id)))
        {
            if (!newest.TryGetValue(writer.Id, out var found))
            {
                book.Miss(KeyObjectNames.Writer(writer.Id, 1), "it is missing: other hosts cannot check what this writer signed");
            }
            else if (found.Writer.LastGoodSequence != writer.LastGoodSequence)
            {
                book.Miss(KeyObjectNames.Writer(writer.Id, found.Revision + 1), "it is missing: other hosts do not know that this writer was revoked");
            }
        }
    }

    private async ValueTask CheckApproversAsync(CancellationToken cancel)
    {
        foreach (var name in Of(KeyObjectNames.ApproverPrefix, ObjectKind.Approver))
        {
            await probe.CheckAsync(name, bytes => ApproverObject.Read(name, bytes, keys.ReserveId, keys.KeyRoleKeys.Span), cancel).ConfigureAwait(false);
        }
        // What the key directory's copies have, and the repository does not.
        foreach (var approver in (await keys.LoadApproversAsync(probe.Store, cancel).ConfigureAwait(false)).All)
        {
            if (KeyObjectNames.Approver(approver.Id, 1) is var enrolment && !census.Objects.ContainsKey(enrolment))
            {
                book.Miss(enrolment, "it is missing: other hosts do not know this approver");
            }
            if (approver.RevokedNs is not null && KeyObjectNames.Approver(approver.Id, 2) is var revocation && !census.Objects.ContainsKey(revocation))
            {
                book.Miss(revocation, "it is missing: other hosts do not know that this approver was revoked");
            }
        }
    }

    private List<string> Of(string prefix, ObjectKind kind) => [.. census.Under(prefix).Where(n => ObjectKinds.Of(n) == kind)];
}
