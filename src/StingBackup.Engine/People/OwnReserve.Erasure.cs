namespace StingBackup.Engine.People;

public sealed partial class OwnReserve
{
    /// <summary>Requests for the erasure of this person's data, the newest first, and how each stands.</summary>
    public ValueTask<IReadOnlyList<OwnErasure>> ErasuresAsync(CancellationToken cancel) => LookAsync((reading, stop) => new OwnErasures(reading, Subjects).ListAsync(stop), cancel);

    /// <summary>
    /// Asks for the erasure of all that is this person's: a request that compliance approves, as for <c>Remove-StingSubject</c>. Nothing is erased by it. Of what was asked for already the open request is given.
    /// </summary>
    /// <param name="reason">Why: 1 to 500 letters in one line.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>ErasureReasonMissing</c>, <c>ErasureNotPossible</c>, <c>ErasureExists</c>, <c>NothingToErase</c>, <c>AuditChainBroken</c></exception>
    public ValueTask<IReadOnlyList<OwnErasure>> AskForErasureAsync(string reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return LookAsync((reading, stop) => new OwnErasures(reading, Subjects).AskAsync(reason, stop), cancel);
    }

    /// <summary>Confirms a request that was approved: it is carried out when it is due, and compliance can stop it until then.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>ApprovalRequired</c> and the others of <see cref="Governance.Guard"/>, <c>ErasureNotPossible</c></exception>
    public ValueTask<OwnErasure> ConfirmErasureAsync(string id, CancellationToken cancel) => LookAsync((reading, stop) => new OwnErasures(reading, Subjects).ConfirmAsync(id, stop), cancel);

    /// <summary>The certificate of an erasure of this person's data.</summary>
    /// <exception cref="StingException"><c>ErasureNotFound</c></exception>
    public ValueTask<OwnCertificate> CertificateAsync(string id, CancellationToken cancel) => LookAsync((reading, stop) => new OwnErasures(reading, Subjects).CertificateAsync(id, stop), cancel);

    /// <summary>What a month's backups were to this person.</summary>
    public ValueTask<OwnReport> ReportAsync(DateOnly month, CancellationToken cancel) => LookAsync(async (reading, stop) =>
    {
        var zone = reading.Installation.Zone;
        var first = new DateOnly(month.Year, month.Month, 1);
        DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), zone.GetUtcOffset(day.ToDateTime(TimeOnly.MinValue)));
        var (from, to) = (StartOf(first), StartOf(first.AddMonths(1)));
        var runs = await new OwnRuns(reading.Repository.Finder, reading.Trees).ReadAsync(from, to, stop).ConfigureAwait(false);
        var newest = runs.FirstOrDefault(r => r.ImportedFrom is null);
        var trees = newest is null ? [] : (await reading.Trees.AtRunAsync(newest.BackupId, stop).ConfigureAwait(false)).Trees;
        var deeds = new OwnDeeds(await reading.AuditAsync(stop).ConfigureAwait(false), reading.Own.Keys.ToHashSet(), from, to);
        var erasures = await new OwnErasures(reading, Subjects).ListAsync(stop).ConfigureAwait(false);
        return new OwnReport
        {
            Month = first, Runs = runs.Count, WholeRuns = runs.Count(r => r.IsWhole), Versions = runs.Count(r => r.Changed), Newest = newest, Items = trees.Sum(t => t.Row.Items), Length = trees.Sum(t => t.Row.Length),
            Restores = deeds.Restores, FailedRestores = deeds.FailedRestores, Openings = deeds.Openings,
            Erasures = [.. erasures.Where(e => (e.RequestedTime >= from && e.RequestedTime < to) || (e.ErasedTime >= from && e.ErasedTime < to))],
        };
    }, cancel);
}
