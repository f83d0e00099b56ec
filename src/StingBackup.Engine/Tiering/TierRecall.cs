using System.Security.Cryptography;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// What a further tier holds, remembered in the place of a listing of all of it: the sync at each commit sends what is new, and a repository of many packs would be listed for every run. It is relied on for a day, while nothing failed, and
/// while the far side shows what it is asked about: the newest restore point, which tells an emptied bucket, and one pack or other at random. What is lost besides is found by the next listing, of which every sync of its own takes one, and by a
/// verification of the tier.
/// </summary>
internal static class TierRecall
{
    /// <summary>How long a listing is relied on.</summary>
    public static readonly TimeSpan LongestTrust = TimeSpan.FromDays(1);

    /// <summary>The tier as it is remembered; null when it must be listed.</summary>
    public static async ValueTask<TierListing?> TryAsync(Installation installation, TierRoute route, TierListing source, CancellationToken cancel)
    {
        var memory = installation.MemoryOf(route.Target);
        var note = memory.ReadNote();
        var now = installation.Clock.GetUtcNow();
        if (note is not { ListedTime: { } listed, Failure: "" } || listed > now || now - listed >= LongestTrust || memory.ReadConfirmed() is not { Count: > 0 } names)
        {
            return null;
        }
        var recalled = TierListing.Recall(names, source, note.Length ?? 0);
        var packs = recalled.Of(TierStep.Packs).Where(source.Objects.ContainsKey).ToList();
        foreach (var name in (string?[])[recalled.Of(TierStep.Points).LastOrDefault(source.Objects.ContainsKey), packs.Count == 0 ? null : packs[RandomNumberGenerator.GetInt32(packs.Count)]])
        {
            if (name is not null && await route.To.GetLengthAsync(name, cancel).ConfigureAwait(false) != source.Objects[name])
            {
                return null;
            }
        }
        return recalled;
    }
}
