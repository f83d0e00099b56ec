using MimeKit;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>A mail for each message.</summary>
internal sealed class MailChannel(MailConfiguration settings) : IAlertChannel
{
    public string Name => MailServer.Channel;

    public TimeSpan Patience => TimeSpan.FromSeconds(60);

    public async Task SendAsync(AlertMessage message, CancellationToken cancel)
    {
        using var mail = MailOf(message);
        await MailServer.SendAsync(settings, mail, cancel).ConfigureAwait(false);
    }

    private MimeMessage MailOf(AlertMessage message)
    {
        var mail = new MimeMessage { Subject = message.Title, Date = message.Time };
        try
        {
            mail.From.Add(MailboxAddress.Parse(settings.From));
            mail.To.AddRange(settings.To.Select(to => MailboxAddress.Parse(to)));
        }
        catch (ParseException e)
        {
            mail.Dispose();
            throw AlertErrors.Undelivered(Name, "alerts.mail_from or alerts.mail_to is no address", e);
        }
        // Mails of one alert are one thread.
        mail.MessageId = $"{message.Id}.{message.Event}.{message.Time.ToUnixTimeSeconds()}@sting-backup";
        mail.Headers.Add(HeaderId.References, $"<{message.Id}@sting-backup>");
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Body = new TextPart("plain")
        {
            Text = $"{message.Summary}\n\nWhat to do: {message.Action}\n\nRule: {message.Rule}{(message.Subject.Length > 0 ? $" ({message.Subject})" : "")}\nHost: {message.Host}\nTime: {Display.Time(message.Time)}\nAlert: {message.Id}\n\nConfirm-StingAlert {message.Id} (sting-backup alert-confirm --id={message.Id}) says that you know.\n",
        };
        return mail;
    }
}
