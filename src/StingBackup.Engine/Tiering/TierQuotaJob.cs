using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Tiering;

/// <summary>The quota of the remote tier beyond what the configuration allows: only with the approval of a second identity.</summary>
public static class TierQuotaJob
{
    /// <summary>What raising it would do. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="length">Bytes that may lie on the remote tier.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, <c>QuotaNotRaised</c></exception>
    public static async ValueTask<TierQuotaPlan> PlanAsync(Installation installation, long length, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingTierQuota");
        ArgumentNullException.ThrowIfNull(installation);
        if (!installation.FurtherTiers.ContainsKey(Tier.Remote))
        {
            await installation.OpenTierAsync(Tier.Remote, cancel).ConfigureAwait(false);   // says so
        }
        if (length <= installation.ConfiguredQuota)
        {
            throw new StingException("QuotaNotRaised", FailureKind.InvalidArgument, $"The configuration allows {Display.Length(installation.ConfiguredQuota)} already (remote.quota).", "remote.quota",
                "Name more bytes than that; for less change remote.quota.");
        }
        var plan = new TierQuotaPlan { Tier = Tier.Remote, Location = installation.LocationOf(Tier.Remote), Configured = installation.ConfiguredQuota, Before = installation.RemoteQuota, Length = length };
        return plan with { Approval = await Guard.LookAsync(installation, DangerOf(plan), cancel).ConfigureAwait(false) };
    }

    /// <summary>Raises it, once a second identity has approved it.</summary>
    /// <exception cref="StingException"><c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static Task<TierQuotaResult> RunAsync(Installation installation, TierQuotaPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingTierQuota");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return Guard.RunAsync(installation, DangerOf(plan), _ =>
        {
            installation.MemoryOf(Tier.Remote).WriteQuota(plan.Length, installation.Clock.GetUtcNow());
            return Task.FromResult(new TierQuotaResult { Tier = plan.Tier, Length = plan.Length });
        }, static _ => "Raised", cancel);
    }

    internal static DangerousPlan DangerOf(TierQuotaPlan plan) => new("Set-StingTierQuota", $"tier {plan.Tier}")
    {
        Facts = [new PlanFact("Tier", $"{plan.Tier} ({plan.Location})"), new PlanFact("Bytes", plan.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)), new PlanFact("Quota", Display.Length(plan.Length))],
    };
}
