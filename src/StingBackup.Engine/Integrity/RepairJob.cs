using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Integrity;

/// <summary>Repairs what can be made anew from what is whole: the index from packs, enrolments from copies, claims from trees. Nothing that is whole is touched.</summary>
public static class RepairJob
{
    /// <summary>What a repair would do now. Reads no pack whole, asks for no key, changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="useKeys">Whether keys will be used; without them the index may become one that deduplication does not use, and claims stay as they are.</param>
    /// <param name="cancel">Cancels.</param>
    public static ValueTask<RepairPlan> PlanAsync(Installation installation, bool useKeys, CancellationToken cancel) => PlanAsync(installation, Tier.Local, useKeys, cancel);

    /// <summary>What a repair of a tier would do now: the local one as above; a further one gets from the others what it has damaged or lacks.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="tier">The tier.</param>
    /// <param name="useKeys">Whether keys will be used.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>TierNotConfigured</c></exception>
    public static async ValueTask<RepairPlan> PlanAsync(Installation installation, Tier tier, bool useKeys, CancellationToken cancel)
    {
        Access.Require(installation, "Repair-StingRepository");
        ArgumentNullException.ThrowIfNull(installation);
        var there = await installation.AtTierAsync(tier, cancel).ConfigureAwait(false);
        IReadOnlyList<HealedObject> heals = [];
        IntegrityResult? seen = null;
        // Not by VerifyJob, which writes a log: a plan leaves nothing behind.
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var found = await new VerifyRun(there, installation.Writers, new VerifyRequest { Level = IntegrityLevel.Structure, Tier = tier }, output).RunAsync(token).ConfigureAwait(false);
            var healer = new TierHealer(there, new FaultBook(), output);
            heals = healer.IsPossible ? await new TierHealing(there, healer, output).PlanAsync(found, token).ConfigureAwait(false) : [];
            return found;
        }, cancel);
        await foreach (var told in look.ConfigureAwait(false))
        {
            seen = told is CompletedEvent { Result: IntegrityResult result } ? result : seen;
        }
        long packs = 0, bytes = 0;
        await foreach (var pack in Repository.PackFooters.ListAsync(there.Store, cancel).ConfigureAwait(false))
        {
            packs++;
            bytes += pack.Length;
        }
        return new RepairPlan { Repository = there.Store.Location, Tier = tier, Heals = [.. heals], Packs = packs, PackBytes = bytes, Faults = [.. seen!.Faults], UseKeys = useKeys };
    }

    /// <summary>
    /// Executes a plan. Each fault that is left is an <see cref="OutputEvent"/> with an <see cref="IntegrityFault"/>; the last event is a
    /// <see cref="CompletedEvent"/> with a <see cref="RepairResult"/>.
    /// </summary>
    /// <exception cref="StingException">While it runs: <c>BackupRunning</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>, and what unlocking keys can say.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RepairPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Repair-StingRepository");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "repair", async (output, token) =>
        {
            var result = await AuditTrail.RunAsync(installation, new AuditDeed("Repair-StingRepository", []), r => IntegrityOutcome.Of(plan, r), output,
                () => plan.Tier == Tier.Local ? new RepairRun(installation, plan, output).RunAsync(token) : HealTierAsync(installation, plan.Tier, output, token)).ConfigureAwait(false);
            foreach (var fault in result.Faults)
            {
                output.Emit(fault);
            }
            FaultNote.Keep(installation, plan.Tier, result.Faults);
            return result;
        }, cancel);
    }

    /// <summary>A further tier makes nothing anew: what it has damaged or lacks, another tier gives. Every pack is read whole.</summary>
    private static async Task<RepairResult> HealTierAsync(Installation installation, Tier tier, JobOutput output, CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = $"Repair the {tier} tier";
        var there = await installation.AtTierAsync(tier, cancel).ConfigureAwait(false);
        var unhealed = new FaultBook();
        var healer = new TierHealer(there, unhealed, output);
        var last = await new TierHealing(there, healer, output).RunAsync(IntegrityLevel.Packs, cancel).ConfigureAwait(false);
        healer.Note();
        return new RepairResult
        {
            Tier = tier, Packs = last.Packs, Entries = 0, FragmentsReplaced = 0, ObjectsRestored = 0, Signed = true, Healed = [.. healer.Healed],
            Faults = [.. last.Faults.Select(f => RepairRun.WithReason(f, unhealed))], Duration = installation.Clock.GetElapsedTime(started),
        };
    }
}
