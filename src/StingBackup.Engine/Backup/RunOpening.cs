using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Backup;

/// <summary>A run that has announced itself and knows what it builds on.</summary>
/// <param name="Identity">What it writes as.</param>
/// <param name="Previous">Hash of the writer's point before; zero for the first.</param>
/// <param name="View">Points and index, loaded after the session was announced.</param>
/// <param name="Index">The index less the packs that a sweeper has marked.</param>
internal sealed record OpenRun(WriterIdentity Identity, Id32 Previous, RepositoryView View, RepositoryIndex Index);

/// <summary>
/// Opens a run in the order that makes deleting without a lock safe: announce the session, then list marks, then points. What a
/// run that died left behind is settled first: its number gets a void point, its packs that arrived get an index fragment.
/// </summary>
internal sealed class RunOpening(Installation installation, BackupType type, JobOutput output)
{
    private readonly IObjectStore _store = installation.Store;

    public async ValueTask<OpenRun> OpenAsync(CancellationToken cancel)
    {
        var head = await FindHeadAsync(cancel).ConfigureAwait(false);
        while (true)
        {
            var identity = installation.IdentityOf(head.Sequence + 1);
            var session = new SessionRecord(identity, installation.NowNs);
            if (await _store.PutAsync(session.ObjectName, session.ToBytes(), cancel).ConfigureAwait(false))
            {
                return await LoadAsync(identity, head.Hash, cancel).ConfigureAwait(false);
            }
            // The host's lock is ours, so whoever announced this number is dead, or had committed and the local disk lost its point.
            head = await BringBackAsync(identity, cancel).ConfigureAwait(false) ?? await GiveUpAsync(identity, head.Hash, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask<OpenRun> LoadAsync(WriterIdentity identity, Id32 previous, CancellationToken cancel)
    {
        var unreadable = new List<StingException>();
        var marked = (await MarkBook.LoadAsync(_store, identity.Reserve, installation.Writers, unreadable, cancel).ConfigureAwait(false)).Packs;
        unreadable.ForEach(fault => output.Failed(fault));
        await SalvageAsync(identity, marked, cancel).ConfigureAwait(false);
        var view = await installation.LoadRunViewAsync(type, cancel).ConfigureAwait(false);
        foreach (var damage in view.Damage)
        {
            output.Failed(damage);
        }
        return new OpenRun(identity, previous, view, await WithoutMissingAsync(view.Index.Without([.. marked]), cancel).ConfigureAwait(false));
    }

    /// <summary>
    /// A baseline depends on nothing that it has not looked at: packs that the index names and the store lacks, or has with another length,
    /// are not deduplicated against, so that what they held is stored again from the sources. Where further tiers hold what the local one lets go, no run does: a new restore point lies on the local
    /// tier as a whole.
    /// </summary>
    private async ValueTask<RepositoryIndex> WithoutMissingAsync(RepositoryIndex index, CancellationToken cancel)
    {
        var letsGo = installation.FurtherTiers.Count > 0;
        if (type == BackupType.Incremental && !letsGo)
        {
            return index;
        }
        var present = new Dictionary<Id32, long>();
        await foreach (var pack in PackFooters.ListAsync(_store, cancel).ConfigureAwait(false))
        {
            present[pack.Id] = pack.Length;
        }
        var missing = index.Packs.Where(p => present.GetValueOrDefault(p.Id, -1) != p.Length).ToList();
        var elsewhere = missing.Where(p => letsGo && p.Kind == ObjectKind.DataPack && !present.ContainsKey(p.Id)).ToHashSet();
        if (elsewhere.Count > 0)
        {
            output.Explain($"{elsewhere.Count} packs are not on the local tier; nothing is stored by reference to them.");
        }
        foreach (var pack in missing.Where(p => !elsewhere.Contains(p)))
        {
            output.Failed(new StingException("PackMissing", FailureKind.Integrity,
                $"Pack '{pack.Name}' is {(present.ContainsKey(pack.Id) ? "of another length than it was written with" : "not in the repository")}; what it held is stored again where the reserve still has it.",
                pack.Name, "Run Test-StingBackupIntegrity to see which points it hits."));
        }
        return index.Without([.. missing.Select(p => p.Id)]);
    }

    /// <summary>The last number that this writer's chain has, and the hash of that point's bytes, readable or not.</summary>
    private async ValueTask<(long Sequence, Id32 Hash)> FindHeadAsync(CancellationToken cancel)
    {
        var prefix = $"points/{installation.Writer}/";
        var last = installation.OpenRecall() is { } recall ? await recall.FindLastAsync(_store, prefix, cancel).ConfigureAwait(false) : (await _store.ListAsync(prefix, cancel).LastOrDefaultAsync(cancel).ConfigureAwait(false)).Name;
        if (last is null)
        {
            return (0, default);
        }
        if (!long.TryParse(last[(last.LastIndexOf('/') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            throw Failures.Damaged(last, "its name is no number");
        }
        var bytes = await _store.ReadAllAsync(last, cancel).ConfigureAwait(false);
        // The hash of damaged bytes would stand in the chain for ever, and would not fit any more when the point is healed. Where nobody has a good one, the bytes that lie here count.
        return (sequence, PointRecord.HashOf(IsPoint(last, bytes) ? bytes : await FindAsync(last, Elsewhere(cancel).Prepend(_store), cancel).ConfigureAwait(false) ?? bytes));
    }

    /// <summary>Puts the point of a number back where a further tier has it: a void one under its name would hide it for good. Null where none has.</summary>
    private async ValueTask<(long Sequence, Id32 Hash)?> BringBackAsync(WriterIdentity identity, CancellationToken cancel)
    {
        var name = PointRecord.NameOf(identity.Writer, identity.Sequence);
        if (await FindAsync(name, Elsewhere(cancel), cancel).ConfigureAwait(false) is not { } bytes)
        {
            return null;
        }
        await _store.PutAsync(name, bytes, cancel).ConfigureAwait(false);
        output.Warn($"Restore point '{name}' was gone from the local tier: it was brought back from a further one. Run Test-StingBackupIntegrity to see what else is missing.");
        return (identity.Sequence, PointRecord.HashOf(bytes));
    }

    private IAsyncEnumerable<IObjectStore> Elsewhere(CancellationToken cancel) => new OtherTiers(installation, Tier.Local).OpenAsync(cancel).Select(t => t.Store);

    /// <summary>A point as one of the stores has it whole; null where none has, or none answers.</summary>
    private async ValueTask<byte[]?> FindAsync(string name, IAsyncEnumerable<IObjectStore> stores, CancellationToken cancel)
    {
        await foreach (var store in stores.WithCancellation(cancel).ConfigureAwait(false))
        {
            try
            {
                if (await store.ReadAllAsync(name, cancel).ConfigureAwait(false) is var copy && IsPoint(name, copy))
                {
                    return copy;
                }
            }
            catch (StingException)
            {
                // Away, or not there: a backup does not wait for it.
            }
        }
        return null;
    }

    private bool IsPoint(string name, byte[] bytes)
    {
        try
        {
            PointRecord.Read(name, bytes, installation.Reserve, installation.Writers.SigningKeyOf);
            return true;
        }
        catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
        {
            return false;
        }
    }

    private async ValueTask<(long Sequence, Id32 Hash)> GiveUpAsync(WriterIdentity identity, Id32 previous, CancellationToken cancel)
    {
        var point = new PointRecord
        {
            Reserve = identity.Reserve, Writer = identity.Writer, Sequence = identity.Sequence, Previous = previous,
            TimeNs = installation.NowNs, CompletedNs = installation.NowNs, IsVoid = true, LedgerHead = installation.Ledger.Head,
        };
        var bytes = point.ToBytes(identity.Signer);
        if (!await _store.PutAsync(point.ObjectName, bytes, cancel).ConfigureAwait(false))
        {
            throw new StingException("WriterInUse", FailureKind.Busy, $"Another process commits as writer {identity.Writer}.", identity.Writer.ToString(),
                "Never copy a host's state folder to another host; enrol each host by itself.");
        }
        output.Explain($"Run {identity.Sequence} of this host did not finish; its number is closed and what it stored is used.");
        return (identity.Sequence, PointRecord.HashOf(bytes));
    }

    /// <summary>Packs that dead runs stored and no index names: read back, proved by their names, and indexed; not those that a sweeper has marked meanwhile.</summary>
    private async ValueTask SalvageAsync(WriterIdentity identity, IReadOnlySet<Id32> marked, CancellationToken cancel)
    {
        foreach (var (journal, packs) in RunJournal.Left(installation.JournalFolder))
        {
            var content = new IndexContent();
            foreach (var pack in packs.Where(pack => !marked.Contains(pack.Id)))
            {
                if (await _store.GetLengthAsync(pack.Name, cancel).ConfigureAwait(false) is { } length)
                {
                    try
                    {
                        var bytes = await _store.ReadAllAsync(pack.Name, cancel).ConfigureAwait(false);
                        content.Add(PackReader.ReadTables(pack with { Length = length }, bytes, identity.Reserve));
                    }
                    catch (StingException e) when (e.Kind == FailureKind.Integrity)
                    {
                        output.Failed(e);
                    }
                }
            }
            if (content.Packs.Count > 0)
            {
                await IndexFragment.PutAsync(_store, content, identity, level: 0, cancel).ConfigureAwait(false);
                output.Explain($"{content.Packs.Count} packs of a run that did not finish are used.");
            }
            File.Delete(journal);
        }
    }
}
