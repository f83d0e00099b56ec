using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>The archive tier, pack by pack: what enters daily, cut by the quarter in which it ends, and what goes when nothing needs it.</summary>
internal sealed class PlayedArchive(ForecastPolicy policy, PlayedReserve reserve, IReadOnlyList<ForecastClass> classes, IReadOnlyList<PlayedPoints> points)
{
    private readonly List<PlayedPack> _cold = [], _pages = [];
    private readonly List<Piece>[] _waiting = [.. classes.Select(_ => new List<Piece>())];
    private readonly int[] _last = [.. classes.Select(_ => -1)];
    private DateTimeOffset _entered = DateTimeOffset.MinValue;

    /// <summary>Records that filling it has written.</summary>
    public long Records { get; private set; }

    /// <summary>Its packs.</summary>
    public IEnumerable<PlayedPack> Packs => _cold.Concat(_pages);

    /// <summary>Points of a class that are in it.</summary>
    public int PointsOf(int classIndex) => classes[classIndex].DataClass == DataClass.Physical ? 0 : points[classIndex].Until(_entered, -1).Count();

    /// <summary>What a run stores may enter later.</summary>
    public void Store(IEnumerable<Piece> stored)
    {
        foreach (var piece in stored.Where(p => classes[p.ClassIndex].DataClass != DataClass.Physical))
        {
            _waiting[piece.ClassIndex].Add(piece);
        }
    }

    /// <summary>Fills it, and takes what nothing needs.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="timeOf">When a run was.</param>
    /// <param name="anyDrop">Whether retention has let anything go yet.</param>
    public void Fill(DateTimeOffset now, Func<int, DateTimeOffset> timeOf, bool anyDrop)
    {
        _entered = now.AddDays(-policy.Archiving.AfterDays);
        var bands = new SortedDictionary<long, List<Piece>>();
        for (var c = 0; c < classes.Count; c++)
        {
            Enter(c, timeOf, bands);
        }
        var before = _cold.Count;
        foreach (var band in bands.Values)
        {
            _cold.AddRange(PlayedPack.Cut(band, policy.Archiving.PackSize, reserve));
        }
        var deleted = anyDrop ? Sweep(now) : 0;
        Records += _cold.Count > before || deleted > 0 ? 1 : 0;
    }

    private void Enter(int c, Func<int, DateTimeOffset> timeOf, SortedDictionary<long, List<Piece>> bands)
    {
        int[] entering = [.. points[c].Until(_entered, _last[c])];
        if (entering.Length == 0)
        {
            return;
        }
        _last[c] = entering[^1];
        _waiting[c].RemoveAll(piece =>
        {
            if (piece.IsArchived)
            {
                return true;
            }
            // The last of those that enter and reach it: a piece goes with what stays longest.
            var at = Array.BinarySearch(entering, piece.Died);
            at = (at < 0 ? ~at : at) - 1;
            if (at < 0 || entering[at] < piece.Born)
            {
                return piece.Died <= entering[^1];
            }
            if (piece.IsPage)
            {
                _pages.Add(piece.Pack!);
                foreach (var other in piece.Pack!.Pieces)
                {
                    other.IsArchived = true;
                }
                return true;
            }
            piece.IsArchived = true;
            var quarter = (long)((timeOf(entering[at]) - DateTimeOffset.UnixEpoch).TotalDays + points[c].Days) / ColdBand.Days;
            (bands.TryGetValue(quarter, out var band) ? band : bands[quarter] = []).Add(piece);
            return true;
        });
    }

    private int Sweep(DateTimeOffset now)
    {
        foreach (var pack in _cold.Concat(_pages))
        {
            // Pages keep the name that the local tier gave them, and go after that has swept them.
            pack.UnreachedTime = (pack.IsPages && pack.IsNamed) || pack.Pieces.Any(p => points[p.ClassIndex].Reaches(p)) ? null : pack.UnreachedTime ?? now;
        }
        bool IsOver(PlayedPack pack) => pack.UnreachedTime + policy.PruneGrace <= now;
        return _cold.RemoveAll(IsOver) + _pages.RemoveAll(IsOver);
    }
}
