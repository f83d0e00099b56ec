using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>A line of syslog (RFC 5424) for each message: a datagram (RFC 5426), or a stream with lengths (RFC 6587).</summary>
internal sealed class SyslogChannel(Uri server) : IAlertChannel
{
    private const int Facility = 1, DefaultPort = 514;   // user-level messages

    /// <summary>What every receiver must take.</summary>
    private const int MostBytesOfDatagram = 2048;

    public string Name => "syslog";

    public async Task SendAsync(AlertMessage message, CancellationToken cancel)
    {
        var line = Encoding.UTF8.GetBytes(LineOf(message));
        var port = server.Port > 0 ? server.Port : DefaultPort;
        try
        {
            if (server.Scheme == "udp")
            {
                using var socket = new UdpClient(server.Host, port);
                await socket.SendAsync(line.AsMemory(0, Math.Min(line.Length, MostBytesOfDatagram)), cancel).ConfigureAwait(false);
                return;
            }
            using var client = new TcpClient();
            await client.ConnectAsync(server.Host, port, cancel).ConfigureAwait(false);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line.Length} ")), cancel).ConfigureAwait(false);
            await stream.WriteAsync(line, cancel).ConfigureAwait(false);
            client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw AlertErrors.Undelivered(Name, e.Message.TrimEnd('.'), e);
        }
    }

    internal static string LineOf(AlertMessage m)
    {
        var level = m.Event switch
        {
            AlertEvent.Resolved or AlertEvent.Acknowledged => 5,
            AlertEvent.Test => 6,
            _ => m.Severity switch { AlertSeverity.Page => 1, AlertSeverity.Critical => 2, _ => 4 },
        };
        var time = m.Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var host = new string([.. m.Host.Where(c => c is > ' ' and < '\x7f').Take(255)]);
        // 32473 is the number for what has none of its own (RFC 5612).
        return string.Create(CultureInfo.InvariantCulture,
            $"<{(Facility * 8) + level}>1 {time} {(host.Length > 0 ? host : "-")} sting-backup {Environment.ProcessId} {m.Event} [alert@32473 id=\"{m.Id}\" rule=\"{Parameter(m.Rule)}\" subject=\"{Parameter(m.Subject)}\" severity=\"{m.Severity}\"] \ufeff{OneLine(m.Title)} {OneLine(m.Action)}");
    }

    private static string Parameter(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
