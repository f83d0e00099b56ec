using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What was done about the index.</summary>
/// <param name="Packs">Packs read.</param>
/// <param name="Entries">Rows written.</param>
/// <param name="Replaced">Fragments replaced.</param>
/// <param name="Signed">Whether every row in force is vouched for.</param>
/// <param name="Audit">What the pages of all points say, where keys are at hand: subjects' names.</param>
internal sealed record IndexOutcome(long Packs, long Entries, long Replaced, bool Signed, PageAudit? Audit);

/// <summary>
/// Makes the index anew where it is damaged or does not fit the packs. A fragment whose packs are all whole and that says of each what its footer says stays as it is.
/// The rest is said again: signed where it is vouched for (opened with keys now, or said by this host before), unsigned where not. What damaged and missing packs
/// hold is never signed: readers still try it, the next full run stores it again, and the repair after that takes it out.
/// </summary>
internal sealed class IndexRebuild(
    Installation installation, EnrolledWriters writers, WriterIdentity? identity, ISubjectReader? keys, ObjectProbe probe, TierHealer healer, FaultBook left, JobOutput output)
{
    private readonly FaultBook _found = new();
    private readonly StoreMender _mender = new(installation.Store, left);
    private readonly IndexDraft _draft = new();
    private readonly List<PackInfo> _unneeded = [];

    public async ValueTask<IndexOutcome> RunAsync(CancellationToken cancel)
    {
        var census = await Census.TakeAsync(installation.Store, _found, cancel).ConfigureAwait(false);
        var foundProbe = new ObjectProbe(installation.Store, _found);
        var points = new PointCheck(foundProbe, census, writers, installation.Reserve, _found);
        await points.RunAsync(cancel).ConfigureAwait(false);
        var check = new IndexCheck(foundProbe, census, writers, installation.Reserve);
        await check.RunAsync(cancel).ConfigureAwait(false);
        var index = new RepositoryIndex(check.Valid);
        var rows = new PackRows(index);
        using var opener = keys is null ? null : new ChunkReader(installation.Store, new RepositoryIndex([]), installation.Reserve, keys);
        var survey = new PackSurvey(new WholePacks(probe, _found, installation.Threads, output), installation.Reserve, index, rows, opener, _found);
        await survey.RunAsync([.. census.Packs.Values.OrderBy(p => p.Name, StringComparer.Ordinal)], cancel).ConfigureAwait(false);

        var missing = rows.Packs.Where(p => !census.Objects.ContainsKey(p.Name)).ToList();
        var elsewhere = await new TierLeave(installation, index, rows, output).FindAsync(missing, points.Valid, _found, cancel).ConfigureAwait(false);
        survey.AddElsewhere(missing.Where(p => elsewhere.Contains(p.Id)));
        missing = await HealAsync(survey, [.. missing.Where(p => !elsewhere.Contains(p.Id))], cancel).ConfigureAwait(false);

        var fitting = index.Fragments.Where(f => (f.IsSigned || keys is null) && f.Packs.All(p => survey.Findings.TryGetValue(p.Id, out var finding) && finding.Agrees)).ToList();
        var unfit = index.Fragments.Except(fitting).ToList();
        // Who cannot sign replaces nothing that is signed.
        var replaced = unfit.Where(f => identity is not null || !f.IsSigned).ToList();
        var kept = index.Fragments.Except(replaced).ToList();
        _draft.Replaced.AddRange(check.Damaged.Concat(replaced.Select(f => f.Name)).Order(StringComparer.Ordinal));
        _draft.Removes.AddRange(replaced.SelectMany(f => f.Removes).Distinct());
        survey.AddMissing(missing);
        await DraftAsync(survey, kept, replaced, index, rows, cancel).ConfigureAwait(false);

        var audit = keys is null ? null : await FindUnneededAsync(survey, kept, unfit, points, cancel).ConfigureAwait(false);
        await LeaveOutGoingAsync(survey, census, points, cancel).ConfigureAwait(false);
        var isNew = !_draft.SaysNothingNew(replaced);
        var written = isNew ? _draft.Encode(installation.Reserve, identity) : [];
        await WriteAsync(written, [.. check.Damaged, .. replaced.Where(f => isNew && !f.IsSigned).Select(f => f.Name)], cancel).ConfigureAwait(false);
        foreach (var pack in _unneeded)
        {
            // Read once more: what a passing failure of the disk or of memory damaged is whole now, and stays.
            var again = new PackSurvey(new WholePacks(probe, new FaultBook(), 1, output), installation.Reserve, index, rows, null, new FaultBook());
            await again.RunAsync([pack], cancel).ConfigureAwait(false);
            if (!again.Findings[pack.Id].IsWhole && await _mender.RemoveAsync(pack.Name, cancel).ConfigureAwait(false))
            {
                output.Tell($"'{pack.Name}' was damaged, and what points need of it lies in other packs too: it is removed.");
            }
        }
        return new IndexOutcome(survey.Packs, written.Sum(w => (long)w.Fragment.Count), isNew ? _draft.Replaced.Count : 0,
            kept.TrueForAll(f => f.IsSigned) && (written.Count == 0 ? _draft.Rows == 0 : written.All(w => w.Fragment.IsSigned)), audit);
    }

    /// <summary>Damaged and missing packs from other tiers; returns those that stay missing.</summary>
    private async ValueTask<List<PackInfo>> HealAsync(PackSurvey survey, IReadOnlyList<PackInfo> missing, CancellationToken cancel)
    {
        var lost = new List<PackInfo>(missing);
        if (!healer.IsPossible)
        {
            return lost;
        }
        var healed = new List<PackInfo>();
        foreach (var (pack, problem) in survey.Findings.Values.Where(f => !f.IsWhole).Select(f => (f.Pack, _found.Holds(f.Pack.Name) ? _found[f.Pack.Name].Problem : "it cannot be read")).Concat(missing.Select(p => (p, "it is missing"))).OrderBy(p => p.Item1.Name, StringComparer.Ordinal).ToList())
        {
            if (await healer.HealAsync(pack.Name, problem, writers, cancel).ConfigureAwait(false) && await installation.Store.GetLengthAsync(pack.Name, cancel).ConfigureAwait(false) is { } length)
            {
                _found.Forget(pack.Name);
                healed.Add(pack with { Length = length });
                lost.RemoveAll(p => p.Id == pack.Id);
            }
        }
        await survey.RunAsync(healed, cancel).ConfigureAwait(false);
        return lost;
    }

    /// <summary>Rows of every pack that no kept fragment covers.</summary>
    private async ValueTask DraftAsync(
        PackSurvey survey, List<IndexFragment> kept, List<IndexFragment> replaced, RepositoryIndex index, PackRows rows, CancellationToken cancel)
    {
        var rest = RestOf(kept, replaced, index, rows);
        var covered = kept.SelectMany(f => f.Packs).Where(p => !rest.ContainsKey(p.Id) && survey.Findings.TryGetValue(p.Id, out var finding) && finding.Agrees).Select(p => p.Id).Concat(_draft.Removes).ToHashSet();
        var ours = identity is null ? [] : replaced.Where(f => f.IsSigned && f.Writer == identity.Writer).SelectMany(f => f.Packs).Select(p => p.Id).ToHashSet();
        var findings = survey.Findings.Values.Where(f => !covered.Contains(f.Pack.Id)).OrderBy(f => f.Pack.Name, StringComparer.Ordinal).ToList();
        foreach (var finding in findings.Where(f => f.Agrees))
        {
            finding.Tables = rest.GetValueOrDefault(finding.Pack.Id) ?? rows.TablesOf(finding.Pack.Id, index);
        }
        if (keys is not null)
        {
            await survey.OpenAsync([.. findings.Where(f => f is { Agrees: true, IsElsewhere: false } && !ours.Contains(f.Pack.Id)).Select(f => f.Pack)], cancel).ConfigureAwait(false);
        }
        foreach (var finding in findings)
        {
            Draft(finding, ours.Contains(finding.Pack.Id));
        }
    }

    /// <summary>What replaced fragments say of a pack beyond what kept ones do: chunks of who was erased, which no key opens and nobody signs for, stand in a fragment of their own.</summary>
    private static Dictionary<Id32, PackTables> RestOf(List<IndexFragment> kept, List<IndexFragment> replaced, RepositoryIndex index, PackRows rows)
    {
        var rest = new Dictionary<Id32, PackTables>();
        var both = replaced.SelectMany(f => f.Packs).Select(p => p.Id).Intersect(kept.SelectMany(f => f.Packs).Select(p => p.Id)).Where(rows.Knows).ToList();
        if (both.Count == 0)
        {
            return rest;
        }
        var keptIndex = new RepositoryIndex(kept);
        var keptRows = new PackRows(keptIndex);
        foreach (var pack in both)
        {
            var said = keptRows.Knows(pack) ? keptRows.TablesOf(pack, keptIndex).Entries.Select(e => (e.Id, e.Offset)).ToHashSet() : [];
            var tables = rows.TablesOf(pack, index);
            if (tables.Entries.Where(e => !said.Contains((e.Id, e.Offset))).ToArray() is { Length: > 0 } more)
            {
                rest[pack] = tables with { Entries = more };
            }
        }
        return rest;
    }

    private void Draft(PackFinding finding, bool ours)
    {
        var name = finding.Pack.Name;
        if (_found.Holds(name))
        {
            left.Add(name, _found[name].Problem);
        }
        if (finding.Tables is not { } tables)
        {
            return;
        }
        if (finding is { IsWhole: true, Test: { } test })
        {
            _draft.Add(tables, test.Good, vouched: true);
            _draft.Add(tables, [.. test.Locked, .. test.Bad], vouched: false);
            if (test.Bad.Count > 0)
            {
                left.Add(name, $"{test.Bad.Count} of its {tables.Entries.Count} chunks cannot be opened");
            }
        }
        else
        {
            _draft.Add(tables, tables.Entries, vouched: finding.Agrees && ours);
        }
    }

    /// <summary>
    /// Walks all points over the index as it will be: for the names of subjects, and to find damaged and missing packs of which nothing is needed any more.
    /// </summary>
    private async ValueTask<PageAudit> FindUnneededAsync(
        PackSurvey survey, List<IndexFragment> kept, List<IndexFragment> unfit, PointCheck points, CancellationToken cancel)
    {
        output.Progress.Status = "what the restore points reach";
        var index = new RepositoryIndex([.. kept, .. _draft.Encode(installation.Reserve, identity).Select(d => d.Fragment)]);
        using var reader = new ChunkReader(installation.Store, index, installation.Reserve, keys);
        var audit = new PageAudit(_found);
        var walk = new ReachWalk(reader, audit, installation.Ledger, _found, installation.Threads, output);
        await walk.RunAsync(PointSelection.Choose(points.Valid, new VerifyRequest(), installation.Zone), cancel).ConfigureAwait(false);
        var others = unfit.Where(f => f.IsSigned && f.Writer != identity?.Writer).SelectMany(f => f.Packs).Select(p => p.Id).ToHashSet();
        if (walk.Unreadable.Count > 0 || walk.Locked.Count > 0 || points.Damaged > 0)
        {
            // What lies behind pages and points that cannot be read is not known: all may be needed.
            return audit;
        }
        var missing = walk.Missing.Select(m => m.Id).ToHashSet();
        foreach (var finding in survey.Findings.Values.Where(f => !f.IsWhole && !others.Contains(f.Pack.Id)))
        {
            // Of a pack that nothing tells the content of, everything that is in no pack may be.
            if (finding.Tables is { } tables ? !tables.Entries.Any(e => IsNeeded(e.Id)) : missing.Count == 0)
            {
                _draft.Remove(finding.Pack.Id);
                left.Forget(finding.Pack.Name);
                _unneeded.Add(finding.Pack);
            }
        }
        return audit;

        bool IsNeeded(Id32 id) => missing.Contains(id)
            || (IsReached(id) && !index.FindAll(id).Any(p => survey.Findings.TryGetValue(p.Segment.Pack.Id, out var other) && other.IsWhole));

        bool IsReached(Id32 id)
        {
            Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
            foreach (var rank in ranks[..index.FindRanks(id, ranks)])
            {
                if (walk.Reached.Contains(rank))
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>
    /// Leaves out packs that a sweep has condemned, or took while they were read. It has looked through the index before and would not take them out again, and a later run would build on what is gone.
    /// What a point reaches all the same stays, as a sweep lets it. Marks are looked at before packs: one that goes in between has taken its packs.
    /// </summary>
    private async ValueTask LeaveOutGoingAsync(PackSurvey survey, Census census, PointCheck points, CancellationToken cancel)
    {
        var marks = await MarkBook.LoadAsync(installation.Store, installation.Reserve, writers, [], cancel).ConfigureAwait(false);
        var there = new HashSet<Id32>();
        await foreach (var pack in PackFooters.ListAsync(installation.Store, cancel).ConfigureAwait(false))
        {
            there.Add(pack.Id);
        }
        var gone = marks.Marks.SelectMany(m => m.Condemned?.Packs ?? []).Select(p => p.Id).ToHashSet();
        gone.UnionWith(survey.Findings.Values.Select(f => f.Pack).Where(p => census.Objects.ContainsKey(p.Name) && !there.Contains(p.Id)).Select(p => p.Id));
        var going = _draft.Packs.Where(gone.Contains).ToHashSet();
        if (going.Count == 0 || points.Damaged > 0)
        {
            return;
        }
        // As a sweep looks: at the points and the index of now, by which what was moved lies in other packs.
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, writers, cancel).ConfigureAwait(false);
        var index = new RepositoryIndex([.. view.Index.Fragments.Where(f => !_draft.Replaced.Contains(f.Name)), .. _draft.Encode(installation.Reserve, identity).Select(d => d.Fragment)]);
        using var reader = new ChunkReader(installation.Store, index, installation.Reserve, null);
        var walk = new ReachWalk(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        await walk.RunAsync([.. view.Backups.SelectMany(p => p.Record.Classes.Select(c => PointSelection.PartOf(p.Record, c)))], cancel).ConfigureAwait(false);
        var rows = new PackRows(index);
        foreach (var pack in going.Where(pack => walk.Unreadable.Count == 0 && !rows.Of(pack).ToArray().Any(IsNeeded)))
        {
            _draft.Remove(pack);
            if (!there.Contains(pack))
            {
                left.Forget(survey.Findings[pack].Pack.Name);
            }
        }

        bool IsNeeded(int rank) => walk.Reached.Contains(rank) && index.TryPlaceAt(rank, out var place)
            && !index.FindAll(place.Entry.Id).Any(other => other.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym && Stays(other.Segment.Pack.Id));

        bool Stays(Id32 pack) => !gone.Contains(pack) && there.Contains(pack) && !(survey.Findings.TryGetValue(pack, out var finding) && !finding.IsWhole);
    }

    /// <summary>New ones first, durable; only then the damaged ones go, and unsigned ones, of which sweeps know nothing.</summary>
    private async ValueTask WriteAsync(IReadOnlyList<DraftFragment> fragments, IReadOnlyList<string> useless, CancellationToken cancel)
    {
        foreach (var fragment in fragments)
        {
            await installation.Store.PutAsync(fragment.Name, fragment.Bytes, cancel).ConfigureAwait(false);
        }
        foreach (var name in useless)
        {
            if (await _mender.RemoveAsync(name, cancel).ConfigureAwait(false))
            {
                output.Explain($"Removed '{name}': what it said stands in the index again.");
            }
        }
    }
}
