namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>What can go wrong on the way. None of it names an address or a secret: addresses of some channels are secrets.</summary>
internal static class AlertErrors
{
    public static StingException Undelivered(string channel, string why, Exception? cause = null) =>
        new("AlertUndelivered", FailureKind.Io, $"The {channel} channel did not take it: {why}.", channel, $"See that it works: Test-StingAlertChannel {channel}.", cause);

    /// <summary>A secret that stands in a file, without the line break that editors put behind it.</summary>
    /// <exception cref="StingException"><c>AlertSecretUnreadable</c></exception>
    public static string ReadSecret(string file)
    {
        try
        {
            var text = File.ReadAllText(file).Trim();
            return text.Length > 0 && !text.Any(char.IsControl) ? text : throw Unreadable(file, "it is empty, or more than a line", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, e.Message, e);
        }
    }

    private static StingException Unreadable(string file, string why, Exception? cause) => new("AlertSecretUnreadable", FailureKind.PermissionDenied, $"The file '{file}' gives no secret for alerts: {why}.", file,
        "Put the secret into it, in one line, mode 0600, of the account that runs this.", cause);
}
