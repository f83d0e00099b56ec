using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// Deletes cold packs, and packs of pages, that no restore point reaches any more: whole ones alone, since none is written anew. Only where the local tier shows every point of the archive: another host's may need what this
/// one's do not, and a local tier that was begun anew shows none. Readers have <c>prune.grace_hours</c> from the time at which this host saw it unreached, and a pack stays for the days that its storage class charges in any case, unless that is switched off.
/// </summary>
internal sealed class ColdSweep(Installation installation, IObjectStore source, JobOutput output)
{
    private readonly string _notes = Path.Combine(installation.StateFolder, "tiers", "archive", installation.Reserve.ToString(), "unreached.json");

    /// <summary>Sweeps; tells what was deleted. Does nothing while anything that a point needs is damaged or missing.</summary>
    public async ValueTask<PackSum> RunAsync(CancellationToken cancel)
    {
        // The index before the points: what comes meanwhile is not looked at.
        var archive = await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false);
        var view = await RepositoryView.LoadAsync(source, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        if (view.Damage.Count + archive.Damage.Count > 0 || await ReachedAsync(view, cancel).ConfigureAwait(false) is not { } reached)
        {
            output.Explain("Nothing is deleted from the archive tier while something is damaged or missing, since what lies behind it may be needed.");
            return default;
        }
        if (await UnknownPointAsync(archive.Store, cancel).ConfigureAwait(false) is { } unknown)
        {
            output.Tell($"Nothing is deleted from the archive tier: it holds '{unknown}', which the local tier does not show, and what that restore point needs cannot be told.");
            return default;
        }
        var unreached = Unreached(archive, view.Index, reached);
        var since = Note(unreached);
        var deletes = new LockedDeletes(installation, Tier.Archive, archive.Store, output);
        var due = new List<PackInfo>();
        foreach (var pack in await DueAsync(archive.Store, unreached, since, cancel).ConfigureAwait(false))
        {
            // Before the index says that it is gone: nobody would look for it again.
            if (!await deletes.IsLockedAsync(pack.Name, pack.Length, cancel).ConfigureAwait(false))
            {
                due.Add(pack);
            }
        }
        if (due.Count == 0)
        {
            await deletes.FinishAsync("Sync-StingTier", cancel).ConfigureAwait(false);
            return default;
        }
        var gone = new IndexContent();
        gone.Removes.AddRange(due.Select(pack => pack.Id));
        await IndexFragment.PutAsync(archive.Store, gone, installation.IdentityOf(view.Points.Where(p => p.Record.Writer == installation.Writer).Select(p => p.Record.Sequence).DefaultIfEmpty().Max()), level: 0, cancel).ConfigureAwait(false);
        foreach (var pack in due)
        {
            output.Progress.Status = pack.Name;
            await deletes.TryAsync(pack.Name, pack.Length, cancel).ConfigureAwait(false);
        }
        await deletes.FinishAsync("Sync-StingTier", cancel).ConfigureAwait(false);
        return new PackSum(due.Count, due.Sum(pack => pack.Length));
    }

    /// <summary>A point of the archive that the local tier lacks; null when it has them all.</summary>
    private async ValueTask<string?> UnknownPointAsync(IObjectStore archive, CancellationToken cancel)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var item in source.ListAsync("points/", cancel).ConfigureAwait(false))
        {
            known.Add(item.Name);
        }
        await foreach (var item in archive.ListAsync("points/", cancel).ConfigureAwait(false))
        {
            if (!known.Contains(item.Name))
            {
                return item.Name;
            }
        }
        return null;
    }

    private async ValueTask<ReachedRows?> ReachedAsync(RepositoryView view, CancellationToken cancel)
    {
        using var reader = new ChunkReader(source, view.Index, installation.Reserve, null);
        var walk = new ReachWalk(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        await walk.RunAsync([.. view.Backups.SelectMany(p => ColdSurvey.PartsOf(p.Record).Select(part => PointSelection.PartOf(p.Record, part)))], cancel).ConfigureAwait(false);
        return walk.Missing.Count + walk.Unreadable.Count > 0 ? null : walk.Reached;
    }

    private static List<PackInfo> Unreached(ArchiveIndex archive, RepositoryIndex local, ReachedRows reached)
    {
        var living = new HashSet<Id32>();
        Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
        for (var row = 0; row < archive.Index.Count; row++)
        {
            if (!archive.Index.TryPlaceAt(row, out var cold) || living.Contains(cold.Segment.Pack.Id))
            {
                continue;
            }
            foreach (var rank in ranks[..local.FindRanks(cold.Entry.Id, ranks)])
            {
                if (reached.Contains(rank) && local.TryPlaceAt(rank, out var place) && place.Segment.Header.Pseudonym == cold.Segment.Header.Pseudonym)
                {
                    living.Add(cold.Segment.Pack.Id);
                    break;
                }
            }
        }
        // A pack of pages has its name from the local tier: as long as that has it, a run may use it again, and what the index once said to be gone does not come back.
        var named = local.Packs.Where(pack => pack.Kind == ObjectKind.MetaPack).Select(pack => pack.Id).ToHashSet();
        return [.. archive.Index.Packs.Where(pack => !living.Contains(pack.Id) && !named.Contains(pack.Id))];
    }

    /// <summary>Since when each was seen unreached, this look included. A note that is lost only makes the time begin anew.</summary>
    private Dictionary<string, DateTimeOffset> Note(List<PackInfo> unreached)
    {
        var before = new Dictionary<string, DateTimeOffset>();
        try
        {
            before = File.Exists(_notes) ? JsonSerializer.Deserialize<Dictionary<string, DateTimeOffset>>(File.ReadAllBytes(_notes)) ?? before : before;
        }
        catch (JsonException)
        {
            output.Explain($"{_notes} is damaged and made anew.");
        }
        var now = installation.Clock.GetUtcNow();
        var since = unreached.ToDictionary(pack => pack.Name, pack => before.TryGetValue(pack.Name, out var seen) && seen < now ? seen : now, StringComparer.Ordinal);
        Durable.WriteFile(_notes, JsonSerializer.SerializeToUtf8Bytes(since), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return since;
    }

    private async ValueTask<List<PackInfo>> DueAsync(IObjectStore store, List<PackInfo> unreached, Dictionary<string, DateTimeOffset> since, CancellationToken cancel)
    {
        var now = installation.Clock.GetUtcNow();
        var due = unreached.Where(pack => now - since[pack.Name] >= installation.PruneGrace).ToList();
        if (due.Count == 0 || store.Thawing is not { } thawing)
        {
            return due;
        }
        var stored = new Dictionary<string, StoredObject>(StringComparer.Ordinal);
        await foreach (var item in thawing.ListStoredAsync("data/", cancel).ConfigureAwait(false))
        {
            stored[item.Name] = item;
        }
        return [.. due.Where(pack => !stored.TryGetValue(pack.Name, out var item) || ColdClasses.DeletableFrom(item, installation.Archiving) <= now)];
    }
}
