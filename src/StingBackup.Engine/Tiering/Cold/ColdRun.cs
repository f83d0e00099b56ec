using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// One filling of the archive tier: what is small, then pages, then cold packs, each batch followed by a barrier and a signed fragment of the archive's index, at last drops and points. A point in the
/// archive implies that all it reaches is there. Killed anywhere, the next run goes on with what has arrived.
/// </summary>
internal sealed class ColdRun(Installation installation, IObjectStore source, JobOutput output)
{
    /// <summary>Packs that may be under way before the index names them.</summary>
    private const int Batch = 4;

    private readonly ColdJournal _journal = ColdJournal.Open(installation);
    private IndexContent _unnamed = new();
    private WriterIdentity _identity = null!;
    private IObjectStore _archive = null!;
    private PackSum _cold, _meta;
    private long _chunks, _recovered, _points, _withheld;

    public async Task<ArchiveResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Archive";
        using var only = _journal.Lock();
        _archive = await installation.OpenTierAsync(Tier.Archive, cancel).ConfigureAwait(false);
        await RecoverAsync(cancel).ConfigureAwait(false);
        var survey = await ColdSurvey.TakeAsync(installation, source, output, cancel).ConfigureAwait(false);
        foreach (var fault in (IEnumerable<StingException>)[.. survey.View.Damage, .. survey.Archive.Damage, .. survey.Faults])
        {
            output.Failed(fault);
        }
        _identity = IdentityOf(survey.View);
        output.Progress.TotalBytes = survey.Bands.Sum(band => band.Length) + survey.Meta.Sum(pack => pack.Length);
        var copies = new ArchiveCopies(installation, source, _archive, output);
        foreach (var prefix in ArchiveCopies.BeforePacks)
        {
            await copies.CopyAsync(prefix, cancel).ConfigureAwait(false);
        }
        var sources = new ColdSources(source, survey.View.Index, output);
        var left = await CopyMetaAsync(survey, sources, cancel).ConfigureAwait(false);
        foreach (var band in survey.Bands)
        {
            await RecutAsync(band, sources, cancel).ConfigureAwait(false);
        }
        await NameAsync(cancel).ConfigureAwait(false);
        await copies.CopyAsync(DropRecord.Prefix, cancel).ConfigureAwait(false);
        await PutPointsAsync(survey, new ColdLeft(sources.Lost, left), copies, cancel).ConfigureAwait(false);
        var cooled = await ColdTransition.RunAsync(installation, _archive, output, cancel).ConfigureAwait(false);
        var deleted = await AnyDropAsync(cancel).ConfigureAwait(false) ? await new ColdSweep(installation, source, output).RunAsync(cancel).ConfigureAwait(false) : default;
        if (_cold.Packs + _points + cooled + deleted.Packs > 0)
        {
            await AuditLog.NoteAsync(installation, "Sync-StingTier", [], FormattableString.Invariant($"Archived {_points} points, {_cold.Packs} packs; cooled {cooled}, deleted {deleted.Packs}"), cancel).ConfigureAwait(false);
            await copies.CopyAsync("audit/", cancel).ConfigureAwait(false);
        }
        return new ArchiveResult
        {
            State = output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, Points = _points, Withheld = _withheld, Cold = _cold, Chunks = _chunks, Meta = _meta, Recovered = _recovered,
            Objects = copies.Count, Cooled = cooled, Deleted = deleted, Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    private async ValueTask<bool> AnyDropAsync(CancellationToken cancel)
    {
        await foreach (var _ in source.ListAsync(DropRecord.Prefix, cancel).ConfigureAwait(false))
        {
            return true;
        }
        return false;
    }

    private WriterIdentity IdentityOf(RepositoryView view) => installation.IdentityOf(view.Points.Where(point => point.Record.Writer == installation.Writer).Select(point => point.Record.Sequence).DefaultIfEmpty().Max());

    /// <summary>What a run that was killed had stored and not yet named.</summary>
    private async ValueTask RecoverAsync(CancellationToken cancel)
    {
        if (!_journal.HasNotes)
        {
            return;
        }
        var (left, sequence) = await _journal.RecoverAsync(await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        if (left.Packs.Count > 0)
        {
            await IndexFragment.PutAsync(_archive, left, installation.IdentityOf(sequence), level: 0, cancel).ConfigureAwait(false);
            _journal.Remove(left.Packs.Select(pack => pack.Id));
            _recovered = left.Packs.Count;
            output.Tell($"{_recovered} packs that an earlier run had stored are used.");
        }
    }

    /// <summary>Packs of pages go as they are; gives those that could not.</summary>
    private async ValueTask<IReadOnlySet<Id32>> CopyMetaAsync(ColdSurvey survey, ColdSources sources, CancellationToken cancel)
    {
        var left = new HashSet<Id32>();
        foreach (var pack in survey.Meta)
        {
            if (await sources.TryReadAsync(pack, cancel).ConfigureAwait(false) is not { } bytes)
            {
                left.Add(pack.Id);
                continue;
            }
            await StageAsync(PackReader.ReadFooter(pack, bytes, installation.Reserve), bytes, cancel).ConfigureAwait(false);
            _meta = new PackSum(_meta.Packs + 1, _meta.Length + pack.Length);
            output.Progress.Add(1, pack.Length);
        }
        await NameAsync(cancel).ConfigureAwait(false);
        return left;
    }

    private async ValueTask RecutAsync(ColdBand band, ColdSources sources, CancellationToken cancel)
    {
        var writer = new ColdPackWriter(_identity, checked((int)installation.Archiving.PackSize));
        foreach (var segment in SegmentsOf(await sources.ProveAsync(band.Rows, cancel).ConfigureAwait(false)))
        {
            var header = segment[0].Place.Segment.Header;
            if (!writer.IsEmpty && !writer.Takes(header, segment.Sum(row => (long)row.Place.Entry.StoredLength), segment.Count))
            {
                await TakeAsync(writer, cancel).ConfigureAwait(false);
            }
            writer.Begin(header);
            await foreach (var (entry, record) in sources.ReadAsync(segment, cancel).ConfigureAwait(false))
            {
                if (!writer.TryAdd(entry, record.Span))
                {
                    await TakeAsync(writer, cancel).ConfigureAwait(false);
                    writer.Begin(header);
                    if (!writer.TryAdd(entry, record.Span))
                    {
                        throw new InvalidOperationException("A record is longer than a cold pack.");
                    }
                }
                output.Progress.Add(1, record.Length);
            }
        }
        if (!writer.IsEmpty)
        {
            // What ends in another quarter begins a pack of its own, however short this one is: a pack stays as long as the last that is in it.
            await TakeAsync(writer, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Rows that lie in one segment of one pack.</summary>
    private static IEnumerable<List<ColdRow>> SegmentsOf(List<ColdRow> rows)
    {
        for (var first = 0; first < rows.Count;)
        {
            var segment = rows[first].Place.Segment;
            var last = first + 1;
            while (last < rows.Count && rows[last].Place.Segment.Offset == segment.Offset && rows[last].Place.Segment.Pack.Id == segment.Pack.Id)
            {
                last++;
            }
            yield return rows.GetRange(first, last - first);
            first = last;
        }
    }

    private async ValueTask TakeAsync(ColdPackWriter writer, CancellationToken cancel)
    {
        var (bytes, tables) = writer.Take();
        _cold = new PackSum(_cold.Packs + 1, _cold.Length + bytes.Length);
        _chunks += tables.Entries.Count;
        await StageAsync(tables, bytes, cancel).ConfigureAwait(false);
    }

    private async ValueTask StageAsync(PackTables tables, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        _journal.Add(tables, _identity.Sequence);
        await _archive.StageAsync(tables.Pack.Name, bytes, cancel).ConfigureAwait(false);
        _unnamed.Add(tables);
        if (_unnamed.Packs.Count >= Batch)
        {
            await NameAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Everything sent is confirmed, then named, then no longer noted here.</summary>
    private async ValueTask NameAsync(CancellationToken cancel)
    {
        if (_unnamed.Packs.Count == 0)
        {
            return;
        }
        await _archive.BarrierAsync(cancel).ConfigureAwait(false);
        await IndexFragment.PutAsync(_archive, _unnamed, _identity, level: 0, cancel).ConfigureAwait(false);
        _journal.Remove(_unnamed.Packs.Select(pack => pack.Id));
        _unnamed = new IndexContent();
    }

    private async ValueTask PutPointsAsync(ColdSurvey survey, ColdLeft left, ArchiveCopies copies, CancellationToken cancel)
    {
        output.Progress.Status = "restore points";
        foreach (var point in survey.Points)
        {
            if ((left.IsNothing && survey.Faults.Count == 0) || await survey.IsWholeAsync(point, left, output, cancel).ConfigureAwait(false))
            {
                var isCopied = await copies.CopyOneAsync(point.Record.ObjectName, cancel).ConfigureAwait(false);
                (_points, _withheld) = isCopied ? (_points + 1, _withheld) : (_points, _withheld + 1);
            }
            else
            {
                _withheld++;
                output.Failed(new StingException("PointNotArchived", FailureKind.Integrity, $"{point.Record.Name} does not enter the archive tier: something that it reaches is damaged or missing.", point.Record.ObjectName,
                    "Run Test-StingBackupIntegrity, then Repair-StingRepository; the next run takes it."));
            }
        }
    }
}
