using MimeKit;
using StingBackup.Engine.Operations.Alerts.Channels;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.People;

/// <summary>A word by mail to a person about what that person asked for: through the mail server of alerts, to the one address that a provider of sign-ins has verified. It names no file.</summary>
/// <param name="To">The address.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Text">The text.</param>
public sealed record PersonMail(string To, string Subject, string Text)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends it; false where no mail server is configured.</summary>
    /// <exception cref="StingException"><c>AlertUndelivered</c>, <c>AlertSecretUnreadable</c></exception>
    public async Task<bool> SendAsync(StingConfiguration configuration, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.Alerts.Mail is not { } settings)
        {
            return false;
        }
        using var mail = new MimeMessage { Subject = Subject, Body = new TextPart("plain") { Text = Text } };
        try
        {
            mail.From.Add(MailboxAddress.Parse(settings.From));
            mail.To.Add(MailboxAddress.Parse(To));
        }
        catch (ParseException e)
        {
            throw AlertErrors.Undelivered(MailServer.Channel, "alerts.mail_from or the person's own is no address", e);
        }
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await MailServer.SendAsync(settings, mail, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw AlertErrors.Undelivered(MailServer.Channel, "it did not answer in time");
        }
    }
}
