using Microsoft.Extensions.Localization;
using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>Tells people by mail how a recovery of theirs ended, where a mail server is configured and the provider of sign-ins has verified an address. The page tells it in any case.</summary>
internal sealed partial class RecoveryMails(PortalContext portal, IStringLocalizer<Texts> texts, ILogger<RecoveryMails> log, IHostApplicationLifetime lifetime)
{
    public async Task TellAsync(string? to, JobView job)
    {
        if (to is null)
        {
            return;
        }
        string state = texts[$"Job.State.{job.State}"], written = PageTimes.Number(job.Outcome?.Written ?? 0), failed = PageTimes.Number(job.Outcome?.Failed ?? 0);
        try
        {
            await new PersonMail(to, texts["Mail.Recovery.Subject", state], texts["Mail.Recovery.Text", state, written, failed, new Uri(portal.Options.Seen, $"/jobs/{job.Id}")])
                .SendAsync(portal.Configuration, lifetime.ApplicationStopping).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            Unsent(log, e.ErrorId);
        }
        catch (OperationCanceledException)
        {
            // The portal stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The mail about a recovery was not sent: {ErrorId}")]
    private static partial void Unsent(ILogger log, string errorId);
}
