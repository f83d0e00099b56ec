using System.Globalization;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Operations;

/// <summary>What this host remembers of verifying and healing tiers. Opens none of them.</summary>
internal static class TierCheckReader
{
    /// <summary>How long a healing stays a warning.</summary>
    private static readonly TimeSpan AlarmDays = TimeSpan.FromDays(7);

    /// <summary>What was verified when, for each tier that ever was.</summary>
    public static TierCheck[] Read(Installation installation) => [.. installation.Tiers.Select(tier => Of(installation, tier)).OfType<TierCheck>()];

    /// <summary>What came from other tiers, or out of its own parity, in the last week because it was damaged or missing.</summary>
    public static IEnumerable<string> Alarms(Installation installation)
    {
        var since = installation.Clock.GetUtcNow() - AlarmDays;
        foreach (var tier in installation.Tiers)
        {
            var events = HealJournal.Read(installation, tier, since);
            if (events.Count > 0)
            {
                var last = events[^1];
                var replaced = events.Where(e => e.Replaced).Select(e => e.Object).Distinct(StringComparer.Ordinal).Count();
                var own = events.Where(e => e.Replaced && e.From == tier).Select(e => e.Object).Distinct(StringComparer.Ordinal).Count();
                var open = events.GroupBy(e => e.Object, StringComparer.Ordinal).Count(g => !g.Last().Replaced);
                yield return string.Create(CultureInfo.InvariantCulture, $"On the {tier} tier {replaced} objects were damaged or missing in the last 7 days and {(own == 0 ? "replaced from other tiers" : $"put right, {own} of them by their own parity")}{(open > 0 ? $", and {open} damaged ones were only read, from other tiers or by their parity (Repair-StingRepository puts them right)" : "")}; the last was '{last.Object}'. Find out what damages or removes objects there.");
            }
        }
    }

    private static TierCheck? Of(Installation installation, Tier tier)
    {
        var (packs, never, oldest) = CheckMemory.Load(installation, tier).Summary();
        DateTimeOffset? time = oldest is { } ns ? TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(ns, 0), installation.Zone) : null;
        return packs == 0 ? null : new TierCheck { Tier = tier, Packs = packs, NeverChecked = never, OldestCheck = time, OldestAge = time is { } moment ? installation.Clock.GetUtcNow() - moment : null };
    }
}
