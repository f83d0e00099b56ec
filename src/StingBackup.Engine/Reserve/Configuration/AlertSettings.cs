namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Who is told of what is wrong, and how.</summary>
public static class AlertSettings
{
    /// <summary>Escalation.</summary>
    public static readonly Setting<int> EscalateMinutes = new()
    {
        Key = "alerts.escalate_minutes",
        Type = SettingTypes.Integer(0, 10080),
        Default = 60,
        Summary = "Minutes after which an alert that nobody has acknowledged is sent again, one step more severe; then after twice as long, and so on. 0: never.",
    };

    /// <summary>Webhook.</summary>
    public static readonly Setting<string?> Webhook = new()
    {
        Key = "alerts.webhook",
        Type = SettingTypes.Location("https", "http"),
        Example = "https://monitoring.example.org/hooks/backup",
        Summary = "Where each alert is posted as JSON.",
    };

    /// <summary>Its token.</summary>
    public static readonly Setting<string?> WebhookTokenFile = Secret("alerts.webhook_token_file", "/etc/sting/alert-webhook.token", "A file that holds the token for alerts.webhook, sent as a bearer token.");
    /// <summary>Slack.</summary>
    public static readonly Setting<string?> SlackUrlFile = Secret("alerts.slack_url_file", "/etc/sting/alert-slack.url", "A file that holds the URL of an incoming webhook of Slack (or Mattermost): who knows it can post.");
    /// <summary>Teams.</summary>
    public static readonly Setting<string?> TeamsUrlFile = Secret("alerts.teams_url_file", "/etc/sting/alert-teams.url", "A file that holds the URL of a workflow of Teams that posts what it is sent.");

    /// <summary>Matrix.</summary>
    public static readonly Setting<string?> Matrix = new()
    {
        Key = "alerts.matrix",
        Type = SettingTypes.Location("https", "http"),
        Example = "https://matrix.example.org",
        Summary = "The home server of Matrix that alerts are sent to.",
    };

    /// <summary>Its room.</summary>
    public static readonly Setting<string?> MatrixRoom = new() { Key = "alerts.matrix_room", Type = SettingTypes.OptionalName, Example = "\"!backup:example.org\"", Summary = "The id of the room there." };
    /// <summary>Its token.</summary>
    public static readonly Setting<string?> MatrixTokenFile = Secret("alerts.matrix_token_file", "/etc/sting/alert-matrix.token", "A file that holds the access token of the account that writes there.");
    /// <summary>PagerDuty.</summary>
    public static readonly Setting<string?> PagerDutyKeyFile = Secret("alerts.pagerduty_key_file", "/etc/sting/alert-pagerduty.key", "A file that holds the integration key of a service of PagerDuty (Events API v2).");

    /// <summary>Where PagerDuty listens.</summary>
    public static readonly Setting<string?> PagerDutyAddress = new()
    {
        Key = "alerts.pagerduty_address",
        Type = SettingTypes.Location("https", "http"),
        Example = "https://events.eu.pagerduty.com/v2/enqueue",
        DefaultDescription = "https://events.pagerduty.com/v2/enqueue",
        Summary = "Where events are sent, for another region.",
    };

    /// <summary>Mail server.</summary>
    public static readonly Setting<string?> MailServer = new() { Key = "alerts.mail_server", Type = SettingTypes.OptionalName, Example = "mail.example.org", Summary = "The mail server that takes alerts." };
    /// <summary>Its port.</summary>
    public static readonly Setting<int> MailPort = new() { Key = "alerts.mail_port", Type = SettingTypes.Integer(1, 65535), Default = 587, Summary = "The port of the mail server." };

    /// <summary>Its encryption.</summary>
    public static readonly Setting<string> MailTls = new()
    {
        Key = "alerts.mail_tls",
        Type = SettingTypes.Choice("starttls, implicit or none", ("starttls", "starttls"), ("implicit", "implicit"), ("none", "none")),
        Default = "starttls",
        Summary = "How it is encrypted: from STARTTLS on, from the first byte on (port 465), or not at all, which is for a server on this host.",
    };

    /// <summary>From whom.</summary>
    public static readonly Setting<string?> MailFrom = new() { Key = "alerts.mail_from", Type = SettingTypes.OptionalName, Example = "backup@example.org", Summary = "Whom mails come from." };
    /// <summary>To whom.</summary>
    public static readonly Setting<IReadOnlyList<string>> MailTo = new() { Key = "alerts.mail_to", Type = new ListType<string>("a list of addresses", SettingTypes.Name), Default = [], Example = "- oncall@example.org", Summary = "The addresses that mails go to." };
    /// <summary>Login.</summary>
    public static readonly Setting<string?> MailUser = new() { Key = "alerts.mail_user", Type = SettingTypes.OptionalName, Example = "backup", Summary = "The account that logs in there." };
    /// <summary>Its password.</summary>
    public static readonly Setting<string?> MailPasswordFile = Secret("alerts.mail_password_file", "/etc/sting/alert-mail.password", "A file that holds its password.");

    /// <summary>Syslog.</summary>
    public static readonly Setting<string?> Syslog = new()
    {
        Key = "alerts.syslog",
        Type = SettingTypes.Location("udp", "tcp"),
        Example = "udp://127.0.0.1:514",
        Summary = "A syslog server (RFC 5424).",
    };

    /// <summary>A program.</summary>
    public static readonly Setting<string?> Exec = new() { Key = "alerts.exec", Type = SettingTypes.Path, Example = "/usr/local/bin/on-backup-alert", Summary = "A program that is run for each message, which it gets as JSON at its standard input. It has 30 seconds; another exit code than 0 means that it did not take it." };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        EscalateMinutes, Webhook, WebhookTokenFile, SlackUrlFile, TeamsUrlFile, Matrix, MatrixRoom, MatrixTokenFile, PagerDutyKeyFile, PagerDutyAddress,
        MailServer, MailPort, MailTls, MailFrom, MailTo, MailUser, MailPasswordFile, Syslog, Exec,
    ];

    private static Setting<string?> Secret(string key, string example, string summary) => new() { Key = key, Type = SettingTypes.Path, Example = example, Summary = summary };

    internal static AlertConfiguration Bind(SettingValues values) => new()
    {
        Escalate = TimeSpan.FromMinutes(values.Get(EscalateMinutes)), Webhook = values.Get(Webhook), WebhookTokenFile = values.Get(WebhookTokenFile), SlackUrlFile = values.Get(SlackUrlFile), TeamsUrlFile = values.Get(TeamsUrlFile),
        Matrix = values.Get(Matrix), MatrixRoom = values.Get(MatrixRoom), MatrixTokenFile = values.Get(MatrixTokenFile), PagerDutyKeyFile = values.Get(PagerDutyKeyFile), PagerDutyAddress = values.Get(PagerDutyAddress),
        Mail = values.Get(MailServer) is { } server ? new MailConfiguration(server, values.Get(MailPort), values.Get(MailTls), values.Get(MailFrom) ?? "sting-backup@localhost", values.Get(MailTo).ToArray())
        {
            User = values.Get(MailUser), PasswordFile = values.Get(MailPasswordFile),
        } : null,
        Syslog = values.Get(Syslog), Exec = values.Get(Exec),
    };
}

/// <summary>Who is told of what is wrong, and how. Holds no secret.</summary>
public sealed record AlertConfiguration
{
    /// <summary>After how long an alert that nobody acknowledges is sent again; zero for never.</summary>
    public TimeSpan Escalate { get; init; } = TimeSpan.FromHours(1);
    /// <summary>A URL that takes JSON.</summary>
    public string? Webhook { get; init; }
    /// <summary>File of its token.</summary>
    public string? WebhookTokenFile { get; init; }
    /// <summary>File of Slack's URL.</summary>
    public string? SlackUrlFile { get; init; }
    /// <summary>File of Teams' URL.</summary>
    public string? TeamsUrlFile { get; init; }
    /// <summary>Matrix' home server.</summary>
    public string? Matrix { get; init; }
    /// <summary>The room there.</summary>
    public string? MatrixRoom { get; init; }
    /// <summary>File of the access token there.</summary>
    public string? MatrixTokenFile { get; init; }
    /// <summary>File of PagerDuty's key.</summary>
    public string? PagerDutyKeyFile { get; init; }
    /// <summary>PagerDuty's address, or null for its usual one.</summary>
    public string? PagerDutyAddress { get; init; }
    /// <summary>Mail, or null.</summary>
    public MailConfiguration? Mail { get; init; }
    /// <summary>Syslog's address.</summary>
    public string? Syslog { get; init; }
    /// <summary>A program.</summary>
    public string? Exec { get; init; }
}

/// <summary>How mails are sent.</summary>
/// <param name="Server">The server.</param>
/// <param name="Port">Its port.</param>
/// <param name="Tls"><c>starttls</c>, <c>implicit</c> or <c>none</c>.</param>
/// <param name="From">From whom.</param>
/// <param name="To">To whom.</param>
public sealed record MailConfiguration(string Server, int Port, string Tls, string From, IReadOnlyList<string> To)
{
    /// <summary>Account, or null.</summary>
    public string? User { get; init; }
    /// <summary>File of its password, or null.</summary>
    public string? PasswordFile { get; init; }
}
