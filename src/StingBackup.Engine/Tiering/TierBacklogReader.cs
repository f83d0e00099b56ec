using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>What waits for a further tier, told without it: from what the local tier has and what this host remembers that the other has confirmed.</summary>
internal static class TierBacklogReader
{
    /// <summary>Reads it; null where the local tier is lost, so that nothing is known.</summary>
    public static async ValueTask<TierBacklog?> ReadAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        if (installation.IsLocalTierLost)
        {
            return null;
        }
        var confirmed = installation.MemoryOf(tier).ReadConfirmed() ?? [];
        long objects = 0, length = 0, points = 0;
        var oldest = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var item in installation.Store.ListAsync("", cancel).ConfigureAwait(false))
        {
            var step = TierObjects.StepOf(item.Name);
            if (step is null || confirmed.Contains(item.Name) || (tier == Tier.Archive && (step is TierStep.Index or TierStep.Points || ObjectName.IsPack(item.Name))))
            {
                continue;
            }
            objects++;
            length += item.Length;
            if (step == TierStep.Points)
            {
                points++;
                oldest.TryAdd(item.Name[..item.Name.LastIndexOf('/')], item.Name);   // names of a chain sort as they count
            }
        }
        return new TierBacklog(points, new ObjectSum(objects, length), await OldestAsync(installation, oldest.Values, cancel).ConfigureAwait(false));
    }

    /// <summary>As a sentence, for people.</summary>
    public static string Tell(TierBacklog backlog, Installation installation) => backlog.Objects.Count == 0 ? "Nothing waits for it."
        : FormattableString.Invariant($"{backlog.Points} restore points ({Display.Length(backlog.Objects.Length)}{(backlog.OldestTime is { } time ? $", the oldest of {Display.Time(TimeZoneInfo.ConvertTime(time, installation.Zone))}" : "")}) wait on the local tier; nothing of them is lost.");

    private static async ValueTask<DateTimeOffset?> OldestAsync(Installation installation, IEnumerable<string> names, CancellationToken cancel)
    {
        DateTimeOffset? oldest = null;
        foreach (var name in names)
        {
            try
            {
                var point = PointRecord.Read(name, await installation.Store.ReadAllAsync(name, cancel).ConfigureAwait(false), installation.Reserve, installation.Writers.SigningKeyOf);
                var time = NanosecondTime.FromNs(point.CompletedNs, 0);
                oldest = oldest is { } known && known <= time ? known : time;
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // Verification tells it.
            }
        }
        return oldest;
    }
}
