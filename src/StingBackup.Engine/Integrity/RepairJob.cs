namespace StingBackup.Engine.Integrity;

/// <summary>Repairs what can be made anew from what is whole: the index from packs, enrolments from copies, claims from trees. Nothing that is whole is touched.</summary>
public static class RepairJob
{
    /// <summary>What a repair would do now. Reads no pack whole, asks for no key, changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="useKeys">Whether keys will be used; without them the index may become one that deduplication does not use, and claims stay as they are.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<RepairPlan> PlanAsync(Installation installation, bool useKeys, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        IntegrityResult? seen = null;
        // Not by VerifyJob, which writes a log: a plan leaves nothing behind.
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
            await new VerifyRun(installation, installation.Writers, new VerifyRequest { Level = IntegrityLevel.Structure }, output).RunAsync(token).ConfigureAwait(false), cancel);
        await foreach (var told in look.ConfigureAwait(false))
        {
            seen = told is CompletedEvent { Result: IntegrityResult result } ? result : seen;
        }
        long packs = 0, bytes = 0;
        await foreach (var pack in Repository.PackFooters.ListAsync(installation.Store, cancel).ConfigureAwait(false))
        {
            packs++;
            bytes += pack.Length;
        }
        return new RepairPlan { Repository = installation.Store.Location, Packs = packs, PackBytes = bytes, Faults = [.. seen!.Faults], UseKeys = useKeys };
    }

    /// <summary>
    /// Executes a plan. Each fault that is left is an <see cref="OutputEvent"/> with an <see cref="IntegrityFault"/>; the last event is a
    /// <see cref="CompletedEvent"/> with a <see cref="RepairResult"/>.
    /// </summary>
    /// <exception cref="StingException">While it runs: <c>BackupRunning</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>, and what unlocking keys can say.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RepairPlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "repair", async (output, token) =>
        {
            var result = await new RepairRun(installation, plan, output).RunAsync(token).ConfigureAwait(false);
            foreach (var fault in result.Faults)
            {
                output.Emit(fault);
            }
            return result;
        }, cancel);
    }
}
