using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>What a survey says is to be done: a function of it, the settings and the clock.</summary>
internal sealed class PruneDecision
{
    /// <summary>Packs so small that joining them is worth it: an eighth of a whole one.</summary>
    internal const int SmallPart = 8;
    /// <summary>Small packs of a kind before the smallest of them are joined, so many that half as many are left.</summary>
    internal const int MostSmall = 64;

    public PruneDecision(PruneSurvey survey, Installation installation)
    {
        var ended = survey.Packs.Where(use => use.HasEnded).ToList();
        Unreached = [.. ended.Where(use => use.LiveRows == 0)];
        var used = ended.Where(use => use.LiveRows > 0 && use.IsOwn).ToList();
        var joined = used.Where(use => IsSmall(use, installation)).GroupBy(use => use.Pack.Kind).SelectMany(kind => ToJoin(kind, use => use.Pack.Length)).ToHashSet();
        Wasteful = survey.Bounds is not null ? [] : [.. used.Where(use => use.Waste > installation.MaxWaste || joined.Contains(use))];
        Marks = [.. survey.Marks.Marks.Select(mark => (mark, StandingOf(mark, survey, installation)))];
    }

    /// <summary>Packs that no point reaches.</summary>
    public IReadOnlyList<PackUse> Unreached { get; }

    /// <summary>Packs that the index names, the tier let go, and no point reaches any more: the index may forget them.</summary>
    public static IReadOnlyList<PackInfo> Forgotten(PruneSurvey survey, Installation installation) => survey.Bounds is not null || installation.FurtherTiers.Count == 0 ? []
        : [.. survey.Rows.Packs.Where(pack => pack.Kind == ObjectKind.DataPack && !survey.Stored.ContainsKey(pack.Id) && !survey.IsReached(pack.Id))];

    /// <summary>Packs to be written anew.</summary>
    public IReadOnlyList<PackUse> Wasteful { get; }

    /// <summary>Marks, and how each stands.</summary>
    public IReadOnlyList<(PackMark Mark, MarkStanding Standing)> Marks { get; }

    /// <summary>
    /// Which of a kind's small packs are joined: the smallest. What is joined lies twice until readers have had their time; all small packs at once would be a large part of a small tier, and what an earlier
    /// sweep joined would be written again and again.
    /// </summary>
    internal static IEnumerable<T> ToJoin<T>(IEnumerable<T> small, Func<T, double> length)
    {
        T[] all = [.. small.OrderBy(length)];
        return all.Length > MostSmall ? all.Take(all.Length - (MostSmall / 2)) : [];
    }

    private static bool IsSmall(PackUse use, Installation installation) => use.Pack.Length < installation.PackSizes.Of(use.Pack.Kind) / SmallPart;

    private static MarkStanding StandingOf(PackMark mark, PruneSurvey survey, Installation installation)
    {
        if (mark.Condemned is { } condemned)
        {
            var due = NanosecondTime.FromNs(condemned.TimeNs, 0) + installation.PruneGrace;
            return due <= installation.Clock.GetUtcNow() ? new MarkStanding("", due, IsDue: true) : new MarkStanding("readers that began before", due, IsDue: false);
        }
        var open = mark.Sessions?.Sessions.Where(session => !survey.HasEnded(session.Writer, session.Sequence)).ToList() ?? [];
        return open.Count == 0 ? new MarkStanding("", null, IsDue: false)
            : new MarkStanding($"{open.Count} sessions that began before, the first run {open[0].Sequence} of writer {open[0].Writer}", null, IsDue: false);
    }
}

/// <summary>How a mark stands.</summary>
/// <param name="WaitsFor">What it waits for; empty when its next step can be taken.</param>
/// <param name="Due">When its packs go; null before they are condemned.</param>
/// <param name="IsDue">Whether they go now.</param>
internal sealed record MarkStanding(string WaitsFor, DateTimeOffset? Due, bool IsDue);
