using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>The channels that a configuration names. Secrets are read from their files when a message is sent, so that a new one counts at once.</summary>
internal static class ConfiguredChannels
{
    private const string PagerDuty = "https://events.pagerduty.com/v2/enqueue";

    public static IReadOnlyList<IAlertChannel> Of(AlertConfiguration settings)
    {
        var channels = new List<IAlertChannel>();
        if (settings.Webhook is { } webhook)
        {
            channels.Add(new HttpChannel("webhook", m => HttpChannel.Post(webhook, Payloads.Whole(m), settings.WebhookTokenFile is { } file ? AlertErrors.ReadSecret(file) : null)));
        }
        if (settings.Mail is { To.Count: > 0 } mail)
        {
            channels.Add(new MailChannel(mail));
        }
        if (settings.PagerDutyKeyFile is { } key)
        {
            channels.Add(new HttpChannel("pagerduty", m => HttpChannel.Post(settings.PagerDutyAddress ?? PagerDuty, Payloads.PagerDuty(m, AlertErrors.ReadSecret(key)))));
        }
        if (settings.SlackUrlFile is { } slack)
        {
            channels.Add(new HttpChannel("slack", m => HttpChannel.Post(AlertErrors.ReadSecret(slack), Payloads.Slack(m))));
        }
        if (settings.TeamsUrlFile is { } teams)
        {
            channels.Add(new HttpChannel("teams", m => HttpChannel.Post(AlertErrors.ReadSecret(teams), Payloads.Teams(m))));
        }
        if (settings is { Matrix: { } matrix, MatrixRoom: { } room, MatrixTokenFile: { } token })
        {
            // The number of a message keeps one that is sent twice from standing there twice.
            channels.Add(new HttpChannel("matrix", m => HttpChannel.Put($"{matrix}/_matrix/client/v3/rooms/{Uri.EscapeDataString(room)}/send/m.room.message/{m.Id}-{m.Event}-{m.Time.ToUnixTimeSeconds()}", Payloads.Matrix(m), AlertErrors.ReadSecret(token))));
        }
        if (settings.Syslog is { } syslog)
        {
            channels.Add(new SyslogChannel(new Uri(syslog)));
        }
        if (settings.Exec is { } program)
        {
            channels.Add(new ExecChannel(program));
        }
        return channels;
    }
}
