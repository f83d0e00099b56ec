using System.Globalization;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>Messages in the forms that others read.</summary>
internal static class Payloads
{
    /// <summary>The whole message: for the webhook and for programs.</summary>
    public static Dictionary<string, object?> Whole(AlertMessage m) => new(StringComparer.Ordinal)
    {
        ["event"] = m.Event.ToString().ToLowerInvariant(), ["id"] = m.Id, ["rule"] = m.Rule, ["subject"] = m.Subject, ["severity"] = m.Severity.ToString().ToLowerInvariant(), ["summary"] = m.Summary, ["action"] = m.Action,
        ["host"] = m.Host, ["time"] = m.Time.ToString("O", CultureInfo.InvariantCulture), ["source"] = "sting-backup",
    };

    /// <summary>PagerDuty's Events API v2: one incident for each alert, resolved with it.</summary>
    public static Dictionary<string, object?> PagerDuty(AlertMessage m, string key)
    {
        var body = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["routing_key"] = key, ["dedup_key"] = m.Id, ["event_action"] = m.Event switch { AlertEvent.Resolved => "resolve", AlertEvent.Acknowledged => "acknowledge", _ => "trigger" },
        };
        if (m.Event is not (AlertEvent.Resolved or AlertEvent.Acknowledged))
        {
            body["payload"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["summary"] = m.Title.Length > 1024 ? m.Title[..1024] : m.Title, ["source"] = m.Host, ["severity"] = m.Severity switch { AlertSeverity.Page => "critical", AlertSeverity.Critical => "error", _ => "warning" },
                ["timestamp"] = m.Time.ToString("O", CultureInfo.InvariantCulture), ["component"] = "sting-backup", ["class"] = m.Rule, ["custom_details"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["action"] = m.Action, ["subject"] = m.Subject },
            };
        }
        return body;
    }

    /// <summary>An incoming webhook of Slack: three characters of its markup are escaped.</summary>
    public static Dictionary<string, object?> Slack(AlertMessage m) => new(StringComparer.Ordinal) { ["text"] = $"*{Slacked(m.Title)}*\n{Slacked(m.Action)}" };

    /// <summary>An adaptive card, as workflows of Teams take it.</summary>
    public static Dictionary<string, object?> Teams(AlertMessage m) => new(StringComparer.Ordinal)
    {
        ["type"] = "message",
        ["attachments"] = new[]
        {
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["contentType"] = "application/vnd.microsoft.card.adaptive", ["contentUrl"] = null,
                ["content"] = new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json", ["type"] = "AdaptiveCard", ["version"] = "1.4",
                    ["body"] = new[] { Block(m.Title, "Bolder"), Block(m.Action, "Default") },
                },
            },
        },
    };

    /// <summary>A text message of Matrix.</summary>
    public static Dictionary<string, object?> Matrix(AlertMessage m) => new(StringComparer.Ordinal) { ["msgtype"] = "m.text", ["body"] = $"{m.Title}\n{m.Action}" };

    private static Dictionary<string, object?> Block(string text, string weight) => new(StringComparer.Ordinal) { ["type"] = "TextBlock", ["text"] = text, ["weight"] = weight, ["wrap"] = true };

    private static string Slacked(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
