using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>
/// Carries due erasures out. Every step can be done again, so a run that died is ended by the next: keys → ledger → claims → what this host remembers → proof → certificate.
/// The ledger comes before the claims: else a host that never met the subject could claim it anew in between.
/// </summary>
internal sealed class ErasureRun(Installation installation, ErasureBook book, SubjectReader reader, string by, JobOutput output)
{
    private readonly KeyRole _role = reader.Role;
    private readonly ReserveKeys _keys = installation.Keys!;

    public async Task<object> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Erase";
        using var held = await _role.HoldAsync(cancel).ConfigureAwait(false);
        var (due, left) = await LeaveBehindAsync(cancel).ConfigureAwait(false);
        if (left is null)
        {
            output.Tell("No erasure is due.");
            return Result([]);
        }
        due = [.. due.Select(record => Erased(record, left))];

        // From here on the keys are gone: whatever still fails is told and done again, never undone.
        var ledger = await EnterAsync(due, cancel).ConfigureAwait(false);
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        using var keys = reader.Again();
        var ended = new List<Erasure>();
        foreach (var record in due)
        {
            ended.Add(book.ToErasure(await EndAsync(record, left, ledger, view, keys, cancel).ConfigureAwait(false)));
        }
        return Result(ended);

        ErasureResult Result(List<Erasure> erasures) => new()
        {
            State = output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, Erasures = erasures.ToArray(), Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    /// <summary>Chooses what is due and turns the epoch: from then on the keys are gone. The key store is opened once for all that is asked of it until then, since nobody else changes it meanwhile.</summary>
    private async ValueTask<(List<ErasureRecord> Due, LeftBehind? Left)> LeaveBehindAsync(CancellationToken cancel)
    {
        using var store = _role.OpenStore();
        bool IsBegun(ErasureRecord record) => record.State != ErasureState.Pending || record.Targets.Any(target => store.NewestGeneration(target.Pseudonym) is null);
        var due = await ApprovedAsync([.. book.Erasures.Where(record => IsDue(record, IsBegun))], IsBegun, cancel).ConfigureAwait(false);
        if (due.Count == 0)
        {
            return (due, null);
        }
        due = await WithEarlierCopiesAsync(due, IsBegun, cancel).ConfigureAwait(false);
        output.Progress.Status = "the turn of the epoch";
        return (due, _role.LeaveBehind(store, due.SelectMany(record => record.Targets).Select(target => target.Pseudonym).ToHashSet(), cancel));
    }

    /// <summary>Those that are what a second identity approved; the others are told. What is begun is ended in any case: its key is gone.</summary>
    private async ValueTask<List<ErasureRecord>> ApprovedAsync(List<ErasureRecord> due, Func<ErasureRecord, bool> isBegun, CancellationToken cancel)
    {
        if (due.TrueForAll(record => isBegun(record)))
        {
            return due;
        }
        var check = await ErasureApproval.CheckAsync(installation, cancel).ConfigureAwait(false);
        var approved = new List<ErasureRecord>();
        foreach (var record in due)
        {
            if (!isBegun(record) && check(record) is { } refusal)
            {
                output.Failed(refusal);
            }
            else
            {
                approved.Add(record);
            }
        }
        return approved;
    }

    /// <summary>Due, and nobody holds it. A hold that was set since keeps it, and is told.</summary>
    private bool IsDue(ErasureRecord record, Func<ErasureRecord, bool> isBegun)
    {
        if (!record.IsDue(installation.NowNs))
        {
            return false;
        }
        if (!isBegun(record) && ErasureTargets.HoldsOn(book, record.Targets, record.Names, reader) is [var hold, ..])
        {
            output.Failed(new StingException("LegalHoldStands", FailureKind.Refused, $"Erasure {record.Id} waits: '{hold.Subject}' must be kept ({hold.Reason}, hold {hold.Id}).", hold.Id.ToString(),
                $"When the hold ends, lift it with Remove-StingLegalHold -Id {hold.Id}."));
            return false;
        }
        return true;
    }

    /// <summary>Once the keys are gone nobody can tell any more which documents of a jar were a contributor's: that is looked for now, and kept.</summary>
    private async ValueTask<List<ErasureRecord>> WithEarlierCopiesAsync(List<ErasureRecord> due, Func<ErasureRecord, bool> isBegun, CancellationToken cancel)
    {
        bool IsOpen(ErasureRecord record) => record.Names.Any(name => SubjectNames.ContributorOf(name) is not null) && !isBegun(record);
        if (!due.Exists(IsOpen))
        {
            return due;
        }
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        for (var i = 0; i < due.Count; i++)
        {
            if (IsOpen(due[i]))
            {
                due[i] = due[i] with { EarlierCopies = [.. (await EarlierCopies.FindAsync(repository, due[i].Names, cancel).ConfigureAwait(false)).Select(copy => copy.What)] };
                book.Keep(due[i], _role.Keys.KeyRole);
            }
        }
        return due;
    }

    private ErasureRecord Erased(ErasureRecord record, LeftBehind left)
    {
        if (record.ErasedNs == 0)
        {
            record = record with { State = ErasureState.Incomplete, ErasedNs = left.BegunNs, Epoch = left.Epoch, EndedBy = by };
            book.Keep(record, _role.Keys.KeyRole);
        }
        return record;
    }

    /// <summary>Enters who was erased into the ledger, and puts that into the repository.</summary>
    private async ValueTask<ErasureLedger> EnterAsync(IReadOnlyList<ErasureRecord> due, CancellationToken cancel)
    {
        var ledger = await _keys.LoadLedgerAsync(installation.Store, cancel).ConfigureAwait(false);
        var (sequence, head) = (ledger.Entries.Count, ledger.Head);
        foreach (var record in due)
        {
            foreach (var target in record.Targets.Where(target => ledger.Find(target.Pseudonym) is null))
            {
                var entry = new LedgerEntry
                {
                    Reserve = installation.Reserve, Sequence = ++sequence, Previous = head, Pseudonym = target.Pseudonym, Tag = target.Tag, Aliases = target.Aliases,
                    ErasedNs = record.ErasedNs, Epoch = record.Epoch, Request = record.Id,
                };
                var bytes = entry.ToBytes(_role.Keys.KeyRole);
                _keys.KeepSigned(entry.ObjectName, bytes);
                head = LedgerEntry.HashOf(bytes);
            }
        }
        await _keys.PublishAsync(installation.Store, cancel).ConfigureAwait(false);
        return await _keys.LoadLedgerAsync(installation.Store, cancel).ConfigureAwait(false);
    }

    private async ValueTask<ErasureRecord> EndAsync(ErasureRecord record, LeftBehind left, ErasureLedger ledger, RepositoryView view, SubjectReader keys, CancellationToken cancel)
    {
        output.Progress.Status = $"erasure {record.Id}";
        var waiting = left.Away.Select(fault => fault.Message).ToList();
        foreach (var target in record.Targets)
        {
            await installation.Store.DeleteAsync(KeyObjectNames.Claim(target.Tag), cancel).ConfigureAwait(false);
        }
        try
        {
            HostTraces.Purge(installation, [.. record.Targets.SelectMany(target => target.Aliases.Append(target.Tag))], record.Names.ToHashSet(StringComparer.Ordinal));
        }
        catch (StingException busy) when (busy.ErrorId == "BackupRunning")
        {
            waiting.Add($"What this host remembers of it is not dropped yet: {busy.Message}");
        }
        var tiers = await new ErasureTiers(installation, record.Targets.Select(target => target.Pseudonym).ToHashSet())
            .ProveAsync(view, [.. record.Targets.Select(target => target.Tag)], ledger, keys, cancel).ConfigureAwait(false);
        var (scope, proof) = (tiers.Scope, tiers.Proof!);
        foreach (var away in tiers.Away)
        {
            output.Warn($"Erasure {record.Id}: {away} What is there of it opens for nobody; its claims go, and the ledger gets there, with the next sync.");
        }
        if (!proof.Holds)
        {
            waiting.Add($"Reading does not show it: {proof.Refused} of {proof.Tried} chunks of it open for nobody, {proof.NeighboursOpened} of {proof.NeighboursTried} of others open{(proof.Fault is { } why ? $" ({why})" : "")}.");
        }
        await AuditLog.NoteAsync(installation, "Complete-StingErasure", [.. record.Targets.Select(target => target.Pseudonym)], waiting.Count > 0 ? "Incomplete" : "Completed", cancel).ConfigureAwait(false);
        if (waiting.Count > 0)
        {
            foreach (var what in waiting)
            {
                output.Failed(new StingException("ErasureIncomplete", FailureKind.Io, $"Erasure {record.Id} has no certificate yet: {what}", record.Id.ToString(),
                    "The key is destroyed where it could be reached. Mount what is missing and run Complete-StingErasure again."));
            }
            record = record with { Waiting = waiting };
            book.Keep(record, _role.Keys.KeyRole);
            return record;
        }
        var certificate = new CertificateFacts(record, left, ledger, scope, proof, [.. Residuals.Of(installation, view, NanosecondTime.FromNs(record.ErasedNs, 0)), .. record.EarlierCopies.Select(what => new ResidualCopy(what, null))], OtherHosts(), by, installation.Clock.GetUtcNow()) { TiersAway = tiers.Away };
        var document = DestructionCertificate.Make(certificate, installation.Reserve, _role.Keys.KeyRole, _role.Public.Handovers);
        book.KeepCertificate(record.Id, document, CertificatePage.Render(document));
        record = record with { State = ErasureState.Completed, Names = [], Waiting = [] };
        book.Keep(record, _role.Keys.KeyRole);
        output.Tell($"Erasure {record.Id} is done; its certificate is {book.CertificateOf(record.Id)}.");
        return record;
    }

    /// <summary>Enrolled hosts whose memory this one cannot reach.</summary>
    private IReadOnlyList<string> OtherHosts() =>
        [.. installation.Writers.All.Where(writer => writer.LastGoodSequence is null && writer.Id != installation.Host?.Writer).Select(writer => writer.HostName).Order(StringComparer.Ordinal)];
}
