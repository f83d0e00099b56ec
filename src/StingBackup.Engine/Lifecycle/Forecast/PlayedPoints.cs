using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>Restore points of one class that stand, oldest first, as numbers of their runs; retention lets them go as the planner does.</summary>
internal sealed class PlayedPoints(DataClass dataClass, RetentionSettings settings, TimeZoneInfo zone)
{
    private readonly List<(int Run, DateTimeOffset Time)> _standing = [];

    /// <summary>Points that stand.</summary>
    public int Count => _standing.Count;

    /// <summary>When the newest was made; null when there is none.</summary>
    public DateTimeOffset? Newest => _standing.Count > 0 ? _standing[^1].Time : null;

    /// <summary>Adds the newest.</summary>
    public void Add(int run, DateTimeOffset time) => _standing.Add((run, time));

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
        var at = 0;
        return _standing.RemoveAll(_ => !stays[at++]);
    }

    /// <summary>Whether a standing point reaches a piece.</summary>
    public bool Reaches(Piece piece) => Reaches(piece, piece.Born);

    /// <summary>Whether a standing point with this number or a later one reaches a piece.</summary>
    public bool Reaches(Piece piece, int firstRun) => _standing.Count > 0 && IndexFrom(Math.Max(piece.Born, firstRun)) is var at && at < _standing.Count && _standing[at].Run < piece.Died;

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
}
