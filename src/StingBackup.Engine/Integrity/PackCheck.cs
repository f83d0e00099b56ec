using System.IO.Hashing;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What a walk found out.</summary>
/// <param name="Reader">Reads chunks and pages, with the keys that are at hand.</param>
/// <param name="Walk">What points reach.</param>
/// <param name="Audit">What pages say; null without keys.</param>
internal sealed record Reach(ChunkReader Reader, ReachWalk Walk, PageAudit? Audit)
{
    /// <summary>A subject's canonical name, where its root page could be opened.</summary>
    public string? NameOf(Id16 pseudonym) => Audit?.Names.GetValueOrDefault(pseudonym);
}

/// <summary>Which packs have their turn.</summary>
/// <param name="Memory">What was read when.</param>
/// <param name="Leave">Packs that a further tier holds and this one no longer needs to.</param>
/// <param name="IsOver">Whether the time is over.</param>
internal sealed record PackTurn(CheckMemory Memory, IReadOnlySet<Id32> Leave, Func<bool> IsOver);

/// <summary>Packs: whether they are there, as long as the index says, framed as packs; then, by level, read whole.</summary>
internal sealed class PackCheck(ObjectProbe probe, Census census, IndexCheck index, PackRows rows, Reach reach, Installation installation, PackTurn turn, FaultBook book, JobOutput output)
{
    private readonly PackScrub _scrub = new(new WholePacks(probe, book, installation.Threads, output) { IsOver = turn.IsOver }, installation.Reserve, index.Index, rows, book, turn.Memory);
    private readonly ParityKeeping? _parity = installation.Store.Parity is { } parity ? new(installation.Store, parity, installation.Threads) : null;
    private long _framed, _frozen, _passedOver, _letGo;

    /// <summary>Packs that should have parity and have none.</summary>
    public long WithoutParity => _parity?.Missing ?? 0;

    /// <summary>Packs whose parity is damaged.</summary>
    public long ParityDamaged => _parity?.Damaged ?? 0;

    /// <summary>Packs looked at.</summary>
    public long Packs => Math.Max(_framed, _scrub.Packs);

    /// <summary>Chunks opened.</summary>
    public long ChunksOpened => _scrub.Chunks;

    /// <summary>Packs that were not old enough, or no part of the sample.</summary>
    public long PassedOver => _passedOver;

    /// <summary>Packs that were not begun because the time was over.</summary>
    public long Left => _scrub.Left;

    /// <summary>Packs that a further tier holds and this one no longer needs to.</summary>
    public long LetGo => _letGo;

    /// <summary>Packs in cold storage that are not thawed.</summary>
    public long Frozen => _frozen + _scrub.Frozen;

    /// <summary>What was read when.</summary>
    public CheckMemory Memory => turn.Memory;

    /// <summary>The index by packs.</summary>
    public PackRows Rows => rows;

    /// <summary>Chunks that do not open, and the packs in which they do not.</summary>
    public IEnumerable<(Id32 Id, IEnumerable<string> Packs)> Failed => _scrub.Failed.Select(f => (f.Key, f.Value.Distinct()));

    /// <summary>Checks packs.</summary>
    /// <param name="request">Level and sample.</param>
    /// <param name="limited">Whether only packs that were reached count.</param>
    /// <param name="seed">Chooses the sample.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask RunAsync(VerifyRequest request, bool limited, int seed, CancellationToken cancel)
    {
        var present = new List<PackInfo>();
        foreach (var pack in rows.Packs.Where(p => !limited || IsReached(p.Id)))
        {
            if (!census.Objects.TryGetValue(pack.Name, out var length))
            {
                if (turn.Leave.Contains(pack.Id))
                {
                    _letGo++;
                    continue;
                }
                book.Miss(pack.Name, "it is missing");
                _scrub.FailAll(pack, reach.Walk.Reached);
                continue;
            }
            if (length != pack.Length)
            {
                book.Add(pack.Name, $"it has {length} bytes, not the {pack.Length} that the index says");
            }
            present.Add(pack with { Length = length });
        }
        if (!limited)
        {
            present.AddRange(index.Uncovered.Where(p => !rows.Knows(p.Id)));
        }
        if (request.Level == IntegrityLevel.Structure)
        {
            await LookAtParityAsync(present, read: false, cancel).ConfigureAwait(false);
            await Parallel.ForEachAsync(present, new ParallelOptions { MaxDegreeOfParallelism = installation.Threads, CancellationToken = cancel }, CheckFrameAsync).ConfigureAwait(false);
        }
        else
        {
            var withKeys = request.Level == IntegrityLevel.Data ? reach.Reader : null;
            var chosen = Sample(OldEnough(present, request), request.SamplePercent, seed);
            _passedOver = present.Count - chosen.Count;
            if ((request.OlderThan ?? request.MaxDuration) is not null)
            {
                // Where the time may not do for all, those go first that wait longest; among equals in the order of their names, which are random.
                chosen = [.. chosen.OrderBy(p => turn.Memory.LastNs(p.Id, request.Level))];
            }
            await _scrub.RunAsync(chosen, withKeys, reach.Walk.Reached, () => installation.NowNs, cancel).ConfigureAwait(false);
            await LookAtParityAsync(chosen, read: true, cancel).ConfigureAwait(false);
        }
        AddUnreadablePages();
        AddMissing();
        AddUncovered();
    }

    private async ValueTask LookAtParityAsync(List<PackInfo> packs, bool read, CancellationToken cancel)
    {
        if (_parity is not null)
        {
            await _parity.LookAsync(packs, census, read ? probe : null, book, turn.IsOver, cancel).ConfigureAwait(false);
        }
    }

    private List<PackInfo> OldEnough(List<PackInfo> packs, VerifyRequest request) => request.OlderThan is not { } age ? packs
        : packs.FindAll(p => installation.NowNs - turn.Memory.LastNs(p.Id, request.Level) >= age.Ticks * 100);

    private bool IsReached(Id32 pack)
    {
        foreach (var rank in rows.Of(pack))
        {
            if (reach.Walk.Reached.Contains(rank))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Packs in an order that the seed decides, the first so many percent of them, in the order of their names again.</summary>
    private static List<PackInfo> Sample(List<PackInfo> packs, double percent, int seed)
    {
        if (percent < 100)
        {
            var take = (int)Math.Ceiling(packs.Count * percent / 100);
            packs = [.. packs.OrderBy(p => XxHash64.HashToUInt64(p.Id.ToArray(), seed)).Take(take)];
        }
        packs.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return packs;
    }

    /// <summary>First and last bytes: what tells a pack from anything else without reading it.</summary>
    private async ValueTask CheckFrameAsync(PackInfo pack, CancellationToken cancel)
    {
        var head = new byte[PackFormat.HeaderSize];
        var tail = new byte[PackFormat.TrailerSize];
        try
        {
            var read = await probe.Store.ReadAsync(pack.Name, 0, head, cancel).ConfigureAwait(false);
            read += await probe.Store.ReadAsync(pack.Name, Math.Max(0, pack.Length - tail.Length), tail, cancel).ConfigureAwait(false);
            probe.AddRead(read);
            Interlocked.Increment(ref _framed);
            ObjectFrame.CheckHeader(head, pack.Kind, pack.Name);
            if (new Id16(head.AsSpan(ObjectFrame.HeaderSize)) != installation.Reserve)
            {
                throw Failures.Damaged(pack.Name, "it belongs to another reserve");
            }
            if (!tail.AsSpan(4).SequenceEqual(PackFormat.FooterMagic))
            {
                throw Failures.Damaged(pack.Name, "it has no footer");
            }
        }
        catch (StingException e) when (WholePacks.IsFrozen(e))
        {
            Interlocked.Increment(ref _frozen);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            book.Add(pack.Name, e);
        }
    }

    /// <summary>Pages that no place gave: their packs are damaged, also where nothing else told so.</summary>
    private void AddUnreadablePages()
    {
        var byPack = reach.Walk.Unreadable.SelectMany(u => index.Index.FindAll(u.Key).Select(p => p.Segment.Pack.Name).Distinct().Select(pack => (Pack: pack, u.Value)));
        foreach (var group in byPack.GroupBy(p => p.Pack, StringComparer.Ordinal).Where(g => !book.Holds(g.Key)))
        {
            var problem = $"{group.Count()} pages in it cannot be read ({group.First().Value.Message.TrimEnd('.')})";
            _ = group.All(p => p.Value.ErrorId == "ObjectNotFound") ? book.Miss(group.Key, problem) : book.Add(group.Key, problem);
        }
    }

    /// <summary>
    /// What is in no pack at all. Without keys a reference may itself be what is damaged: one from a pack that has a fault of its own is that pack's affair.
    /// </summary>
    private void AddMissing()
    {
        foreach (var group in MissingByKind())
        {
            var first = group.First();
            var sources = group.Select(m => m.From).Distinct().Take(3);
            book.Miss(group.Key, $"{group.Count()} {(first.IsPage ? "pages" : "chunks")} that restore points need are in no pack of the store (such as {first.Id}; named in {string.Join(", ", sources)})");
        }
    }

    /// <summary>What is in no pack, by the folder in which its pack should be.</summary>
    public IEnumerable<IGrouping<string, MissingChunk>> MissingByKind() => reach.Walk.Missing
        .Where(m => reach.Audit is not null || !book.Holds(m.From)).OrderBy(m => m.Id).GroupBy(m => m.IsPage ? "meta/" : "data/");

    /// <summary>Packs that points need and no fragment names, although none is damaged: a fragment is gone.</summary>
    private void AddUncovered()
    {
        if (!index.UsesFooters || index.Damaged.Count > 0)
        {
            return;
        }
        var needed = index.Uncovered.Where(p => IsReached(p.Id)).Select(p => p.Name).ToList();
        if (needed.Count > 0)
        {
            book.Miss("index/", $"a fragment is missing: none names {needed.Count} packs that restore points need (such as '{needed[0]}')");
        }
    }
}
