using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>A server on the loopback address that answers what it was told to: the real client, through the real stack, reads it.</summary>
internal sealed class AnswerServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile Func<string, byte[]> _answer = static _ => [];

    private AnswerServer()
    {
        _listener.Start();
        new Thread(Accept) { IsBackground = true, Name = "answers" }.Start();
    }

    /// <summary>The one of this process.</summary>
    public static AnswerServer One { get; } = new();

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>What is answered from now on: a whole reply, by the first line of the request.</summary>
    public void Answer(Func<string, byte[]> answer) => _answer = answer;

    /// <summary>A reply of HTTP with a body.</summary>
    public static byte[] Reply(int status, string headers, ReadOnlySpan<byte> body) => [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\n{headers}\r\n"), .. body];

    public void Dispose() => _listener.Dispose();

    private void Accept()
    {
        while (true)
        {
            var client = _listener.AcceptTcpClient();
            ThreadPool.UnsafeQueueUserWorkItem(Serve, client, preferLocal: false);
        }
    }

    private void Serve(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                using var reader = new BufferedStream(client.GetStream());
                while (ReadRequest(reader) is { } line)
                {
                    var reply = _answer(line);
                    client.GetStream().Write(reply);
                    if (!reply.AsSpan().StartsWith("HTTP/1.1 "u8) || reply.AsSpan().IndexOf("Content-Length: "u8) is < 0 or > 20)
                    {
                        return;   // a reply that is damaged as a whole ends with its connection
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The client has gone.
        }
    }

    /// <summary>The request's first line; its body is passed over.</summary>
    private static string? ReadRequest(BufferedStream stream)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = stream.ReadByte();
            if (next < 0)
            {
                return null;
            }
            head.Append((char)next);
        }
        var text = head.ToString();
        var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        var length = at < 0 ? 0 : int.Parse(text.AsSpan(at + 16, text.IndexOf('\r', at) - at - 16), System.Globalization.CultureInfo.InvariantCulture);
        for (; length > 0; length--)
        {
            stream.ReadByte();
        }
        return text[..text.IndexOf('\r', StringComparison.Ordinal)];
    }
}
