using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>
/// Tests of recovery, as the strategy asks for them: what was drawn by chance really comes back, from the tier that the strategy names and no other, into a place of its own; it is compared, measured and
/// removed, and what came of it is kept signed. A plan first, then the run that executes exactly it.
/// </summary>
public static class DrillJob
{
    /// <summary>What a test would bring back. Writes nothing; asks for keys.</summary>
    /// <exception cref="StingException"><c>DrillTierMissing</c>, <c>DrillNothingToTest</c>, <c>DrillNotPossible</c>, and what planning a restore can say</exception>
    public static async ValueTask<RecoveryTestPlan> PlanAsync(Installation installation, RecoveryTestRequest request, CancellationToken cancel)
    {
        Access.Require(installation, DrillRecord.Verb);
        ArgumentNullException.ThrowIfNull(request);
        return await new DrillPlanner(installation, request).PlanAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="RecoveryTest"/>; one that did not pass is an <see cref="ItemFailedEvent"/> too. Cancelled, it leaves nothing and
    /// keeps no evidence.
    /// </summary>
    /// <exception cref="StingException"><c>DrillRunning</c>, <c>DrillPlaceNotUsable</c>, <c>HostNotEnrolled</c>, <c>AuditChainBroken</c></exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RecoveryTestPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, DrillRecord.Verb);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "drill", async (output, token) =>
        {
            installation.Alarm = output.Warn;
            // A plan that crossed a process boundary has lost what the engine attached to it; its seed draws the same again.
            var exact = plan.Exact is DrillSelection ? plan : await PlanAsync(installation, plan.Request, token).ConfigureAwait(false);
            return await new DrillRun(installation, exact, output).RunAsync(token).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>The tests that are due now, the most urgent first: those that can be held here and whose time has come.</summary>
    public static async ValueTask<IReadOnlyList<RecoveryTestType>> DueAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, DrillRecord.Verb);
        var now = installation.Clock.GetUtcNow();
        return [.. (await DrillCalendar.ReadAsync(installation, cancel).ConfigureAwait(false)).Calendar.Where(d => d.NextTime <= now).OrderBy(d => d.NextTime).Select(d => d.Type)];
    }
}
