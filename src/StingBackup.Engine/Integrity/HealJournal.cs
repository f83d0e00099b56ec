using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Integrity;

/// <summary>What was damaged or missing on a tier and came from another, or out of its own parity: <c>state/tiers/&lt;tier&gt;/healed</c>, a line each, the last thousand. For the status; a store that loses objects should not do so unseen.</summary>
internal static class HealJournal
{
    private const int Most = 1000;

    /// <summary>An event.</summary>
    /// <param name="Time">When.</param>
    /// <param name="Object">The object.</param>
    /// <param name="From">The tier that had it whole; the object's own where its parity put it right.</param>
    /// <param name="Replaced">Whether it was put back; else only read from there.</param>
    internal sealed record Entry(DateTimeOffset Time, string Object, Tier From, bool Replaced);

    /// <summary>Adds events. That they cannot be noted is told; it keeps nobody from healing.</summary>
    public static void Add(Installation installation, Tier tier, IReadOnlyCollection<Entry> events, Action<string> warn)
    {
        if (events.Count == 0)
        {
            return;
        }
        var path = PathOf(installation, tier);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var lines = (File.Exists(path) ? File.ReadAllLines(path) : []).Concat(events.Select(Format)).ToArray();
            var unfinished = $"{path}.{Path.GetRandomFileName()}";
            File.WriteAllLines(unfinished, lines.Skip(Math.Max(0, lines.Length - Most)));
            Durable.Replace(unfinished, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn($"That objects of the {tier} tier were healed could not be noted in '{path}': {e.Message}");
        }
    }

    /// <summary>Events since a moment, oldest first; lines that make no sense are passed over.</summary>
    public static IReadOnlyList<Entry> Read(Installation installation, Tier tier, DateTimeOffset since)
    {
        try
        {
            return [.. File.ReadLines(PathOf(installation, tier)).Select(Parse).OfType<Entry>().Where(e => e.Time >= since)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string PathOf(Installation installation, Tier tier) => Path.Combine(installation.TierFolder(tier), "healed");

    private static string Format(Entry entry) => string.Create(CultureInfo.InvariantCulture, $"{entry.Time.UtcDateTime:O}\t{entry.From}\t{(entry.Replaced ? "replaced" : "read")}\t{entry.Object}");

    private static Entry? Parse(string line) => line.Split('\t') is [var time, var from, var how, var name]
        && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && Enum.TryParse<Tier>(from, out var tier)
        ? new Entry(moment, name, tier, how == "replaced") : null;
}
