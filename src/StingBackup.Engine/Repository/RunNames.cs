using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Repository;

/// <summary>
/// What makes a run's name its own. A host that was enrolled into a repository of others adds letters of its writer id, as many as tell it from everybody who was enrolled before; so whatever hosts begin in one second, and in whatever
/// order their points arrive, a name is decided when the run begins and stays.
/// </summary>
internal static class RunNames
{
    private const string Letters = "bcdfghjklmnpqrstvwxz";
    private const int Shortest = 4;

    /// <summary>The letters that a writer's runs bear: none while he is the only one that was ever enrolled.</summary>
    /// <param name="writer">Whose run it is.</param>
    /// <param name="enrolled">Everybody who was enrolled, revoked ones included.</param>
    public static string HostOf(Id16 writer, IEnumerable<Id16> enrolled)
    {
        var letters = LettersOf(writer);
        var others = enrolled.Where(id => id != writer).ToList();
        return others.Count == 0 ? "" : letters[..Math.Clamp(others.Max(id => LettersOf(id).AsSpan().CommonPrefixLength(letters)) + 1, Shortest, letters.Length)];
    }

    /// <summary>All letters of a writer: one for each byte of his id.</summary>
    public static string LettersOf(Id16 writer) => string.Create(Id16.Size, writer, static (text, id) =>
    {
        foreach (var (i, b) in id.ToArray().Index())
        {
            text[i] = Letters[b % Letters.Length];
        }
    });

    /// <summary>
    /// The same points in the same order, each with a name of its own. Only a host that took another one's name, or points of before names had letters, can share one: whose letters it bears keeps it, else who committed first;
    /// any other is called by his own letters.
    /// </summary>
    public static IReadOnlyList<StoredPoint> Settle(IReadOnlyList<StoredPoint> points)
    {
        var doubles = points.Where(p => p.Record.Name.Length > 0).GroupBy(p => p.Record.Name, StringComparer.Ordinal).Where(g => g.Skip(1).Any())
            .SelectMany(g => g.OrderBy(p => !IsOwn(p.Record)).ThenBy(p => p.Record.CompletedNs).ThenBy(p => p.Record.Writer).ThenBy(p => p.Record.Sequence).Skip(1))
            .Select(p => p.Record.ObjectName).ToHashSet(StringComparer.Ordinal);
        // The number of a point is unique to its writer, so no other name is like this one.
        return doubles.Count == 0 ? points
            : [.. points.Select(p => doubles.Contains(p.Record.ObjectName) ? p with { Record = p.Record with { Name = $"{p.Record.Name}_{LettersOf(p.Record.Writer)}_{p.Record.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)}" } } : p)];
    }

    private static bool IsOwn(PointRecord point) => BackupId.TryParse(point.Name, out var id) && id.Host.Length >= Shortest && LettersOf(point.Writer).StartsWith(id.Host, StringComparison.Ordinal);
}
