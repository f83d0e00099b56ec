using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace StingBackup.Fixtures.Vault;

/// <summary>How a request is disturbed.</summary>
/// <param name="Status">Answered instead of what was asked; 0 answers as ever.</param>
/// <param name="RetryAfter">Seconds, sent as Retry-After.</param>
/// <param name="CutAt">The connection breaks after so many bytes of the body.</param>
/// <param name="Says">The text of the error.</param>
internal sealed record StandInFault(int Status = 0, int? RetryAfter = null, int? CutAt = null, string? Says = null);

/// <summary>
/// A stand-in for a Vault server, in this process, on 127.0.0.1 and a free port: no Vault and no OpenBao can be had from the registries that the tests use. It follows the documented
/// HTTP API, each handler a page or a source that it names, and gives back what was recorded with a real Vault (tests/fixtures/vault). The contract suite runs against a real server
/// too where VAULT_ADDR is set; what nothing confirms is listed in docs/operations.md.
/// </summary>
internal sealed class VaultStandIn : IAsyncDisposable
{
    public const string RootToken = "root-token-of-the-stand-in";

    private readonly TimeProvider _clock;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<(string Namespace, string Name), string> _policies = new();
    private readonly ConcurrentDictionary<(string Namespace, string Path), StandInKv> _mounts = new();
    private readonly ConcurrentDictionary<(string Namespace, string Path), StandInTransit> _transits = new();
    private int _requests, _atOnce, _mostAtOnce;

    private VaultStandIn(TimeProvider clock, WebApplication app)
    {
        _clock = clock;
        _app = app;
        Tokens = new StandInTokens(clock);
        Tokens.Create(["root"], id: RootToken, name: "root", path: "auth/token/root", orphan: true);
        app.Run(HandleAsync);
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1");
    public StandInTokens Tokens { get; }
    public bool Sealed { get; set; }
    /// <summary>True for a node that does no work itself; it sends on to <see cref="Leader"/>, or says that there is none.</summary>
    public bool Standby { get; set; }
    public Uri? Leader { get; set; }
    /// <summary>OpenBao internal/http/handler.go DefaultMaxRequestSize.</summary>
    public int MaxRequestSize { get; set; } = 32 << 20;
    /// <summary>Namespaces beside the root's.</summary>
    public HashSet<string> Namespaces { get; } = [];
    /// <summary>Asked before each request, with its number from 1 on.</summary>
    public Func<StandInRequest, int, StandInFault?> Disturb { get; set; } = (_, _) => null;
    /// <summary>All that was asked: method and path with query.</summary>
    public ConcurrentQueue<(string Method, string Path)> Log { get; } = new();
    /// <summary>The highest number of requests that were under way at once.</summary>
    public int MostAtOnce => Volatile.Read(ref _mostAtOnce);

    public int DataReads => Log.Count(r => r.Method == "GET" && r.Path.Contains("/data/", StringComparison.Ordinal));

    public static async Task<VaultStandIn> StartAsync(TimeProvider? clock = null, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        var standIn = new VaultStandIn(clock ?? TimeProvider.System, builder.Build());
        await standIn._app.StartAsync();
        standIn.Address = new Uri(standIn._app.Urls.Single());
        return standIn;
    }

    /// <summary>Mounts KV version 2.</summary>
    public StandInKv Mount(string path, string space = "") => _mounts.GetOrAdd((space, path.Trim('/')), _ => new StandInKv(_clock));

    /// <summary>Mounts the transit engine.</summary>
    public StandInTransit MountTransit(string path = "transit", string space = "") => _transits.GetOrAdd((space, path.Trim('/')), _ => new StandInTransit());

    public void SetPolicy(string name, string text, string space = "") => _policies[(space, name)] = text;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var atOnce = Interlocked.Increment(ref _atOnce);
        _mostAtOnce = Math.Max(_mostAtOnce, atOnce);
        try
        {
            await ServeAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value![1..];
        Log.Enqueue((context.Request.Method, path + context.Request.QueryString));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        string? wrap = headers["X-Vault-Wrap-TTL"];
        var request = new StandInRequest(context.Request.Method, path.StartsWith("v1/", StringComparison.Ordinal) ? path[3..] : path, context.Request.Query.ToDictionary(q => q.Key, q => q.Value.ToString()),
            body.ToArray(), headers["X-Vault-Token"], headers["X-Vault-Namespace"].ToString().Trim('/'), wrap is null ? null : StandInTokens.Seconds(JsonValue.Create(wrap)));
        var fault = Disturb(request, Interlocked.Increment(ref _requests));
        var answer = fault is { Status: > 0 } ? StandInAnswer.Error(fault.Status, fault.Says ?? $"disturbed with {fault.Status}") : Answer(request);
        if (request.WrapTtl is { } ttl && answer.Status == 200)
        {
            answer = Tokens.Wrap(answer, ttl, request.Path);
        }
        await SendAsync(context, answer, fault);
    }

    private static async Task SendAsync(HttpContext context, StandInAnswer answer, StandInFault? fault)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        if (answer.Location is not null)
        {
            context.Response.Headers.Location = answer.Location;
        }
        if (fault?.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        if (fault?.CutAt is { } cut)
        {
            context.Response.ContentLength = answer.Body.Length;
            await context.Response.Body.WriteAsync(answer.Body.AsMemory(0, Math.Min(cut, answer.Body.Length)));
            await context.Response.Body.FlushAsync();
            context.Features.Get<IHttpRequestLifetimeFeature>()!.Abort();
        }
        else if (answer.Status != 204 && context.Request.Method != "HEAD")
        {
            context.Response.ContentLength = answer.Body.Length;
            await context.Response.Body.WriteAsync(answer.Body);
        }
    }

    /// <summary>OpenBao internal/http/handler.go: size, health without login, seal, standby, then the token, then the policy, then the mount.</summary>
    private StandInAnswer Answer(StandInRequest request)
    {
        if (request.Body.Length > MaxRequestSize)
        {
            return StandInAnswer.Error(413, "http: request body too large");
        }
        if (StandInSystem.AnswerOpen(this, request, _clock) is { } open)
        {
            return open;
        }
        if (Sealed)
        {
            return StandInAnswer.Error(503, request.Token is null ? "Vault is sealed" : "error performing token check: Vault is sealed");
        }
        if (Standby)
        {
            // handler.go respondStandby
            return Leader is { } leader ? new StandInAnswer(307, [], new Uri(leader, "/v1/" + request.Path).ToString()) : StandInAnswer.Error(503, "no active Vault instance found");
        }
        if (request.Namespace.Length > 0 && !Namespaces.Contains(request.Namespace))
        {
            return NoRoute(request);
        }
        if (request.Path == "auth/approle/login" && request.IsWrite)
        {
            return Tokens.LogIn(request);
        }
        if (request.Path == "auth/kubernetes/login" && request.IsWrite)
        {
            return Tokens.LogInByKubernetes(request);
        }
        if (request.Token is not { Length: > 0 } id)
        {
            return StandInAnswer.Error(400, "missing client token");   // recorded; OpenBao answers 403
        }
        if (request.Path == "sys/wrapping/unwrap")
        {
            return Tokens.Unwrap(request);
        }
        return Tokens.Find(id) is { } token && (token.IsRoot || token.Namespace == request.Namespace) ? AnswerKnown(request, token) : StandInAnswer.BadToken;
    }

    private StandInAnswer AnswerKnown(StandInRequest request, StandInToken token)
    {
        var policy = StandInPolicy.Parse(token.Policies.Select(p => p == "default" ? StandInPolicy.Default : _policies.GetValueOrDefault((request.Namespace, p), "")));
        if (request.Path.StartsWith("sys/internal/ui/mounts/", StringComparison.Ordinal))
        {
            return DescribeMount(request, token, policy);
        }
        var (mount, path) = FindMount(request);
        var transit = _transits.FirstOrDefault(t => t.Key.Namespace == request.Namespace && request.Path.StartsWith(t.Key.Path + "/", StringComparison.Ordinal));
        var below = transit.Value is null ? "" : request.Path[(transit.Key.Path.Length + 1)..];
        // path_encrypt.go pathEncryptExistenceCheck: to encrypt with a key that is not there asks for create.
        var capability = request.IsWrite && below.StartsWith("encrypt/", StringComparison.Ordinal) && !transit.Value!.Exists(below["encrypt/".Length..]) ? "create" : CapabilityOf(request, mount, path);
        if (!token.IsRoot && !policy.Allows(request.IsList && !request.Path.EndsWith('/') ? request.Path + "/" : request.Path, capability))
        {
            return StandInAnswer.Denied;
        }
        if (transit.Value is not null)
        {
            return transit.Value.Handle(request, below) ?? StandInAnswer.Error(405, "unsupported operation");
        }
        if (mount is not null)
        {
            return mount.Handle(request, path) ?? StandInAnswer.Error(405, "unsupported operation");
        }
        return (request.Path.Split('/')[0] switch
        {
            "auth" => Tokens.Handle(request, token) ?? Tokens.HandleRole(request),
            "sys" => StandInSystem.Answer(this, request, _policies),
            _ => null,
        }) ?? NoRoute(request);
    }

    /// <summary>request_handling.go: a write to what is not there asks for create, by the backend's existence check.</summary>
    private static string CapabilityOf(StandInRequest request, StandInKv? mount, string path) => request.Method switch
    {
        _ when request.IsList => "list",
        "GET" or "HEAD" => "read",
        "DELETE" => "delete",
        _ => mount is not null && (path.StartsWith("data/", StringComparison.Ordinal) || path.StartsWith("metadata/", StringComparison.Ordinal)) && !mount.Exists(path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..]) ? "create" : "update",
    };

    private (StandInKv? Mount, string Path) FindMount(StandInRequest request)
    {
        foreach (var ((space, mount), kv) in _mounts)
        {
            if (space == request.Namespace && request.Path.StartsWith(mount + "/", StringComparison.Ordinal))
            {
                return (kv, request.Path[(mount.Length + 1)..]);
            }
        }
        return (null, "");
    }

    /// <summary>logical_system.go pathInternalUIMountRead: 403 both for what is not there and for what the token may not see.</summary>
    private StandInAnswer DescribeMount(StandInRequest request, StandInToken token, StandInPolicy policy)
    {
        var mount = request.Path["sys/internal/ui/mounts/".Length..].Trim('/');
        return _mounts.ContainsKey((request.Namespace, mount)) && (token.IsRoot || policy.SeesMount(mount + "/"))
            ? StandInAnswer.Data(new JsonObject { ["type"] = "kv", ["path"] = mount + "/", ["options"] = new JsonObject { ["version"] = "2" } })
            : StandInAnswer.Error(403, $"preflight capability check returned 403, please ensure client's policies grant access to path \"{mount}/\"");
    }

    /// <summary>Recorded.</summary>
    private static StandInAnswer NoRoute(StandInRequest request) => StandInAnswer.Error(404, $"no handler for route '{request.Path}'");
}
