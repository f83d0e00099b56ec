using System.Collections.Immutable;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Governance;

/// <summary>A place in a chain: what stands there, and what is wrong with it.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Record">The record where its signature fits; else null.</param>
/// <param name="Hash">SHA-256 of its bytes; zero where it is not there.</param>
internal sealed record AuditLink(string Name, AuditRecord? Record, Id32 Hash)
{
    /// <summary>How it stands.</summary>
    public AuditState State { get; private set; } = AuditState.Sound;
    /// <summary>What is wrong, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Notes a problem; the first one counts.</summary>
    public void Blame(AuditState state, string problem)
    {
        if (Problem is null)
        {
            (State, Problem) = (state, problem);
        }
    }
}

/// <summary>Every audit chain of a repository, read once and checked: signatures, numbers, hashes, and that nothing says approved without an approval.</summary>
internal sealed class AuditChains
{
    private readonly ImmutableSortedDictionary<(Id16 Writer, long Sequence), AuditLink>.Builder _links;
    private readonly SortedDictionary<string, AuditLink> _strays = new(StringComparer.Ordinal);

    private AuditChains(ImmutableSortedDictionary<(Id16, long), AuditLink> links) => _links = links.ToBuilder();

    /// <summary>Every place, by writer and number; missing ones included, and at the end what has no place.</summary>
    public IReadOnlyList<AuditLink> Links => [.. _links.Values, .. _strays.Values];

    /// <summary>Every record whose signature fits, by writer and number.</summary>
    public IEnumerable<AuditRecord> Records => _links.Values.Select(l => l.Record).OfType<AuditRecord>();

    /// <summary>A place, or null where nothing stands.</summary>
    public AuditLink? At(Id16 writer, long sequence) => _links.GetValueOrDefault((writer, sequence));

    /// <summary>Whether a record of a request tells of an event.</summary>
    public bool Has(Id16 request, AuditEvent what) => Records.Any(r => r.Request == request && r.Event == what);

    /// <summary>Reads all chains and checks each by itself.</summary>
    /// <param name="installation">Whose repository.</param>
    /// <param name="approvers">Against whom approvals are checked; null checks none.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<AuditChains> LoadAsync(Installation installation, EnrolledApprovers? approvers, CancellationToken cancel)
    {
        var chains = await AgainAsync(installation, null, cancel).ConfigureAwait(false);
        if (approvers is not null)
        {
            chains.CheckApprovals(approvers);
        }
        return chains;
    }

    /// <summary>The chains as the store lists them now. Records that were read before are not read again: for lists that people look at, never for what decides anything.</summary>
    internal static async ValueTask<AuditChains> AgainAsync(Installation installation, AuditChains? known, CancellationToken cancel)
    {
        var chains = new AuditChains(ImmutableSortedDictionary<(Id16, long), AuditLink>.Empty);
        await foreach (var item in installation.Store.ListAsync(AuditRecord.Prefix, cancel).ConfigureAwait(false))
        {
            if (known is not null && ObjectKinds.Of(item.Name) == ObjectKind.Audit && known.At(ObjectKinds.RunIn(item.Name).Writer, ObjectKinds.RunIn(item.Name).Sequence) is { Record: not null } link && link.Name == item.Name)
            {
                chains._links[(link.Record.Writer, link.Record.Sequence)] = new AuditLink(link.Name, link.Record, link.Hash);
            }
            else
            {
                await chains.ReadAsync(installation, item.Name, cancel).ConfigureAwait(false);
            }
        }
        // Only what is validly signed says how far a chain went; a forged name does not.
        foreach (var (writer, last) in chains.Ends)
        {
            chains.CheckChain(writer, 1, last);
        }
        return chains;
    }

    /// <summary>Where each chain ends, by what is validly signed.</summary>
    internal IReadOnlyList<(Id16 Writer, long Last)> Ends => [.. _links.Where(l => l.Value.Record is not null).GroupBy(l => l.Key.Writer, (writer, links) => (writer, links.Max(l => l.Key.Sequence)))];

    /// <summary>These chains and what follows the end of one; what was given out before stays as it was.</summary>
    /// <param name="installation">Whose repository.</param>
    /// <param name="writer">Whose chain.</param>
    /// <param name="added">The first number that is new, and the last one.</param>
    /// <param name="cancel">Cancels.</param>
    internal async ValueTask<AuditChains> GoOnAsync(Installation installation, Id16 writer, (long From, long To) added, CancellationToken cancel)
    {
        var chains = new AuditChains(_links.ToImmutable());
        foreach (var (name, stray) in _strays)
        {
            chains._strays[name] = stray;
        }
        for (var sequence = added.From; sequence <= added.To; sequence++)
        {
            await chains.ReadAsync(installation, AuditRecord.NameOf(writer, sequence), cancel).ConfigureAwait(false);
        }
        chains.CheckChain(writer, added.From, added.To);
        return chains;
    }

    /// <summary>What somebody saw of a chain must still be there.</summary>
    /// <param name="head">The head as it was seen.</param>
    /// <param name="who">Who saw it, for people.</param>
    public void CheckSeen(ChainHead head, string who)
    {
        if (At(head.Writer, head.Sequence) is { } link)
        {
            if (link.Record is not null && link.Hash != head.Hash)
            {
                link.Blame(AuditState.Tampered, $"{who} saw another record of this number: the chain was cut and written anew, or forked");
            }
            else if (link.State == AuditState.Missing)
            {
                link.Blame(AuditState.Missing, "it is missing");
            }
            return;
        }
        // The chain is shorter than it was: every number up to the one that was seen is gone.
        var end = _links.Keys.Where(k => k.Writer == head.Writer).Select(k => k.Sequence).Where(s => s < head.Sequence).DefaultIfEmpty().Max();
        for (var sequence = end + 1; sequence <= head.Sequence; sequence++)
        {
            AddMissing(head.Writer, sequence, $"it is missing, and {who} saw its chain reach {head.Sequence}: it was deleted, or the chain rolled back");
        }
    }

    private async ValueTask ReadAsync(Installation installation, string name, CancellationToken cancel)
    {
        byte[]? bytes = null;
        try
        {
            bytes = await installation.Store.ReadAllAsync(name, cancel).ConfigureAwait(false);
            if (ObjectKinds.Of(name) != ObjectKind.Audit)
            {
                throw Failures.Damaged(name, "no audit record has such a name");
            }
            var record = AuditRecord.Read(name, bytes, installation.Reserve, id => AuditLog.KeyOf(installation, id));
            _links[(record.Writer, record.Sequence)] = new AuditLink(name, record, PointRecord.HashOf(bytes));
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            var link = new AuditLink(name, null, bytes is null ? default : PointRecord.HashOf(bytes));
            link.Blame(AuditState.Damaged, Failures.Words(e));
            if (ObjectKinds.Of(name) == ObjectKind.Audit && AuditLog.KeyOf(installation, ObjectKinds.RunIn(name).Writer) is not null)
            {
                _links[ObjectKinds.RunIn(name)] = link;
            }
            else
            {
                _strays[name] = link;
            }
        }
    }

    private void CheckChain(Id16 writer, long from, long end)
    {
        for (var sequence = from; sequence <= end; sequence++)
        {
            if (At(writer, sequence) is null)
            {
                AddMissing(writer, sequence, "it is missing, although its writer went on");
            }
        }
        for (var sequence = from; sequence <= end; sequence++)
        {
            var link = At(writer, sequence)!;
            if (link.Record is null)
            {
                continue;
            }
            if (sequence == 1)
            {
                if (!link.Record.Previous.IsZero)
                {
                    link.Blame(AuditState.Tampered, "it is the first of its writer and names one before it");
                }
            }
            else if (At(writer, sequence - 1) is { Record: not null } before && before.Hash != link.Record.Previous)
            {
                before.Blame(AuditState.Tampered, $"it is not the record that '{link.Name}' was written after: the chain was forked, or the record replaced");
            }
        }
    }

    /// <summary>Nothing says approved without an approval that fits, nor executed without approved: save for the first approver, and once.</summary>
    private void CheckApprovals(EnrolledApprovers approvers)
    {
        var first = true;
        foreach (var link in _links.Values.Where(l => l.Record is not null).OrderBy(l => l.Record!.TimeNs).ThenBy(l => l.Record!.Sequence))
        {
            var record = link.Record!;
            switch (record.Event)
            {
                case AuditEvent.Approved when record.Approvals.Count == 0:
                    link.Blame(AuditState.Tampered, "it says approved and holds no approval");
                    break;
                case AuditEvent.Approved:
                    foreach (var approval in record.Approvals)
                    {
                        if (approvers.Find(approval.Approver) is not { } approver)
                        {
                            link.Blame(AuditState.Tampered, $"it says approved by {approval.Approver}, whom nobody enrolled");
                        }
                        else if (!approval.IsSignedBy(approver.PublicKey, record.Reserve, record.Request, record.PlanDigest))
                        {
                            link.Blame(AuditState.Tampered, $"it says approved, and the approval of {approval.Approver} does not fit");
                        }
                    }
                    break;
                case AuditEvent.Executed when record.Request.IsZero && record.Verb == ApproverJobs.Register && first:
                    first = false;
                    break;
                case AuditEvent.Executed or AuditEvent.Failed when !IsApproved(record):
                    link.Blame(AuditState.Tampered, "it tells of a deed that no record says was approved");
                    break;
            }
        }
    }

    private bool IsApproved(AuditRecord deed) => !deed.Request.IsZero && _links.Any(l => l.Key.Writer == deed.Writer && l.Key.Sequence < deed.Sequence
        && l.Value.Record is null or { Event: AuditEvent.Approved or AuditEvent.BrokeGlass } && (l.Value.Record is null || (l.Value.Record.Request == deed.Request && l.Value.Record.PlanDigest == deed.PlanDigest)));

    private void AddMissing(Id16 writer, long sequence, string problem)
    {
        var link = new AuditLink(AuditRecord.NameOf(writer, sequence), null, default);
        link.Blame(AuditState.Missing, problem);
        _links[(writer, sequence)] = link;
    }
}
