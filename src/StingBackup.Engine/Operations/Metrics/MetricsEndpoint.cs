using System.Globalization;
using System.Net;
using System.Text;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>Gives the metrics by HTTP, on this host's loopback address alone: <c>GET /metrics</c>.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    /// <summary>Whoever asks more often gets the figures of the last time.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    private readonly HttpListener _listener;
    private readonly Func<CancellationToken, ValueTask<Installation>> _open;
    private readonly TimeProvider _clock;
    private (long Taken, string Text)? _last;

    private MetricsEndpoint(HttpListener listener, string address, Func<CancellationToken, ValueTask<Installation>> open, TimeProvider clock) => (_listener, Address, _open, _clock) = (listener, address, open, clock);

    /// <summary>Where it answers.</summary>
    public string Address { get; }

    public static string AddressOf(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/metrics");

    /// <summary>Answers until it is disposed.</summary>
    /// <exception cref="StingException"><c>MetricsPortTaken</c></exception>
    public static MetricsEndpoint Start(int port, Func<CancellationToken, ValueTask<Installation>> open, TimeProvider clock, CancellationToken cancel)
    {
        var listener = new HttpListener();
        try
        {
            listener.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
            listener.Start();
        }
        catch (HttpListenerException e)
        {
            listener.Close();
            throw new StingException("MetricsPortTaken", FailureKind.Busy, $"Nothing can be given at {AddressOf(port)}: {e.Message}", AddressOf(port), "Set metrics.port to a port that is free, or to 0.", e);
        }
        var endpoint = new MetricsEndpoint(listener, AddressOf(port), open, clock);
        _ = Task.Run(() => endpoint.AnswerAsync(cancel), CancellationToken.None);
        return endpoint;
    }

    private async Task AnswerAsync(CancellationToken cancel)
    {
        while (_listener.IsListening)
        {
            try
            {
                await AnswerAsync(await _listener.GetContextAsync().ConfigureAwait(false), cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
            {
                // Whoever asked has gone, or we are closed.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, CancellationToken cancel)
    {
        using var response = context.Response;
        if (context.Request.HttpMethod != "GET" || context.Request.Url?.AbsolutePath != "/metrics")
        {
            response.StatusCode = 404;
            return;
        }
        string text;
        try
        {
            text = await ReadAsync(cancel).ConfigureAwait(false);
            response.ContentType = MetricsText.MediaType;
        }
        catch (Exception e) when (e is StingException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // What is wrong stands in the daemon's own output; whoever asks here learns only that there is nothing to be had.
            response.StatusCode = 503;
            text = "# The metrics cannot be read now.\n";
        }
        var bytes = Encoding.UTF8.GetBytes(text);
        response.ContentLength64 = bytes.Length;
        await response.OutputStream.WriteAsync(bytes, cancel).ConfigureAwait(false);
    }

    private async ValueTask<string> ReadAsync(CancellationToken cancel)
    {
        if (_last is { } last && _clock.GetElapsedTime(last.Taken) < Fresh)
        {
            return last.Text;
        }
        var installation = await _open(cancel).ConfigureAwait(false);
        await using var opened = installation.ConfigureAwait(false);
        var text = MetricsText.Of(await MetricsReader.ReadAsync(installation, cancel).ConfigureAwait(false));
        _last = (_clock.GetTimestamp(), text);
        return text;
    }

    public void Dispose() => _listener.Close();
}
