using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Guardian;

/// <summary>A subject that runs found suspicious, and nobody has settled.</summary>
/// <param name="Pseudonym">Whose; zero for the reserve as a whole.</param>
/// <param name="SinceNs">Points of this moment and later may hold the damage.</param>
/// <param name="Points">The points whose runs raised the alarm, oldest first.</param>
/// <param name="Score">The highest score.</param>
/// <param name="Reasons">All reasons.</param>
internal sealed record OpenAnomaly(Id16 Pseudonym, long SinceNs, IReadOnlyList<PointRecord> Points, int Score, AnomalyReasons Reasons);

/// <summary>What is suspect now: what restore points say, signed by the hosts that made them, less what was settled. Needs no key.</summary>
internal sealed class AnomalyBook
{
    private readonly Dictionary<Id16, OpenAnomaly> _open = [];

    private AnomalyBook(IEnumerable<PointRecord> points, Settlements settlements)
    {
        foreach (var point in points.Where(p => p is { IsVoid: false, IsImported: false }).OrderBy(p => p.TimeNs).ThenBy(p => p.Sequence))
        {
            foreach (var mark in point.Anomalies)
            {
                if (mark.Score == 0)
                {
                    _open.Remove(mark.Pseudonym);
                    continue;
                }
                _open[mark.Pseudonym] = _open.TryGetValue(mark.Pseudonym, out var open)
                    ? open with { SinceNs = Math.Min(open.SinceNs, mark.SinceNs), Points = [.. open.Points, point], Score = Math.Max(open.Score, mark.Score), Reasons = open.Reasons | mark.Reasons }
                    : new OpenAnomaly(mark.Pseudonym, mark.SinceNs, [point], mark.Score, mark.Reasons);
            }
        }
        foreach (var settled in settlements.All)
        {
            if (_open.TryGetValue(settled.Pseudonym, out var open) && open.Points[^1].TimeNs <= settled.UntilNs)
            {
                _open.Remove(settled.Pseudonym);
            }
        }
    }

    /// <summary>Everything that is open.</summary>
    public IReadOnlyCollection<OpenAnomaly> Open => _open.Values;

    /// <summary>Reads what points say.</summary>
    public static AnomalyBook Of(Installation installation, IEnumerable<PointRecord> points) => new(points, Settlements.Read(installation));

    /// <summary>What is open of a subject; what was found of the reserve as a whole counts for each that has nothing of its own.</summary>
    public OpenAnomaly? Find(Id16 pseudonym) => _open.GetValueOrDefault(pseudonym) ?? _open.GetValueOrDefault(default);

    /// <summary>What keeps a part from expiring, for people; null where nothing does.</summary>
    public string? HeldBy(PointRecord point, DataClass dataClass, TimeSpan hold, DateTimeOffset now)
    {
        if (hold <= TimeSpan.Zero || !AnomalyOptions.Watched.Contains(dataClass))
        {
            return null;
        }
        var open = _open.Values.FirstOrDefault(o => point.TimeNs <= o.Points[^1].TimeNs && NanosecondTime.FromNs(o.Points[^1].CompletedNs, 0) + hold > now);
        return open is null ? null : $"suspicious run {open.Points[0].Name}";
    }
}

/// <summary>
/// What somebody on this host has settled, until the next restore point says it to all hosts. In <c>state/guardian/</c>.
/// </summary>
internal sealed record Settlements
{
    /// <summary>One of them.</summary>
    /// <param name="Subject">The pseudonym.</param>
    /// <param name="SinceNs">From when on it was suspect.</param>
    /// <param name="UntilNs">The newest point whose finding is settled.</param>
    public sealed record Settled(string Subject, long SinceNs, long UntilNs)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public Id16 Pseudonym => Id16.TryParse(Subject, out var id) ? id : default;
    }

    public Settled[] All { get; init; } = [];

    public static Settlements Read(Installation installation) => StateFile.Read<Settlements>(PathOf(installation)) ?? new Settlements();

    public void Write(Installation installation)
    {
        if (All.Length == 0)
        {
            File.Delete(PathOf(installation));
            return;
        }
        StateFile.Write(PathOf(installation), this);
    }

    private static string PathOf(Installation installation) => Path.Combine(installation.StateFolder, "guardian", $"{installation.Reserve}.settled");
}
