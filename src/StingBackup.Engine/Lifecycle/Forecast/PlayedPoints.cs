using StingBackup.Engine.Keeping;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>
/// Restore points of one class that stand, oldest first, as numbers of their runs; retention lets them go as the planner does. Each knows the replaced pieces of which it is the newest point that reaches them:
/// a year of runs has tens of thousands of points and pieces, which are asked for daily, and only those change whose point goes.
/// </summary>
internal sealed class PlayedPoints(DataClass dataClass, RetentionSettings settings, TimeZoneInfo zone)
{
    private readonly List<Point> _standing = [];

    /// <summary>Points that stand.</summary>
    public int Count => _standing.Count;

    /// <summary>When the newest was made; null when there is none.</summary>
    public DateTimeOffset? Newest => _standing.Count > 0 ? _standing[^1].Time : null;

    /// <summary>Adds the newest.</summary>
    public void Add(int run, DateTimeOffset time) => _standing.Add(new Point(run, time));

    /// <summary>A run that comes to stand next finds a piece no more.</summary>
    public void Replace(Piece piece, int run)
    {
        piece.Died = run;
        Hold(piece, _standing.LastOrDefault());
    }

    /// <summary>Lets go what is over; returns how many that were.</summary>
    public int Retain(DateTimeOffset now)
    {
        var thinning = RetentionPlanner.IsThinned(settings, dataClass) ? new Thinning(settings.Thinning!, zone, now) : null;
        var oldest = now.AddDays(-settings.ClassDays[dataClass]);
        if (thinning is null && (_standing.Count == 0 || _standing[0].Time > oldest))
        {
            return 0;
        }
        var newest = dataClass == DataClass.Physical ? 0 : settings.MinimumCopies;
        var stays = new bool[_standing.Count];
        for (var i = _standing.Count - 1; i >= 0; i--)
        {
            stays[i] = (thinning is null || thinning.Keeps(_standing[i].Time) is not null) && _standing[i].Time > oldest;
            stays[i] |= _standing.Count - 1 - i < newest;
        }
        Point? before = null;
        var at = 0;
        return _standing.RemoveAll(point =>
        {
            if (stays[at++])
            {
                before = point;
                return false;
            }
            point.Last.ForEach(piece => Hold(piece, before));
            return true;
        });
    }

    private static void Hold(Piece piece, Point? point)
    {
        var isReached = point?.Run >= piece.Born;
        piece.LastRun = isReached ? point!.Run : Piece.Unreached;
        if (isReached)
        {
            point!.Last.Add(piece);
        }
    }

    /// <summary>Whether a standing point reaches a piece.</summary>
    public bool Reaches(Piece piece) => Reaches(piece, 0);

    /// <summary>Whether a standing point with this number or a later one reaches a piece.</summary>
    public bool Reaches(Piece piece, int firstRun) => (piece.Died < int.MaxValue ? piece.LastRun : _standing.Count > 0 ? _standing[^1].Run : Piece.Unreached) >= firstRun;

    /// <summary>The number of the first point of the last so many days; of the newest where none is so young.</summary>
    public int FirstWithin(int days, DateTimeOffset now)
    {
        if (_standing.Count == 0)
        {
            return int.MaxValue;
        }
        var (low, high) = (0, _standing.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _standing[middle].Time.AddDays(days) > now ? (low, middle) : (middle + 1, high);
        }
        return _standing[low].Run;
    }

    /// <summary>Points with this number or a later one.</summary>
    public int CountFrom(int firstRun) => _standing.Count - IndexFrom(firstRun);

    /// <summary>Runs of points that were made until a moment.</summary>
    public IEnumerable<int> Until(DateTimeOffset time, int after) => _standing.Skip(IndexFrom(after + 1)).TakeWhile(p => p.Time <= time).Select(p => p.Run);

    /// <summary>The moment of a point's end.</summary>
    public int Days => settings.ClassDays[dataClass];

    private int IndexFrom(int run)
    {
        var (low, high) = (0, _standing.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _standing[middle].Run >= run ? (low, middle) : (middle + 1, high);
        }
        return low;
    }

    /// <param name="Run">Its run.</param>
    /// <param name="Time">When it was made.</param>
    private sealed record Point(int Run, DateTimeOffset Time)
    {
        /// <summary>Replaced pieces that it reaches and no later point does.</summary>
        public List<Piece> Last { get; } = [];
    }
}
