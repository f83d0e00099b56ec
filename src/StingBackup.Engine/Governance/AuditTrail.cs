using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Governance;

/// <summary>What an action that needs no approval leaves in the audit log.</summary>
/// <param name="Verb">The cmdlet.</param>
/// <param name="Subjects">Pseudonyms of whom it touches; never names.</param>
internal sealed record AuditDeed(string Verb, IReadOnlyList<Id16> Subjects);

/// <summary>
/// Actions that need no approval, and how they ended. A record that cannot be written stops none of them: a restore in an emergency comes before its record, and what could not be recorded is told.
/// </summary>
internal static class AuditTrail
{
    /// <summary>Does a deed, and records who did it and how it ended.</summary>
    public static async Task<T> RunAsync<T>(Installation installation, AuditDeed deed, Func<T, string> outcomeOf, JobOutput output, Func<Task<T>> act)
    {
        T result;
        try
        {
            result = await act().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await NoteAsync(installation, deed, Failures.OutcomeOf(e), output).ConfigureAwait(false);
            throw;
        }
        await NoteAsync(installation, deed, outcomeOf(result), output).ConfigureAwait(false);
        return result;
    }

    /// <summary>Does a deed whose success another signed record tells; the audit log has its failure.</summary>
    public static async Task<T> OfFailureAsync<T>(Installation installation, AuditDeed deed, JobOutput output, Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (StingException e)
        {
            await NoteAsync(installation, deed, e.ErrorId, output).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Records that the configuration file is another one, before a restore point anchors the chains; and remembers which reviews are open, so that no status has to read all of the chains.</summary>
    public static async ValueTask WatchAsync(Installation installation, JobOutput output)
    {
        await ReviewJob.ListAsync(installation, remember: true, CancellationToken.None).ConfigureAwait(false);
        if (ConfigurationWatch.Changed(installation) is not { } digest)
        {
            return;
        }
        try
        {
            var log = await AuditLog.OpenAsync(installation, CancellationToken.None).ConfigureAwait(false);
            await log.AppendAsync(new AuditDraft(AuditEvent.Noted, ConfigurationWatch.Verb) { PlanDigest = digest, Outcome = "ConfigurationChanged" }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            output.TryWarn($"That the configuration changed does not stand in the audit log: {e.Message} {e.Remedy}");
        }
    }

    private static async Task NoteAsync(Installation installation, AuditDeed deed, string outcome, JobOutput output)
    {
        if (installation.IsLocalTierLost)
        {
            output.Explain($"{deed.Verb} does not stand in the audit log: the local tier is lost, and nothing is written.");
            return;
        }
        if (!installation.CanSign)
        {
            // A verification asks for no passphrase, and so not for the sake of its record.
            output.Explain($"{deed.Verb} does not stand in the audit log: this host has no keys of its own that could sign it.");
            return;
        }
        try
        {
            await AuditLog.NoteAsync(installation, deed.Verb, deed.Subjects, outcome, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            output.TryWarn($"{deed.Verb} ({outcome}) does not stand in the audit log: {e.Message} {e.Remedy}");
        }
    }
}
