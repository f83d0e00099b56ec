using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>A web server on the loopback address that keeps what it is sent.</summary>
internal sealed class WebReceiver : IDisposable
{
    private readonly HttpListener _listener = new();

    public WebReceiver()
    {
        Port = FreePorts.Next();
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port { get; }
    public string Address => $"http://127.0.0.1:{Port}";
    /// <summary>What it answers.</summary>
    public int Status { get; set; } = 200;
    public ConcurrentQueue<(string Method, string Path, string? Token, JsonNode Body)> Taken { get; } = new();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                var text = await reader.ReadToEndAsync();
                if (Status is >= 200 and < 300)
                {
                    Taken.Enqueue((context.Request.HttpMethod, context.Request.RawUrl!, context.Request.Headers["Authorization"], JsonNode.Parse(text)!));
                }
                context.Response.StatusCode = Status;
                context.Response.RedirectLocation = Status is 302 ? Address + "/elsewhere" : null;
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or JsonException)
        {
            // It is closed.
        }
    }

    public void Dispose() => _listener.Close();
}
