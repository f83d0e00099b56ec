using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.People;

/// <summary>
/// A person's own erasure: asked for, approved by compliance, confirmed by the person, carried out by the host's daily job. What is looked up by name here is looked up by the engine for that one person; who was erased is
/// known by the tags of the names, which need no key.
/// </summary>
internal sealed class OwnErasures(OwnReading reading, IReadOnlyList<string> subjects)
{
    private const string LegalBasis = "Art. 17 GDPR, asked for in the portal by whom it belongs to";
    private const string Verb = "Remove-StingSubject", Reference = "Reference", Basis = "Legal basis";
    private const int LongestReason = 500;

    // Planning an erasure looks for contributions under the names of others: the engine does that, and shows none of it.
    private Installation Whole => reading.View.Installation.As(reading.Installation.Caller);

    public async ValueTask<IReadOnlyList<OwnErasure>> ListAsync(CancellationToken cancel)
    {
        var book = BookOf();
        var erasures = book.Where(IsOwn).ToList();
        var asked = await ApprovalDesk.ListAsync(reading.Installation, await reading.AuditAsync(cancel).ConfigureAwait(false), all: true, IsOwn, cancel).ConfigureAwait(false);
        var confirmed = erasures.Select(e => e.Approval.ToString()).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. erasures.Select(Describe).Concat(asked.Where(r => !confirmed.Contains(r.Id)).Select(Describe)).OrderByDescending(e => e.RequestedTime).ThenBy(e => e.Id, StringComparer.Ordinal),
        ];
    }

    public async ValueTask<IReadOnlyList<OwnErasure>> AskAsync(string reason, CancellationToken cancel)
    {
        var line = string.Join(' ', reason.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length is 0 or > LongestReason || line.Any(char.IsControl))
        {
            throw new StingException("ErasureReasonMissing", FailureKind.InvalidArgument, $"An erasure needs a reason of 1 to {LongestReason} letters.", null, "Say why in a line.");
        }
        Access.Require(reading.Installation, Verb);
        var asked = new List<OwnErasure>();
        foreach (var subject in OwnSubjects())
        {
            var plan = await PlanAsync(subject, line, cancel).ConfigureAwait(false);
            var dangerous = ErasureJob.DangerOf(Whole, plan);
            var request = await Guard.RequestAsync(Whole, dangerous, cancel).ConfigureAwait(false);
            asked.Add(Describe(request.ToRecord("", await Guard.LookAsync(Whole, dangerous, cancel).ConfigureAwait(false))));
        }
        return asked.Count > 0 ? asked : throw new StingException("NothingToErase", FailureKind.NotFound, "No backup holds anything of yours.", null, "What was never backed up needs no erasure here.");
    }

    public async ValueTask<OwnErasure> ConfirmAsync(string id, CancellationToken cancel)
    {
        var folder = new ApprovalFolder(reading.Installation.StateFolder);
        var request = Id16.TryParse(id?.Trim(), out var parsed) && folder.Find(parsed) is { } found && found.Reserve == reading.Installation.Reserve && IsOwn(found) ? found : throw ApprovalDesk.Unknown(id);
        var plan = await PlanAsync(request.Plan.Target, request.Plan.Fact(Reference) ?? "", cancel).ConfigureAwait(false);
        var installation = Whole.As(reading.Installation.Caller with { ApprovalId = request.Id.ToString() });
        var kept = await ErasureJob.RequestAsync(installation, plan, cancel).ConfigureAwait(false);
        return BookOf().Where(e => e.Id.ToString() == kept.Id).Select(Describe).Single();
    }

    public async ValueTask<OwnCertificate> CertificateAsync(string id, CancellationToken cancel)
    {
        var book = new ErasureBook(reading.Installation.Keys!);
        if (BookOf().FirstOrDefault(e => e.Id.ToString() == id?.Trim() && IsOwn(e)) is not { State: ErasureState.Completed } record)
        {
            throw new StingException("ErasureNotFound", FailureKind.NotFound, $"There is no certificate '{id}' of yours.", id, "A certificate follows when an erasure is completed.");
        }
        var file = book.CertificateOf(record.Id);
        var page = Path.ChangeExtension(file, ".html");
        return new OwnCertificate(await File.ReadAllBytesAsync(file, cancel).ConfigureAwait(false), File.Exists(page) ? await File.ReadAllBytesAsync(page, cancel).ConfigureAwait(false) : null);
    }

    /// <summary>Subjects that are asked for: a jar is erased by whoever is responsible for it.</summary>
    private IEnumerable<string> OwnSubjects() => subjects.Where(s => reading.Own.Values.Contains(s) && !s.StartsWith("jar:", StringComparison.Ordinal));

    private async ValueTask<ErasurePlan> PlanAsync(string subject, string reason, CancellationToken cancel)
    {
        if (!OwnSubjects().Contains(subject))
        {
            throw ApprovalDesk.Unknown(subject);
        }
        try
        {
            return await ErasureJob.PlanAsync(Whole, new ErasureRequest(RestoreScope.User, subject, LegalBasis, reason, reading.Installation.Caller.Actor), cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (e.ErrorId == "LegalHoldStands")
        {
            // Who ordered to keep it, and why, is not always for whom it concerns.
            throw new StingException("ErasureNotPossible", FailureKind.Refused, "Some of your data must be kept for now.", null, "Ask whoever is responsible for data protection here.");
        }
    }

    private IReadOnlyList<ErasureRecord> BookOf() => reading.Installation.Keys is { } keys ? new ErasureBook(keys).Erasures : [];

    private bool IsOwn(GuardRequest request) => request.Plan.Verb == Verb && request.Plan.Fact(Basis) == LegalBasis && request.Actor == reading.Installation.Caller.Actor && subjects.Contains(request.Plan.Target);

    /// <summary>Names go when an erasure is done; tags of them stay.</summary>
    private bool IsOwn(ErasureRecord record)
    {
        var tags = reading.Installation.Host is { } host ? subjects.Select(host.Subjects.TagOf).ToHashSet() : [];
        return record.Targets.Any(t => reading.Own.ContainsKey(t.Pseudonym) || tags.Contains(t.Tag));
    }

    private static OwnErasure Describe(ErasureRecord record) => new(record.Id.ToString(), record.State switch
    {
        ErasureState.Pending => OwnErasureState.Pending, ErasureState.Stopped => OwnErasureState.Stopped, ErasureState.Incomplete => OwnErasureState.Incomplete, _ => OwnErasureState.Completed,
    }, NanosecondTime.FromNs(record.RequestedNs, 0))
    {
        DueTime = NanosecondTime.FromNs(record.DueNs, 0), ErasedTime = record.ErasedNs == 0 ? null : NanosecondTime.FromNs(record.ErasedNs, 0),
    };

    private static OwnErasure Describe(ApprovalRequest request) => new(request.Id,
        request.State switch { ApprovalState.Open => OwnErasureState.Asked, ApprovalState.Approved => OwnErasureState.Approved, _ => OwnErasureState.Ended }, request.CreatedTime);
}
