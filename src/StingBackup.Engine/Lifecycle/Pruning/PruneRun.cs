using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// One sweep. The oldest step first: what is due is deleted, what no session can use any more is condemned, and only then is more marked, so that each survey is used for one thing
/// alone. A sweep that is killed anywhere leaves what the next one goes on with.
/// </summary>
/// <param name="installation">The installation whose store is swept.</param>
/// <param name="tier">The tier that it is.</param>
/// <param name="home">The installation that keeps the audit, whose store is the local tier.</param>
/// <param name="output">Takes progress.</param>
internal sealed class PruneRun(Installation installation, Tier tier, Installation home, JobOutput output)
{
    private PackSum _marked, _rewritten, _deleted, _waiting;
    private long _spared, _joined, _sessions;
    private readonly List<string> _certificates = [];
    private readonly LockedDeletes _deletes = new(home, tier, installation.Store, output);

    public async Task<object> RunAsync(CancellationToken cancel)
    {
        Maintenance.Require(installation.Writers, installation.Writer);
        using var hostLock = installation.LockHost();
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Prune";
        var bounds = tier == Tier.Local ? null : await PruneBounds.TakeAsync(home, tier, cancel).ConfigureAwait(false);
        var survey = await PruneSurvey.TakeAsync(installation, bounds, output, cancel).ConfigureAwait(false);
        await RemoveReplacedAsync(survey, cancel).ConfigureAwait(false);
        await RemoveLeftAsync(survey, cancel).ConfigureAwait(false);
        if (installation.Store.Parity is not null && await Integrity.ParityKeeping.SweepAsync(installation.Store, cancel).ConfigureAwait(false) is > 0 and var orphans)
        {
            output.Explain($"Parity of {orphans} packs that are gone was deleted.");
        }
        var marks = new PruneDecision(survey, installation).Marks;
        List<PackMark> due = [.. marks.Where(m => m.Standing.IsDue).Select(m => m.Mark)];
        await DeleteAsync(survey, due, cancel).ConfigureAwait(false);
        foreach (var (mark, standing) in marks.Where(m => !m.Standing.IsDue))
        {
            await GoOnAsync(survey, mark, standing, cancel).ConfigureAwait(false);
        }
        if (due.Count == 0 && await ForgottenAsync(survey, cancel).ConfigureAwait(false) is { Count: > 0 } forgotten)
        {
            // Nothing can use them: no run builds on what is not on its tier.
            _joined += await new IndexCompaction(installation, survey).WithoutAsync([.. forgotten], cancel).ConfigureAwait(false);
            output.Explain($"The index forgets {forgotten.Count} packs that lay on further tiers alone and that no restore point needs any more.");
            survey = await PruneSurvey.TakeAsync(installation, bounds, output, cancel).ConfigureAwait(false);
        }
        if (due.Count > 0)
        {
            survey = await PruneSurvey.TakeAsync(installation, bounds, output, cancel).ConfigureAwait(false);
        }
        await MarkAsync(survey, cancel).ConfigureAwait(false);
        await RemoveSessionsAsync(survey, cancel).ConfigureAwait(false);
        await _deletes.FinishAsync("Optimize-StingRepository", cancel).ConfigureAwait(false);
        if (_marked.Packs + _deleted.Packs > 0)
        {
            await AuditLog.NoteAsync(home, "Optimize-StingRepository", [], FormattableString.Invariant($"{(tier == Tier.Local ? "" : $"{tier}: ")}Marked {_marked.Packs}, deleted {_deleted.Packs}"), cancel).ConfigureAwait(false);
        }
        return new PruneResult
        {
            Marked = _marked, Rewritten = _rewritten, Deleted = _deleted, Spared = _spared, Waiting = _waiting, FragmentsJoined = _joined, Sessions = _sessions, Certificates = _certificates.ToArray(), Locked = _deletes.Locked, LockedUntil = _deletes.Until, Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    /// <summary>
    /// A fragment goes before what replaces it is itself replaced, and it would count again. One that stays since it is locked keeps what replaces it.
    /// </summary>
    private async ValueTask RemoveReplacedAsync(PruneSurvey survey, CancellationToken cancel)
    {
        bool Replaces(string name, HashSet<string> any) => survey.Replacing.TryGetValue(name, out var replaced) && replaced.Any(any.Contains);
        var left = survey.Replaced.ToHashSet(StringComparer.Ordinal);
        var staying = new HashSet<string>(StringComparer.Ordinal);
        while (left.FirstOrDefault(name => !Replaces(name, left)) is { } fragment)
        {
            left.Remove(fragment);
            if (Replaces(fragment, staying) || !await _deletes.TryAsync(fragment, 0, cancel).ConfigureAwait(false))
            {
                staying.Add(fragment);
            }
            else if (_deletes.WasThere)
            {
                _joined++;
            }
        }
    }

    /// <summary>
    /// The survey lists packs before the index: what a run stored and named in between, whose point comes next, looks as if it lay on further tiers alone. So each is looked for again, now that the index was read.
    /// </summary>
    private async ValueTask<List<Id32>> ForgottenAsync(PruneSurvey survey, CancellationToken cancel)
    {
        var forgotten = new List<Id32>();
        foreach (var pack in PruneDecision.Forgotten(survey, installation))
        {
            if (await installation.Store.GetLengthAsync(pack.Name, cancel).ConfigureAwait(false) is null)
            {
                forgotten.Add(pack.Id);
            }
        }
        return forgotten;
    }

    // --- marks that stand

    private async ValueTask GoOnAsync(PruneSurvey survey, PackMark mark, MarkStanding standing, CancellationToken cancel)
    {
        if (mark is { Sessions: null, Condemned: null })
        {
            // Its sweeper ended in between. What is open now includes what was open then and still is. Who signs it is named in it.
            await NameSessionsAsync(mark.Marked with { Writer = installation.Writer, Sequence = survey.LastSequence }, cancel).ConfigureAwait(false);
        }
        else if (mark.Condemned is null && standing.WaitsFor.Length == 0)
        {
            await CondemnAsync(survey, mark, cancel).ConfigureAwait(false);
        }
        var waiting = (mark.Condemned ?? mark.Marked).Packs;
        _waiting = Add(_waiting, waiting.Count, waiting.Sum(pack => pack.Length));
    }

    /// <summary>The survey was taken after the last session that could use the packs had ended: what no point reaches now, no point will.</summary>
    private async ValueTask CondemnAsync(PruneSurvey survey, PackMark mark, CancellationToken cancel)
    {
        var into = Into(mark, survey);
        await ProveAsync(into, survey, cancel).ConfigureAwait(false);
        var condemned = mark.Marked.Packs.Where(pack => IsUnneeded(survey, pack, into)).ToList();
        Spare(mark.Marked.Packs.Count - condemned.Count);
        if (condemned.Count == 0)
        {
            await RemoveAsync(mark, cancel).ConfigureAwait(false);
            return;
        }
        await PutAsync(mark.Marked with { Writer = installation.Writer, Sequence = survey.LastSequence, Step = MarkStep.Condemned, TimeNs = installation.NowNs, Packs = condemned }, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Packs that a mark's moved ones were copied to. One that a later sweep moves in turn is on its way out itself: then what that sweep made of it counts, or small packs that are joined daily would be spared
    /// daily and never go. What is only going counts for nothing: a copy of the same chunks is the same pack, and may stand in a mark.
    /// </summary>
    private static HashSet<Id32> Into(PackMark mark, PruneSurvey survey)
    {
        var going = survey.Marks.Packs;
        HashSet<Id32> into = [], seen = [];
        var open = new Queue<Id32>(mark.Marked.Into);
        while (open.TryDequeue(out var pack))
        {
            if (!seen.Add(pack))
            {
                continue;
            }
            if (!going.Contains(pack))
            {
                into.Add(pack);
                continue;
            }
            foreach (var next in survey.Marks.Marks.Where(m => m.Marked.Packs.Any(p => p.Id == pack && p.IsMoved)).SelectMany(m => m.Marked.Into))
            {
                open.Enqueue(next);
            }
        }
        return into;
    }

    /// <summary>Reads packs whole on whose account others go.</summary>
    private async ValueTask ProveAsync(IEnumerable<Id32> packs, PruneSurvey survey, CancellationToken cancel)
    {
        foreach (var pack in packs)
        {
            var info = survey.Stored.GetValueOrDefault(pack) ?? throw new StingException("PruneUnsafe", FailureKind.Integrity, $"Pack {pack}, to which an earlier sweep copied, is not in the repository.", pack.ToString(),
                "Run Test-StingBackupIntegrity, then Repair-StingRepository.");
            PackReader.CheckBytes(info, await Storage.ObjectStoreExtensions.ReadAllAsync(installation.Store, info.Name, cancel).ConfigureAwait(false));
        }
    }

    /// <summary>Whether no point reaches anything of a pack that is not, of a moved one, in the packs that it was copied to.</summary>
    private static bool IsUnneeded(PruneSurvey survey, MarkedPack pack, HashSet<Id32> into)
    {
        foreach (var rank in survey.Rows.Of(pack.Id))
        {
            if (survey.Reached.Contains(rank) && survey.View.Index.TryPlaceAt(rank, out var place)
                && !(pack.IsMoved && survey.View.Index.FindAll(place.Entry.Id).Any(other => into.Contains(other.Segment.Pack.Id) && other.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym)))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// First the index says that they are gone, then they go, then the marks. It says so of all marks that are due at once: joined by the same survey a second time, it would name again what the first time took out.
    /// </summary>
    private async ValueTask DeleteAsync(PruneSurvey survey, List<PackMark> due, CancellationToken cancel)
    {
        if (due.Count == 0)
        {
            return;
        }
        var going = new List<(PackMark Mark, List<MarkedPack> Packs)>();
        foreach (var mark in due)
        {
            var into = Into(mark, survey);
            await ProveAsync(into.Except(mark.Marked.Into), survey, cancel).ConfigureAwait(false);   // the others were read when it was condemned
            var packs = mark.Condemned!.Packs.Where(pack => IsUnneeded(survey, pack, into)).ToList();
            if (packs.Count < mark.Condemned.Packs.Count)
            {
                output.Warn($"{mark.Condemned.Packs.Count - packs.Count} packs that were to be deleted are reached by a restore point again: they stay. No session should have used them: see whether a host's state folder was copied, or its program is another one.");
                Spare(mark.Condemned.Packs.Count - packs.Count);
            }
            going.Add((mark, packs));
        }
        if (tier == Tier.Local)
        {
            _joined += await new IndexCompaction(installation, survey).WithoutAsync([.. going.SelectMany(g => g.Packs).Select(pack => pack.Id)], cancel).ConfigureAwait(false);
        }
        foreach (var (mark, packs) in going)
        {
            await DeleteAsync(survey, mark, packs, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask DeleteAsync(PruneSurvey survey, PackMark mark, List<MarkedPack> going, CancellationToken cancel)
    {
        var staying = new List<MarkedPack>();
        foreach (var pack in going.Where(pack => survey.Stored.ContainsKey(pack.Id)))
        {
            if (!await _deletes.TryAsync(pack.Name, pack.Length, cancel).ConfigureAwait(false))
            {
                staying.Add(pack);
            }
            else if (_deletes.WasThere)
            {
                _deleted = Add(_deleted, 1, pack.Length);
            }
        }
        if (staying.Count > 0)
        {
            // The mark stands as long as one of its packs, so that nobody uses that again and the next sweep tries it.
            _waiting = Add(_waiting, staying.Count, staying.Sum(pack => pack.Length));
            return;
        }
        if (going.Count > 0 && await new PurgeRecord(installation, home, output).CertifyAsync(survey, mark, going, cancel).ConfigureAwait(false) is { } certificate)
        {
            _certificates.Add(certificate);
        }
        await RemoveAsync(mark, cancel).ConfigureAwait(false);
    }

    /// <summary>The first step goes last: while it stands, a mark is whole enough to be gone on with.</summary>
    private async ValueTask RemoveAsync(PackMark mark, CancellationToken cancel)
    {
        foreach (var step in (MarkStep[])[MarkStep.Sessions, MarkStep.Condemned, MarkStep.Marked])
        {
            await installation.Store.DeleteAsync(MarkRecord.NameOf(mark.Marked.Mark, step), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Of two sweeps side by side one may write a step of a mark that the other has just removed. The first step comes before the others and goes after them: where one of them was seen and it is not there, the mark is gone.
    /// </summary>
    private async ValueTask RemoveLeftAsync(PruneSurvey survey, CancellationToken cancel)
    {
        foreach (var step in survey.Marks.Left)
        {
            if (await installation.Store.GetLengthAsync(MarkRecord.NameOf(step.Mark, MarkStep.Marked), cancel).ConfigureAwait(false) is null)
            {
                await installation.Store.DeleteAsync(step.ObjectName, cancel).ConfigureAwait(false);
            }
        }
    }

    private void Spare(int packs) => _spared += packs;

    // --- new marks

    private async ValueTask MarkAsync(PruneSurvey survey, CancellationToken cancel)
    {
        var decision = new PruneDecision(survey, installation);
        var into = new List<Id32>();
        var moved = new List<PackUse>();
        // What is of captures of whole servers stays apart, as a run stores it.
        foreach (var kind in decision.Wasteful.GroupBy(use => (use.Pack.Kind, IsPhysical: survey.IsPhysical(use))))
        {
            await MoveAsync(survey, kind.Key.Kind, [.. kind], moved, into, cancel).ConfigureAwait(false);
        }
        List<MarkedPack> packs = [.. decision.Unreached.Select(use => ToMarked(use, isMoved: false)), .. moved.Select(use => ToMarked(use, isMoved: true))];
        if (packs.Count == 0)
        {
            return;
        }
        var mark = new MarkRecord
        {
            Reserve = installation.Reserve, Writer = installation.Writer, Sequence = survey.LastSequence, Mark = Id16.New(installation.Random), Step = MarkStep.Marked, TimeNs = installation.NowNs, Packs = packs, Into = into,
        };
        await PutAsync(mark, cancel).ConfigureAwait(false);
        await NameSessionsAsync(mark, cancel).ConfigureAwait(false);
        _marked = Add(default, packs.Count, packs.Sum(pack => pack.Length));
        _waiting = Add(_waiting, _marked.Packs, _marked.Length);
    }

    /// <summary>Copies what is needed of wasteful packs, and signs for it: it is this host's own.</summary>
    private async ValueTask MoveAsync(PruneSurvey survey, ObjectKind kind, IReadOnlyList<PackUse> packs, List<PackUse> moved, List<Id32> into, CancellationToken cancel)
    {
        var identity = installation.IdentityOf(survey.LastSequence);
        var copier = new PackCopier(installation.Store, identity, kind, installation.PackSizes.Of(kind));
        foreach (var use in packs)
        {
            output.Progress.Status = use.Pack.Name;
            try
            {
                await copier.AddAsync(use.Pack, survey.LiveOf(use.Pack.Id), cancel).ConfigureAwait(false);
                moved.Add(use);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                output.Failed(e);   // it stays as it is
            }
        }
        await copier.FlushAsync(cancel).ConfigureAwait(false);
        if (copier.Content.Packs.Count > 0)
        {
            await installation.Store.BarrierAsync(cancel).ConfigureAwait(false);
            await IndexFragment.PutAsync(installation.Store, copier.Content, identity, level: 0, cancel).ConfigureAwait(false);
            into.AddRange(copier.Content.Packs.Select(pack => pack.Id));
            moved.RemoveAll(use => into.Contains(use.Pack.Id));   // a copy of all of it is the pack itself
            _rewritten = Add(_rewritten, copier.Content.Packs.Count, copier.Content.Packs.Sum(pack => pack.Length));
        }
    }

    private static MarkedPack ToMarked(PackUse use, bool isMoved) => new(use.Pack.Id, use.Pack.Kind, use.Pack.Length, isMoved);

    /// <summary>After the mark stands: which sessions may have looked before it did.</summary>
    private async ValueTask NameSessionsAsync(MarkRecord mark, CancellationToken cancel)
    {
        var open = new List<(Id16 Writer, long Sequence)>();
        await foreach (var item in installation.Store.ListAsync("sessions/", cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) == ObjectKind.Session && ObjectKinds.RunIn(item.Name) is var session && session.Writer != installation.Writer
                && await installation.Store.GetLengthAsync(PointRecord.NameOf(session.Writer, session.Sequence), cancel).ConfigureAwait(false) is null)
            {
                open.Add(session);
            }
        }
        await PutAsync(mark with { Step = MarkStep.Sessions, TimeNs = installation.NowNs, Packs = [], Into = [], Sessions = open }, cancel).ConfigureAwait(false);
    }

    /// <summary>Announcements of runs that have ended serve nobody; the newest of each writer stays, as a sign of how far its chain went.</summary>
    private async ValueTask RemoveSessionsAsync(PruneSurvey survey, CancellationToken cancel)
    {
        string? before = null;
        await foreach (var item in installation.Store.ListAsync("sessions/", cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) != ObjectKind.Session)
            {
                continue;
            }
            var (writer, sequence) = before is null ? default : ObjectKinds.RunIn(before);
            if (before is not null && ObjectKinds.RunIn(item.Name).Writer == writer && survey.View.Points.Any(p => p.Record.Writer == writer && p.Record.Sequence == sequence)
                && await installation.Store.DeleteAsync(before, cancel).ConfigureAwait(false))
            {
                _sessions++;
            }
            before = item.Name;
        }
    }

    private async ValueTask PutAsync(MarkRecord step, CancellationToken cancel) => await installation.Store.PutAsync(step.ObjectName, step.ToBytes(installation.Signer), cancel).ConfigureAwait(false);

    private static PackSum Add(PackSum sum, long packs, long length) => new(sum.Packs + packs, sum.Length + length);
}
