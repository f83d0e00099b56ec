namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>
/// Tells how much will lie on each tier. What is stored, let go and swept depends on how packs mix what stays with what goes, which no formula tells: so the schedule is played through, with the settings as they
/// are, over a reserve of pieces of which some are replaced evenly. The same question gets the same answer.
/// </summary>
internal static class StorageForecaster
{
    private const int PointLength = 300, PointClassLength = 62, RecordLength = 290, DropLength = 190, DroppedPartLength = 52, MostPlays = 8, MostRuns = 100_000;

    /// <summary>Plays the schedule: what is due at each tick, a full run at 2:00, an archive run on Sundays at 3:00, and at 4:00 retention, sweeps and the archive.</summary>
    /// <param name="classes">What the reserve is like.</param>
    /// <param name="policy">The settings.</param>
    /// <param name="days">Days to tell of, ascending.</param>
    /// <param name="start">When the first run is.</param>
    /// <param name="zone">The zone of days.</param>
    /// <param name="cancel">Cancels.</param>
    public static StorageForecast Play(IReadOnlyList<ForecastClass> classes, ForecastPolicy policy, IReadOnlyList<int> days, DateTimeOffset start, TimeZoneInfo zone, CancellationToken cancel)
    {
        var asked = days.ToHashSet();
        var plays = new List<List<TierForecast>>();
        for (var seed = 1; seed <= PlaysOf(classes, days[^1] / policy.Every.TotalDays); seed++)
        {
            var game = new Game(classes, policy, start, zone, seed);
            var told = new List<TierForecast>();
            for (var day = 1; day <= days[^1]; day++)
            {
                cancel.ThrowIfCancellationRequested();
                game.Day();
                if (asked.Contains(day))
                {
                    told.AddRange(game.Tell(day));
                }
            }
            plays.Add(told);
        }
        TierForecast[] means = [.. plays[0].Select((_, i) => MeanOf([.. plays.Select(p => p[i])]))];
        return new StorageForecast { Classes = classes.ToArray(), Every = policy.Every, Tiers = means, SteadyDay = SteadyDayOf(classes, policy) };
    }

    /// <summary>
    /// A small reserve is played several times, each with other draws: it has so few packs that when one of them goes shows, and the mean of the plays is nearest to what will be. Not so often that a forecast of
    /// years with a run each quarter of an hour takes longer than one play of it.
    /// </summary>
    private static int PlaysOf(IReadOnlyList<ForecastClass> classes, double runs) => (int)Math.Clamp(Math.Min(2 * PlayedReserve.MostPieces / Math.Max(1.0, classes.Sum(c => c.Items)), MostRuns / runs), 1, MostPlays);

    private static TierForecast MeanOf(IReadOnlyList<TierForecast> plays)
    {
        var (content, pages, others) = ((long)plays.Average(p => p.Content), (long)plays.Average(p => p.Pages), (long)plays.Average(p => p.Others));
        ClassForecast[] classes = [.. plays[0].Classes.Select((c, i) => c with { Length = (long)plays.Average(p => p.Classes[i].Length) })];
        return plays[0] with { Content = content, Pages = pages, Others = others, Length = content + pages + others, Classes = classes };
    }

    /// <summary>The longest days of a class, then a sweep of each tier.</summary>
    public static int SteadyDayOf(IReadOnlyList<ForecastClass> classes, ForecastPolicy policy) =>
        classes.Select(c => policy.Retention.ClassDays[c.DataClass]).DefaultIfEmpty().Max() + (2 * ((int)policy.PruneGrace.TotalDays + 2));

    private sealed class Game
    {
        private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

        private readonly IReadOnlyList<ForecastClass> _classes;
        private readonly ForecastPolicy _policy;
        private readonly PlayedReserve _reserve;
        private readonly PlayedPoints[] _points;
        private readonly PlayedArchive? _archive;
        private readonly PlayedTiers _tiers;
        private readonly List<DateTimeOffset> _runs = [];
        private readonly TimeSpan[] _moments;
        private readonly int[] _order;
        private DateTimeOffset _now;
        private double _pointLength, _dropLength;
        private long _records;

        public Game(IReadOnlyList<ForecastClass> classes, ForecastPolicy policy, DateTimeOffset start, TimeZoneInfo zone, int seed)
        {
            (_classes, _policy, _now) = (classes, policy, start);
            _reserve = new PlayedReserve(classes, policy.SegmentLength, seed);
            _points = [.. classes.Select(c => new PlayedPoints(c.DataClass, policy.Retention, zone))];
            _archive = policy.HasArchive ? new PlayedArchive(policy, _reserve, classes, _points) : null;
            _tiers = new PlayedTiers(policy, _reserve, _points, _archive, seed);
            _order = [.. policy.Priority.SelectMany(first => classes.Index().Where(c => c.Item.DataClass == first).Select(c => c.Index)).Union(Enumerable.Range(0, classes.Count))];
            _moments = [.. new SortedSet<TimeSpan>([.. Enumerable.Range(0, (int)(TimeSpan.FromDays(1) / policy.Every)).Select(i => i * policy.Every), 2 * Hour, 3 * Hour, 4 * Hour])];
        }

        public void Day()
        {
            var midnight = _now;
            foreach (var moment in _moments)
            {
                GoTo(midnight + moment);
                var isFull = moment == 2 * Hour;
                var isArchive = moment == 3 * Hour && midnight.DayOfWeek == DayOfWeek.Sunday;
                if (isFull || isArchive || moment.Ticks % _policy.Every.Ticks == 0)
                {
                    Run(isFull, isArchive);
                }
                if (moment.Ticks % Hour.Ticks == 0)
                {
                    _tiers.Sync();
                }
                if (moment == 4 * Hour)
                {
                    Clean();
                }
            }
            GoTo(midnight.AddDays(1));
        }

        private void GoTo(DateTimeOffset moment)
        {
            _reserve.Step(moment - _now);
            _now = moment;
        }

        private void Run(bool isFull, bool isArchive)
        {
            var stored = new List<Piece>();
            var taken = 0;
            foreach (var c in _order)
            {
                if (isArchive ? _classes[c].DataClass == DataClass.Physical : !isFull && _points[c].Newest + _classes[c].Interval - Slack(_classes[c].Interval) > _now)
                {
                    continue;
                }
                _reserve.Take(c, _runs.Count, _points[c], stored);
                _points[c].Add(_runs.Count, _now);
                taken++;
            }
            if (taken == 0)
            {
                return;
            }
            _runs.Add(_now);
            _pointLength += PointLength + (PointClassLength * taken);
            _tiers.Store(stored);
            _archive?.Store(stored);
        }

        private static TimeSpan Slack(TimeSpan interval) => TimeSpan.FromTicks(Math.Min(interval.Ticks / 10, TimeSpan.FromMinutes(2).Ticks));

        private void Clean()
        {
            var dropped = _points.Sum(p => p.Retain(_now));
            _records += dropped > 0 ? 1 : 0;
            _dropLength += dropped > 0 ? DropLength + (DroppedPartLength * dropped) : 0;
            _tiers.LetGo(_now);
            _tiers.Sweep(_now);
            _tiers.Sync();
            _tiers.SweepRemote(_now);
            _archive?.Fill(_now, run => _runs[run], _dropLength > 0);
        }

        public IEnumerable<TierForecast> Tell(int day)
        {
            yield return Tell(day, Tier.Local);
            if (_policy.HasRemote)
            {
                yield return Tell(day, Tier.Remote);
            }
            if (_archive is not null)
            {
                yield return Tell(day, Tier.Archive);
            }
        }

        private TierForecast Tell(int day, Tier tier)
        {
            var packs = (tier == Tier.Archive ? _archive!.Packs : _tiers.Packs(tier)).ToList();
            var byClass = new double[_classes.Count];
            foreach (var piece in packs.SelectMany(p => p.Pieces))
            {
                byClass[piece.ClassIndex] += PlayedPack.ScaledLengthOf(piece, _reserve);
            }
            var content = packs.Where(p => !p.IsPages).Sum(p => p.ScaledLength);
            var pages = packs.Where(p => p.IsPages).Sum(p => p.ScaledLength);
            var index = (tier == Tier.Archive ? packs : _tiers.Packs(null)).Sum(p => p.IndexLength);
            var entered = tier != Tier.Archive ? 1 : _runs.Count(t => t <= _now.AddDays(-_policy.Archiving.AfterDays)) / (double)Math.Max(1, _runs.Count);
            var others = index + (_pointLength * entered) + _dropLength + (RecordLength * (_records + _tiers.Records + (_archive?.Records ?? 0)));
            ClassForecast[] classes = [.. _classes.Index().Select(c => new ClassForecast(c.Item.DataClass, PointsOf(tier, c.Index), (long)byClass[c.Index]))];
            return new TierForecast
            {
                Day = day, Tier = tier, Points = classes.Sum(c => c.Points), Content = (long)content, Pages = (long)pages, Others = (long)others, Length = (long)content + (long)pages + (long)others, Classes = classes,
            };
        }

        private int PointsOf(Tier tier, int c) => tier switch
        {
            Tier.Archive => _archive!.PointsOf(c),
            Tier.Remote when _archive is not null => _points[c].CountFrom(_points[c].FirstWithin(_policy.Retention.RemoteDays, _now)),
            Tier.Local when _policy.HasRemote => _points[c].CountFrom(_points[c].FirstWithin(_policy.Retention.LocalDays, _now)),
            _ => _points[c].Count,
        };
    }
}
