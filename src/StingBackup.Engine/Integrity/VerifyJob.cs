using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity.References;

namespace StingBackup.Engine.Integrity;

/// <summary>Verifies a repository. Changes nothing in it.</summary>
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
            var there = await installation.AtTierAsync(request.Tier, token).ConfigureAwait(false);
            var result = request.Level == IntegrityLevel.References
                ? await new ReferenceRun(there, request, output).RunAsync(token).ConfigureAwait(false)
                : await new VerifyRun(there, installation.Writers, request, output).RunAsync(token).ConfigureAwait(false);
            foreach (var fault in result.Faults)
            {
                output.Emit(fault);
            }
            FaultNote.Keep(installation, request, result);
            return result;
        }, cancel);
    }
}
