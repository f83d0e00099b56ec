using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace StingBackup.Fixtures.Ceph;

/// <summary>A request that passes the proxy.</summary>
/// <param name="Method">GET, PUT …</param>
/// <param name="Path">Path without query.</param>
/// <param name="Query">With the question mark, or empty.</param>
/// <param name="IsConditional">Whether it carries If-None-Match.</param>
internal sealed record S3ProxyRequest(string Method, string Path, string Query, bool IsConditional)
{
    public bool IsList => Method == "GET" && Query.Contains("list-type=2", StringComparison.Ordinal);
}

/// <summary>What the proxy does with a request.</summary>
internal enum S3ProxyDeed
{
    /// <summary>Hands it on, and the answer back.</summary>
    Pass,
    /// <summary>Answers 503 SlowDown.</summary>
    SlowDown,
    /// <summary>Answers 500 InternalError.</summary>
    Fail,
    /// <summary>Cuts the connection in the middle of the request's body; the server sees nothing of it.</summary>
    Cut,
    /// <summary>Hands it on, and cuts the connection instead of answering.</summary>
    LoseAnswer,
    /// <summary>Answers with half of the body, as if that were all.</summary>
    TruncateAnswer,
    /// <summary>Cuts the connection after half of the answer's body.</summary>
    CutAnswer,
    /// <summary>Says that it is stored, with the ETag that belongs to the bytes, and throws them away.</summary>
    Swallow,
    /// <summary>Ignores If-None-Match: what is there is overwritten.</summary>
    IgnoreCondition,
    /// <summary>Answers a listing as it was when the same was first asked.</summary>
    Stale,
    /// <summary>Changes a byte of the body on its way to the server.</summary>
    Flip,
    /// <summary>Never answers.</summary>
    Hang,
}

/// <summary>Stands before a real S3 server and disturbs: an overloaded, a broken, or a lying store. Signatures stay valid, since the Host header is handed on as it came.</summary>
internal sealed class S3Proxy : IAsyncDisposable
{
    private readonly CephCluster _behind;
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
    private readonly ConcurrentDictionary<string, (int Status, string Type, byte[] Body)> _listings = new();
    private int _requests;

    private S3Proxy(CephCluster behind, WebApplication app)
    {
        _behind = behind;
        _app = app;
        app.Run(HandleAsync);
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>The server itself.</summary>
    public CephCluster Behind => _behind;

    /// <summary>Asked for each request, with its number from 1 on.</summary>
    public Func<S3ProxyRequest, int, S3ProxyDeed> Disturb { get; set; } = (_, _) => S3ProxyDeed.Pass;

    /// <summary>All that was asked.</summary>
    public ConcurrentQueue<S3ProxyRequest> Log { get; } = new();

    public static async Task<S3Proxy> StartAsync(CephCluster behind)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var proxy = new S3Proxy(behind, builder.Build());
        await proxy._app.StartAsync();
        proxy.Address = new Uri(proxy._app.Urls.Single());
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = new S3ProxyRequest(context.Request.Method, context.Request.Path.Value!, context.Request.QueryString.Value ?? "", context.Request.Headers.IfNoneMatch.Count > 0);
        Log.Enqueue(request);
        var deed = Disturb(request, Interlocked.Increment(ref _requests));
        switch (deed)
        {
            case S3ProxyDeed.SlowDown:
                await RefuseAsync(context, 503, "SlowDown");
                return;
            case S3ProxyDeed.Fail:
                await RefuseAsync(context, 500, "InternalError");
                return;
            case S3ProxyDeed.Cut:
                await context.Request.Body.ReadAtLeastAsync(new byte[1000], (int)Math.Min(1000, (context.Request.ContentLength ?? 0) / 2), throwOnEndOfStream: false);
                context.Abort();
                return;
            case S3ProxyDeed.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { });
                return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (deed == S3ProxyDeed.Swallow)
        {
            context.Response.Headers.ETag = $"\"{Convert.ToHexStringLower(Convert.FromBase64String(context.Request.Headers.ContentMD5.ToString()))}\"";
            return;
        }
        if (deed == S3ProxyDeed.Flip && body.Length > 0)
        {
            body.GetBuffer()[body.Length / 2] ^= 1;
        }
        using var answer = await SendAsync(context, body);
        if (deed == S3ProxyDeed.IgnoreCondition && answer.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            var parts = request.Path.TrimStart('/').Split('/', 2);
            await _behind.Client.DeleteObjectAsync(parts[0], Uri.UnescapeDataString(parts[1]));
            using var second = await SendAsync(context, body);
            await AnswerAsync(context, second, S3ProxyDeed.Pass, null);
            return;
        }
        if (deed == S3ProxyDeed.LoseAnswer)
        {
            context.Abort();
            return;
        }
        await AnswerAsync(context, answer, deed, request);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpContext context, MemoryStream body)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var message = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_behind.Address.GetLeftPart(UriPartial.Authority) + raw, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        message.Content = body.Length > 0 || context.Request.ContentLength is not null ? new ByteArrayContent(body.ToArray()) : null;
        foreach (var header in context.Request.Headers.Where(h => h.Key is not ("Content-Length" or "Transfer-Encoding" or "Connection" or "Expect")))
        {
            if (!message.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray()))
            {
                message.Content?.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());
            }
        }
        return await _http.SendAsync(message, context.RequestAborted);
    }

    private async Task AnswerAsync(HttpContext context, HttpResponseMessage answer, S3ProxyDeed deed, S3ProxyRequest? request)
    {
        var body = await answer.Content.ReadAsByteArrayAsync();
        var status = (int)answer.StatusCode;
        var type = answer.Content.Headers.ContentType?.ToString() ?? "";
        if (request is { IsList: true })
        {
            var first = _listings.GetOrAdd(request.Path + request.Query, (status, type, body));
            if (deed == S3ProxyDeed.Stale)
            {
                (status, type, body) = first;
            }
        }
        context.Response.StatusCode = status;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not ("Transfer-Encoding" or "Connection" or "Content-Length")))
        {
            context.Response.Headers[header.Key] = header.Value.ToArray();
        }
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentLength = answer.Content.Headers.ContentLength;
            return;
        }
        if (status is 204 or 304)
        {
            return;
        }
        var half = deed is S3ProxyDeed.TruncateAnswer or S3ProxyDeed.CutAnswer ? body.AsMemory(0, body.Length / 2) : body;
        context.Response.ContentLength = deed == S3ProxyDeed.CutAnswer ? body.Length : half.Length;
        await context.Response.Body.WriteAsync(half);
        if (deed == S3ProxyDeed.CutAnswer)
        {
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }

    private static async Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>Please reduce your request rate.</Message></Error>");
    }
}
