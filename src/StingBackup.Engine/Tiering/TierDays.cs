using StingBackup.Engine.Jobs;
namespace StingBackup.Engine.Tiering;

/// <summary>The days of every tier at once, and the local cap: what retention does besides restore points.</summary>
internal static class TierDays
{
    /// <summary>What would go. Changes nothing.</summary>
    public static async ValueTask<TierRetention[]> PlanAsync(Installation installation, DateTimeOffset time, JobOutput output, CancellationToken cancel)
    {
        var plans = new List<TierRetention>();
        foreach (var tier in (Tier[])[Tier.Local, Tier.Remote])
        {
            if (await new TierLetGo(installation, tier, output).DecideAsync(DaysOf(installation, tier), time, cancel).ConfigureAwait(false) is { } decision)
            {
                plans.Add(decision.ToRetention());
            }
        }
        return [.. plans];
    }

    /// <summary>Lets go. A run of this host that builds on the local tier now is not disturbed: the next call does it.</summary>
    public static async ValueTask<TierRetention[]> RunAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        if (installation.FurtherTiers.Count == 0)
        {
            return [];
        }
        try
        {
            using var hostLock = installation.LockHost();
            var done = new List<TierRetention>();
            foreach (var tier in (Tier[])[Tier.Local, Tier.Remote])
            {
                if (await LetGoAsync(installation, tier, output, cancel).ConfigureAwait(false) is { } what)
                {
                    done.Add(what);
                }
            }
            return [.. done];
        }
        catch (StingException e) when (e.ErrorId == "BackupRunning")
        {
            output.Tell($"Tiers let nothing go now: {e.Message}");
            return [];
        }
    }

    private static async ValueTask<TierRetention?> LetGoAsync(Installation installation, Tier tier, JobOutput output, CancellationToken cancel)
    {
        var letting = new TierLetGo(installation, tier, output);
        var days = DaysOf(installation, tier);
        var gone = await letting.RunAsync(days, long.MaxValue, cancel).ConfigureAwait(false);
        if (tier == Tier.Local && await LocalCap.ReadAsync(installation, cancel).ConfigureAwait(false) is { } cap)
        {
            var more = await cap.CleanAsync(installation, output, cancel).ConfigureAwait(false);
            gone = new PackSum(gone.Packs + more.Packs, gone.Length + more.Length);
        }
        if (await letting.DecideAsync(days, installation.Clock.GetUtcNow(), cancel).ConfigureAwait(false) is not { } left)
        {
            return null;
        }
        if (left.Problem.Length > 0)
        {
            output.Warn($"The {tier} tier lets nothing go: {left.Problem}");
        }
        return left.ToRetention() with { Going = gone };
    }

    private static int DaysOf(Installation installation, Tier tier) => tier == Tier.Local ? installation.Retention.LocalDays : installation.Retention.RemoteDays;
}
