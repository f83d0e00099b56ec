using System.Globalization;

namespace StingBackup.Engine.Operations.Costs;

/// <summary>What would cost less, and what is about to cost more.</summary>
internal static class CostAdvisor
{
    /// <summary>From this share of the quota on it is told.</summary>
    private const double NearQuota = 0.8;

    /// <summary>Below this share of a tier nobody follows advice.</summary>
    private const double Least = 0.01;

    /// <summary>Advice that saves something, the most first.</summary>
    public static CostAdvice[] Advise(Installation installation, IReadOnlyList<TierUse> uses) =>
    [
        .. Unneeded(installation, uses).Concat(Further(installation, uses)).OrderByDescending(advice => advice.MonthlySaved),
    ];

    /// <summary>Says that the remote tier nears the most that may lie there, before an upload stops.</summary>
    public static IEnumerable<string> Quota(Installation installation, IReadOnlyList<TierUse> uses)
    {
        if (uses.FirstOrDefault(use => use is { Tier: Tier.Remote, Failure: null }) is { } remote && remote.Length > NearQuota * installation.RemoteQuota)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"The Remote tier holds {Display.Length(remote.Length)} of the {Display.Length(installation.RemoteQuota)} that it may ({(double)remote.Length / installation.RemoteQuota:0 %}): beyond, uploads stop. Let less be kept, or ask for more with Set-StingTierQuota.");
        }
    }

    private static IEnumerable<CostAdvice> Unneeded(Installation installation, IReadOnlyList<TierUse> uses)
    {
        foreach (var use in uses.Where(use => use.Failure is null && use.Unneeded > Least * use.Length))
        {
            var saved = Dollars.For(use.Unneeded, CostReader.PriceOf(installation, use.Tier));
            yield return use.Tier == Tier.Archive
                ? new CostAdvice($"{Display.Length(use.Unneeded)} on the Archive tier are needed by no restore point; each sync deletes what its storage class has charged for.", "sting-backup sync --tier=archive", saved)
                : new CostAdvice($"{Display.Length(use.Unneeded)} on the {use.Tier} tier are needed by no restore point.", $"sting-backup prune{(use.Tier == Tier.Remote ? " --tier=remote" : "")}", saved);
        }
    }

    /// <summary>What is older than the local tier's days, and would cost less on a tier that is not there.</summary>
    private static IEnumerable<CostAdvice> Further(Installation installation, IReadOnlyList<TierUse> uses)
    {
        var missing = new[] { Tier.Remote, Tier.Archive }.Where(tier => !installation.FurtherTiers.ContainsKey(tier)).ToList();
        var last = uses.LastOrDefault(use => use.Failure is null);
        if (missing.Count == 0 || last is null || missing[0] <= last.Tier || last.Old <= Least * last.Length)
        {
            yield break;
        }
        var next = missing[0];
        var saved = Dollars.For(last.Old, CostReader.PriceOf(installation, last.Tier) - CostReader.PriceOf(installation, next));
        yield return new CostAdvice(string.Create(CultureInfo.InvariantCulture,
            $"{Display.Length(last.Old)} on the {last.Tier} tier are needed by restore points older than {installation.Retention.LocalDays} days alone, and would cost less on the {next} tier."), $"set {next.ToString().ToLowerInvariant()}.location", saved);
    }
}
