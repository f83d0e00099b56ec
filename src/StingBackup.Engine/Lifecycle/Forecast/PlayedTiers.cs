using StingBackup.Engine.Lifecycle.Pruning;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>The two hot tiers, pack by pack: what runs store, syncs copy, days let go and sweeps take, as the jobs do it.</summary>
internal sealed class PlayedTiers(ForecastPolicy policy, PlayedReserve reserve, IReadOnlyList<PlayedPoints> points, PlayedArchive? archive, int seed)
{
    private readonly Random _order = new(seed);
    private readonly HashSet<PlayedPack> _packs = [];
    private readonly List<PlayedPack> _unsynced = [];
    private readonly List<PlayedMark> _marks = [], _remoteMarks = [];

    /// <summary>Records that maintenance has written.</summary>
    public long Records { get; private set; }

    /// <summary>Packs of a tier, or those that the index names.</summary>
    public IEnumerable<PlayedPack> Packs(Tier? tier) => _packs.Where(p => tier switch { Tier.Local => p.IsLocal, Tier.Remote => p.IsRemote, _ => p.IsNamed });

    /// <summary>What a run stores.</summary>
    public void Store(IReadOnlyList<Piece> stored)
    {
        foreach (var pack in PlayedPack.Cut(stored.Where(p => !p.IsPage), policy.Sizes.Data, reserve).Concat(PlayedPack.Cut(stored.Where(p => p.IsPage), policy.Sizes.Meta, reserve)))
        {
            Add(pack);
        }
    }

    /// <summary>Brings the remote tier up to date.</summary>
    public void Sync()
    {
        if (policy.HasRemote)
        {
            _unsynced.ForEach(p => p.IsRemote |= p is { IsLocal: true, IsNamed: true });
            _unsynced.Clear();
        }
    }

    /// <summary>The days of the tiers, after retention has let restore points go.</summary>
    public void LetGo(DateTimeOffset now)
    {
        if (!policy.HasRemote)
        {
            return;
        }
        var (local, remote) = (First(policy.Retention.LocalDays, now), First(policy.Retention.RemoteDays, now));
        var gone = new List<PlayedPack>();
        foreach (var pack in _packs.Where(p => p is { IsPages: false, IsNamed: true }))
        {
            if (pack is { IsLocal: true, IsRemote: true, IsMarked: false } && !pack.Pieces.Any(p => points[p.ClassIndex].Reaches(p, local[p.ClassIndex])))
            {
                pack.IsLocal = false;
                gone.Add(pack);
            }
            if (archive is not null && pack is { IsRemote: true, IsLocal: false, IsMarkedRemotely: false } && !pack.Pieces.Any(p => points[p.ClassIndex].Reaches(p, remote[p.ClassIndex]) || (!p.IsArchived && points[p.ClassIndex].Reaches(p))))
            {
                pack.IsRemote = false;
                gone.Add(pack);
            }
        }
        Records += gone.Count > 0 ? 1 : 0;
    }

    /// <summary>A sweep of the local tier.</summary>
    public void Sweep(DateTimeOffset now)
    {
        var due = _marks.Where(m => m.Condemned + policy.PruneGrace <= now).ToList();
        foreach (var mark in due)
        {
            foreach (var pack in mark.Packs)
            {
                (pack.IsLocal, pack.IsNamed) = (false, false);
            }
            _marks.Remove(mark);
        }
        _marks.ForEach(m => m.Condemned ??= now);
        if (due.Count == 0)
        {
            foreach (var pack in _packs.Where(p => p is { IsNamed: true, IsLocal: false } && !IsReached(p)))
            {
                pack.IsNamed = false;
            }
        }
        foreach (var pack in _packs)
        {
            pack.IsMarked = false;
        }
        foreach (var pack in _marks.SelectMany(m => m.Packs.Concat(m.Into)))
        {
            pack.IsMarked = true;
        }
        Records += Mark() || due.Count > 0 ? 1 : 0;
        _packs.RemoveWhere(p => p is { IsLocal: false, IsRemote: false, IsNamed: false });
    }

    /// <summary>A sweep of the remote tier.</summary>
    public void SweepRemote(DateTimeOffset now)
    {
        if (!policy.HasRemote)
        {
            return;
        }
        var due = _remoteMarks.Where(m => m.Condemned + policy.PruneGrace <= now).ToList();
        foreach (var pack in due.SelectMany(m => m.Packs))
        {
            pack.IsRemote = false;
        }
        _remoteMarks.RemoveAll(due.Contains);
        _remoteMarks.ForEach(m => m.Condemned ??= now);
        List<PlayedPack> unneeded = [.. _packs.Where(p => p is { IsRemote: true, IsLocal: false, IsNamed: false, IsMarkedRemotely: false })];
        if (unneeded.Count > 0)
        {
            unneeded.ForEach(p => p.IsMarkedRemotely = true);
            _remoteMarks.Add(new PlayedMark(unneeded, []));
        }
        Records += unneeded.Count + due.Count > 0 ? 1 : 0;
        _packs.RemoveWhere(p => p is { IsLocal: false, IsRemote: false, IsNamed: false });
    }

    private bool Mark()
    {
        var taken = _marks.SelectMany(m => m.Packs).ToHashSet();
        var open = _packs.Where(p => p.IsLocal && !taken.Contains(p)).ToList();
        var packs = open.Where(p => !IsReached(p)).ToList();
        var used = open.Except(packs).ToList();
        var into = new List<PlayedPack>();
        foreach (var kind in used.GroupBy(p => p.IsPages))
        {
            var most = kind.Key ? policy.Sizes.Meta : policy.Sizes.Data;
            var joined = PruneDecision.ToJoin(kind.Where(p => p.Length < most / PruneDecision.SmallPart), p => p.Length).ToHashSet();
            var moved = kind.Where(p => joined.Contains(p) || WasteOf(p) > policy.MaxWaste).ToArray();
            _order.Shuffle(moved);   // packs are named by their hash, and taken by their name
            foreach (var pack in PlayedPack.Cut(moved.SelectMany(p => p.Pieces).Where(IsReached).Distinct(), most, reserve).ToList())
            {
                Add(pack);
                into.Add(pack);
            }
            packs.AddRange(moved);
        }
        if (packs.Count == 0)
        {
            return false;
        }
        var mark = new PlayedMark(packs, into);
        _marks.Add(mark);
        foreach (var pack in packs.Concat(into))
        {
            pack.IsMarked = true;
        }
        return true;
    }

    private void Add(PlayedPack pack)
    {
        foreach (var piece in pack.Pieces.Where(p => p.IsPage))
        {
            piece.Pack = pack;
        }
        _packs.Add(pack);
        _unsynced.Add(pack);
    }

    private int[] First(int days, DateTimeOffset now) => [.. points.Select(p => p.FirstWithin(days, now))];

    private bool IsReached(PlayedPack pack) => pack.Pieces.Any(IsReached);

    private bool IsReached(Piece piece) => points[piece.ClassIndex].Reaches(piece);

    private double WasteOf(PlayedPack pack) => 1 - (pack.Pieces.Where(IsReached).Sum(p => p.Length) / pack.Pieces.Sum(p => p.Length));
}
