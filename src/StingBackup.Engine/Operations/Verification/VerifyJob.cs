using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Operations.Verification;

/// <summary>Verifies a repository. Changes nothing in it; the audit log has how it ended.</summary>
public static class VerifyJob
{
    /// <summary>
    /// Verifies. Each fault is an <see cref="OutputEvent"/> with an <see cref="IntegrityFault"/>; the last event is a <see cref="CompletedEvent"/>
    /// with an <see cref="IntegrityResult"/>. Keys are asked for at the levels <see cref="IntegrityLevel.Data"/> and <see cref="IntegrityLevel.References"/> alone.
    /// </summary>
    /// <param name="installation">The installation.</param>
    /// <param name="request">What to verify.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">While it runs: <c>SampleNotUnderstood</c>, <c>CheckLimitWithoutPacks</c>, <c>TierNotConfigured</c>, <c>BackupNotFound</c>, <c>DateNotUnderstood</c>, <c>StoreUnavailable</c>, and what unlocking keys can say.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, VerifyRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Test-StingBackupIntegrity");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(request);
        return JobStream.RunAsync(installation, "verify", async (output, token) =>
        {
            CheckLimits.Check(request);
            var result = await AuditTrail.RunAsync(installation, new AuditDeed("Test-StingBackupIntegrity", []), r => IntegrityOutcome.Of(request, r), output, () => VerifyAsync(installation, request, output, token)).ConfigureAwait(false);
            foreach (var fault in result.Faults)
            {
                output.Emit(fault);
            }
            FaultNote.Keep(installation, request, result);
            return result;
        }, cancel);
    }

    private static async Task<IntegrityResult> VerifyAsync(Installation installation, VerifyRequest request, JobOutput output, CancellationToken cancel)
    {
        var there = await installation.AtTierAsync(request.Tier, cancel).ConfigureAwait(false);
        return request.Level == IntegrityLevel.References
            ? await new ReferenceRun(there, request, output).RunAsync(cancel).ConfigureAwait(false)
            : await new VerifyRun(there, installation.Writers, request, output).RunAsync(cancel).ConfigureAwait(false);
    }
}
