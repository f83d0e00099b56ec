using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Amazon.S3.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace StingBackup.Fixtures.Ceph;

/// <summary>
/// Stands before a real S3 server and adds what it lacks of Amazon's storage classes for archives. The server keeps bytes and the name of the class; here is the state machine, by what Amazon documents:
/// <list type="bullet">
/// <item>GET of an object in GLACIER or DEEP_ARCHIVE that is not restored: 403 InvalidObjectState with StorageClass (API_GetObject.html, "Errors").</item>
/// <item>RestoreObject: 202 when it begins, 200 when the object is restored already, which moves the expiry; 409 RestoreAlreadyInProgress; a faster tier upgrades what is under way (API_RestoreObject.html, "Responses", "Errors";
/// restoring-objects-upgrade-speed in archived-objects.html). Of an object that is not archived: 403 InvalidObjectState.</item>
/// <item>HEAD: x-amz-storage-class, and x-amz-restore: ongoing-request="true", then ongoing-request="false", expiry-date="…" (API_HeadObject.html, "x-amz-restore"). The class does not change while a copy is there.</item>
/// <item>Expiry: the days asked for from the time at which the copy is there, rounded up to the next midnight UTC (restoring-objects.html).</item>
/// <item>Times: GLACIER 1-5 minutes, 3-5 hours, 5-12 hours; DEEP_ARCHIVE 12 and 48 hours, no Expedited (restoring-objects-retrieval-options.html): the longer end of each, by the clock given.</item>
/// <item>A copy of an archived object that is not restored: 403 InvalidObjectState (API_CopyObject.html: ObjectNotInActiveTierError). A lifecycle rule does move it, without a copy being there.</item>
/// </list>
/// </summary>
internal sealed class GlacierProxy : IAsyncDisposable
{
    private readonly CephCluster _behind;
    private readonly TimeProvider _clock;
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
    private readonly ConcurrentDictionary<string, Restore> _restores = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _moved = new(StringComparer.Ordinal);

    private GlacierProxy(CephCluster behind, TimeProvider clock, WebApplication app)
    {
        (_behind, _clock, _app) = (behind, clock, app);
        app.Run(HandleAsync);
    }

    /// <summary>A retrieval: when its copy is there, and how long.</summary>
    private sealed record Restore(string Tier, int Days, DateTimeOffset Ready)
    {
        public DateTimeOffset Expires { get; init; } = Midnight(Ready.AddDays(Days));

        public static DateTimeOffset Midnight(DateTimeOffset time) => time.UtcDateTime.TimeOfDay == TimeSpan.Zero ? time : new DateTimeOffset(time.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>Objects for which a retrieval was asked, in order, with the tier.</summary>
    public ConcurrentQueue<(string Key, string Tier, int Status)> Asked { get; } = new();

    /// <summary>Keys that were read successfully, in order.</summary>
    public ConcurrentQueue<string> Read { get; } = new();

    /// <summary>Whether Expedited has capacity; without, 503 GlacierExpeditedRetrievalNotAvailable.</summary>
    public bool HasExpedited { get; set; } = true;

    /// <summary>Asked before each retrieval; what it says is answered instead.</summary>
    public Func<string, int?> Refuse { get; set; } = _ => null;

    public static async Task<GlacierProxy> StartAsync(CephCluster behind, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var proxy = new GlacierProxy(behind, clock, builder.Build());
        await proxy._app.StartAsync();
        proxy.Address = new Uri(proxy._app.Urls.Single());
        return proxy;
    }

    /// <summary>What a lifecycle rule does: moves an object to another class as it lies.</summary>
    public void Transition(string bucket, string key, string storageClass) => _moved[$"{bucket}/{key}"] = storageClass;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private static bool IsArchived(string storageClass) => storageClass is "GLACIER" or "DEEP_ARCHIVE";

    private async Task HandleAsync(HttpContext context)
    {
        var path = Uri.UnescapeDataString(context.Request.Path.Value!.TrimStart('/'));
        var (method, query) = (context.Request.Method, context.Request.QueryString.Value ?? "");
        var isObject = path.Contains('/', StringComparison.Ordinal) && !path.EndsWith('/');
        if (method == "POST" && isObject && query.TrimStart('?').Split('&')[0].TrimEnd('=') == "restore")
        {
            await RestoreAsync(context, path);
            return;
        }
        if (context.Request.Headers.TryGetValue("x-amz-copy-source", out var from) && await ClassAsync(Uri.UnescapeDataString(from.ToString().TrimStart('/'))) is { } source && !IsReadable(Uri.UnescapeDataString(from.ToString().TrimStart('/')), source))
        {
            await ErrorAsync(context, 403, "InvalidObjectState", "The operation is not valid for the object's storage class", source);
            return;
        }
        if (method == "GET" && isObject && query.Length == 0 | query.StartsWith("?x-id", StringComparison.Ordinal) && await ClassAsync(path) is { } storageClass)
        {
            if (!IsReadable(path, storageClass))
            {
                await ErrorAsync(context, 403, "InvalidObjectState", "The operation is not valid for the object's storage class", storageClass);
                return;
            }
            Read.Enqueue(path);
        }
        using var answer = await SendAsync(context);
        if (method is "PUT" or "DELETE" && isObject && answer.IsSuccessStatusCode)
        {
            _restores.TryRemove(path, out _);
            _moved.TryRemove(path, out _);
        }
        await AnswerAsync(context, answer, method == "HEAD" && isObject && answer.IsSuccessStatusCode ? path : null);
    }

    private bool IsReadable(string path, string storageClass) => !IsArchived(storageClass) || (Find(path) is { } restore && restore.Ready <= _clock.GetUtcNow());

    /// <summary>The retrieval of an object, as long as its copy is not expired.</summary>
    private Restore? Find(string path) => _restores.TryGetValue(path, out var restore) && restore.Expires > _clock.GetUtcNow() ? restore : null;

    private async Task<string?> ClassAsync(string path)
    {
        if (_moved.TryGetValue(path, out var moved))
        {
            return moved;
        }
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        try
        {
            return (await _behind.Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = path[..slash], Key = path[(slash + 1)..] })).StorageClass?.Value ?? "STANDARD";
        }
        catch (Amazon.S3.AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task RestoreAsync(HttpContext context, string path)
    {
        using var reader = new StreamReader(context.Request.Body);
        var request = XDocument.Parse(await reader.ReadToEndAsync());
        string? Value(string name) => request.Descendants().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
        var (tier, days) = (Value("Tier") ?? "Standard", int.Parse(Value("Days") ?? "0", CultureInfo.InvariantCulture));
        if (Refuse(path) is { } status)
        {
            Asked.Enqueue((path, tier, status));
            await ErrorAsync(context, status, status == 503 ? "SlowDown" : "InternalError", "Please reduce your request rate.", null);
            return;
        }
        var (code, error) = await DecideAsync(path, tier, days);
        if (!path.Contains("/~probe/", StringComparison.Ordinal))
        {
            Asked.Enqueue((path, tier, code));
        }
        if (error is null)
        {
            context.Response.StatusCode = code;
            return;
        }
        await ErrorAsync(context, code, error, error, null);
    }

    private async Task<(int Status, string? Error)> DecideAsync(string path, string tier, int days)
    {
        var storageClass = await ClassAsync(path);
        var duration = (storageClass, tier) switch
        {
            ("GLACIER", "Expedited") => TimeSpan.FromMinutes(5), ("GLACIER", "Standard") => TimeSpan.FromHours(5), ("GLACIER", "Bulk") => TimeSpan.FromHours(12),
            ("DEEP_ARCHIVE", "Standard") => TimeSpan.FromHours(12), ("DEEP_ARCHIVE", "Bulk") => TimeSpan.FromHours(48), _ => TimeSpan.Zero,
        };
        var now = _clock.GetUtcNow();
        switch (storageClass)
        {
            case null:
                return (404, "NoSuchKey");
            case not ("GLACIER" or "DEEP_ARCHIVE"):
                return (403, "InvalidObjectState");
            case "DEEP_ARCHIVE" when tier == "Expedited":
                return (400, "InvalidArgument");
        }
        if (days < 1)
        {
            return (400, "MalformedXML");
        }
        if (tier == "Expedited" && !HasExpedited)
        {
            return (503, "GlacierExpeditedRetrievalNotAvailable");
        }
        if (Find(path) is { } there)
        {
            if (there.Ready <= now)
            {
                _restores[path] = there with { Expires = Restore.Midnight(now.AddDays(days)) };
                return (200, null);
            }
            if (now + duration >= there.Ready)
            {
                return (409, "RestoreAlreadyInProgress");
            }
        }
        _restores[path] = new Restore(tier, days, now + duration);
        return (202, null);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
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

    /// <summary>Hands an answer back; that of a HEAD with what the state machine knows, a listing with the classes that rules gave.</summary>
    private async Task AnswerAsync(HttpContext context, HttpResponseMessage answer, string? head)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not ("Transfer-Encoding" or "Connection" or "Content-Length")))
        {
            context.Response.Headers[header.Key] = header.Value.ToArray();
        }
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentLength = answer.Content.Headers.ContentLength;
            if (head is not null && await ClassAsync(head) is { } storageClass and not "STANDARD")
            {
                context.Response.Headers["x-amz-storage-class"] = storageClass;
                if (Find(head) is { } restore)
                {
                    context.Response.Headers["x-amz-restore"] = restore.Ready > _clock.GetUtcNow() ? "ongoing-request=\"true\"" : $"ongoing-request=\"false\", expiry-date=\"{restore.Expires.UtcDateTime.ToString("R", CultureInfo.InvariantCulture)}\"";
                }
            }
            return;
        }
        if (answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }
        var body = await answer.Content.ReadAsByteArrayAsync();
        if (!_moved.IsEmpty && answer.IsSuccessStatusCode && context.Request.QueryString.Value?.Contains("list-type=2", StringComparison.Ordinal) == true)
        {
            body = WithClasses(body, Uri.UnescapeDataString(context.Request.Path.Value!.Trim('/')));
        }
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private byte[] WithClasses(byte[] body, string bucket)
    {
        var listing = XDocument.Load(new MemoryStream(body));
        foreach (var item in listing.Root!.Elements().Where(e => e.Name.LocalName == "Contents"))
        {
            if (_moved.TryGetValue($"{bucket}/{Uri.UnescapeDataString(item.Elements().First(e => e.Name.LocalName == "Key").Value)}", out var moved) && item.Elements().FirstOrDefault(e => e.Name.LocalName == "StorageClass") is { } given)
            {
                given.Value = moved;
            }
        }
        using var written = new MemoryStream();
        listing.Save(written, SaveOptions.DisableFormatting);
        return written.ToArray();
    }

    private static async Task ErrorAsync(HttpContext context, int status, string code, string message, string? storageClass)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message>{(storageClass is null ? "" : $"<StorageClass>{storageClass}</StorageClass>")}</Error>");
    }
}
