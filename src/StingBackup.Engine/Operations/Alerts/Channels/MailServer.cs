using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>The mail server that the configuration names.</summary>
internal static class MailServer
{
    public const string Channel = "mail";

    /// <exception cref="StingException"><c>AlertUndelivered</c>, <c>AlertSecretUnreadable</c></exception>
    public static async Task SendAsync(MailConfiguration settings, MimeMessage mail, CancellationToken cancel)
    {
        using var client = new SmtpClient();
        try
        {
            await client.ConnectAsync(settings.Server, settings.Port, settings.Tls switch { "implicit" => SecureSocketOptions.SslOnConnect, "none" => SecureSocketOptions.None, _ => SecureSocketOptions.StartTls }, cancel).ConfigureAwait(false);
            if (settings is { User: { } user, PasswordFile: { } file })
            {
                await client.AuthenticateAsync(user, AlertErrors.ReadSecret(file), cancel).ConfigureAwait(false);
            }
            await client.SendAsync(mail, cancel).ConfigureAwait(false);
            await client.DisconnectAsync(quit: true, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ServiceNotConnectedException or ServiceNotAuthenticatedException or CommandException or ProtocolException or AuthenticationException or SslHandshakeException or SocketException or IOException or NotSupportedException)
        {
            // What a server says of a login may repeat it.
            throw AlertErrors.Undelivered(Channel, e is AuthenticationException or ServiceNotAuthenticatedException ? "it does not let us log in" : e.Message.TrimEnd('.'), e);
        }
    }
}
