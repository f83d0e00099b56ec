using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Polly;
using Polly.Retry;

namespace StingBackup.Engine.Vault;

/// <summary>
/// Sends requests and brings whole answers back: bounded in number, repeated where repeating helps, never longer silent than allowed. Knows nothing of tokens
/// but that one goes into a header, and nothing of what answers mean but whether they are worth another try.
/// </summary>
internal sealed class VaultTransport : IDisposable
{
    private const int MostRedirects = 3;
    private const int FirstBlock = 16 << 10;
    private const long SlowestUpload = 1 << 20;   // bytes a second that a link must carry for a body to be given its time

    private readonly VaultOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _places;
    private readonly ResiliencePipeline<VaultAnswer> _retry;

    /// <summary>Makes one; nothing is sent yet.</summary>
    /// <exception cref="StingException"><c>VaultTlsFailed</c> when the file of authorities is of no use.</exception>
    public VaultTransport(VaultOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _places = new SemaphoreSlim(options.Parallel, options.Parallel);
        _http = new HttpClient(MakeHandler(options)) { Timeout = Timeout.InfiniteTimeSpan };
        _retry = MakeRetry(options, clock);
    }

    public Uri Address => _options.Address;

    /// <summary>Sends a request and reads the whole answer, whatever its status, after the repetitions that help.</summary>
    /// <exception cref="StingException"><c>VaultUnreachable</c>, <c>VaultTlsFailed</c>, <c>VaultSealed</c>, <c>VaultAnswerUnknown</c> for one that is too long</exception>
    public async Task<VaultAnswer> SendAsync(VaultRequest request, string? token, CancellationToken cancel)
    {
        VaultAnswer answer;
        try
        {
            answer = await _retry.ExecuteAsync(async attempt => await SendOnceAsync(request, token, attempt).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw VaultErrors.Unreachable(Address, request.ToString(), e.Message.TrimEnd('.'), e);
        }
        if (answer.IsSealed)
        {
            throw VaultErrors.Sealed(Address, request.ToString());
        }
        return IsWorthRepeating(answer) && !IsHealth(request) ? throw VaultErrors.Unreachable(Address, request.ToString(), request.IsLogin ? FormattableString.Invariant($"status {answer.Status}") : answer.Show(), null) : answer;
    }

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    private async Task<VaultAnswer> SendOnceAsync(VaultRequest request, string? token, CancellationToken cancel)
    {
        await _places.WaitAsync(cancel).ConfigureAwait(false);
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
        try
        {
            silence.CancelAfter(_options.Silence + TimeSpan.FromSeconds(request.Body.Length / (double)SlowestUpload));
            using var response = await FollowAsync(request, token, either.Token).ConfigureAwait(false);
            var body = await ReadAsync(request, response.Content, silence, either.Token).ConfigureAwait(false);
            return new VaultAnswer((int)response.StatusCode, body, RetryAfter(response));
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"it has been silent for {_options.Silence.TotalSeconds:0} seconds");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            // The same certificate is as little trusted the next time.
            throw VaultErrors.TlsFailed(Address, ((Exception?)(e.InnerException as AuthenticationException) ?? e).Message.TrimEnd('.'), e);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>A standby sends its clients to the active node by 307, with method, body and token; never from TLS to plain text.</summary>
    private async Task<HttpResponseMessage> FollowAsync(VaultRequest request, string? token, CancellationToken cancel)
    {
        var target = new Uri($"{VaultErrors.Show(Address)}/v1/{request.Path}");
        for (var hops = 0; ; hops++)
        {
            var response = await _http.SendAsync(Make(request, target, token), HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (response.StatusCode is not (HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is not { } location)
            {
                return response;
            }
            response.Dispose();
            location = new Uri(target, location);
            if (hops == MostRedirects || (target.Scheme == Uri.UriSchemeHttps && location.Scheme != Uri.UriSchemeHttps))
            {
                throw VaultErrors.AnswerUnknown(Address, request.ToString(), hops == MostRedirects ? "it is sent on and on" : "it is sent from TLS to a place without");
            }
            target = location;
        }
    }

    private HttpRequestMessage Make(VaultRequest request, Uri target, string? token)
    {
        var message = new HttpRequestMessage(request.Method, target);
        message.Headers.TryAddWithoutValidation("X-Vault-Request", "true");   // a Vault agent may ask for it, against forged requests
        if (token is not null)
        {
            message.Headers.TryAddWithoutValidation("X-Vault-Token", token);
        }
        if (_options.Namespace is { Length: > 0 } space)
        {
            message.Headers.TryAddWithoutValidation("X-Vault-Namespace", space);
        }
        if (request.Body.Length > 0)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return message;
    }

    private async Task<ArraySegment<byte>> ReadAsync(VaultRequest request, HttpContent content, CancellationTokenSource silence, CancellationToken cancel)
    {
        silence.CancelAfter(_options.Silence);
        var expected = content.Headers.ContentLength;
        await using var stream = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var body = new byte[expected is >= 0 && expected <= _options.LongestAnswer ? (int)expected : FirstBlock];
        var filled = 0;
        while (expected is null || filled < expected)
        {
            if (expected > _options.LongestAnswer || filled == _options.LongestAnswer)
            {
                throw VaultErrors.AnswerUnknown(Address, request.ToString(), FormattableString.Invariant($"it is longer than {_options.LongestAnswer} bytes"));
            }
            if (filled == body.Length)
            {
                var longer = new byte[Math.Min(_options.LongestAnswer, 2 * body.Length)];
                body.CopyTo(longer, 0);
                CryptographicOperations.ZeroMemory(body);
                body = longer;
            }
            var read = await stream.ReadAsync(body.AsMemory(filled), cancel).ConfigureAwait(false);
            if (read == 0)
            {
                // HttpClient reports a body that is cut short by itself; a server that sends no length at all ends here.
                return expected is null ? new ArraySegment<byte>(body, 0, filled) : throw new IOException("its answer is cut short");
            }
            filled += read;
            silence.CancelAfter(_options.Silence);
        }
        return new ArraySegment<byte>(body, 0, filled);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _clock.GetUtcNow(),
        _ => null,
    };

    private static bool IsHealth(VaultRequest request) => request.Path.StartsWith("sys/health", StringComparison.Ordinal) || request.Path == "sys/seal-status";

    /// <summary>
    /// 429 and 5xx, and 412, which an enterprise cluster answers before a write has reached the node that is asked; 472 and 473 are a disaster recovery secondary and a performance
    /// standby (sys/health, as a load balancer passes it on). A sealed server stays sealed.
    /// </summary>
    private static bool IsWorthRepeating(VaultAnswer answer) => (answer.Status is 412 or 429 or 472 or 473 or (>= 500 and not 501)) && !answer.IsSealed;

    private static ResiliencePipeline<VaultAnswer> MakeRetry(VaultOptions options, TimeProvider clock)
    {
        var builder = new ResiliencePipelineBuilder<VaultAnswer> { TimeProvider = clock };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<VaultAnswer>
            {
                MaxRetryAttempts = options.Retries,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome switch
                {
                    { Exception: HttpRequestException or IOException or TimeoutException } => true,
                    { Result: { } answer } => IsWorthRepeating(answer),
                    _ => false,
                }),
                DelayGenerator = attempt =>
                {
                    var pause = options.Pause * Math.Pow(2, attempt.AttemptNumber);
                    if (attempt.Outcome.Result?.RetryAfter is { } asked && asked > pause)
                    {
                        pause = asked;
                    }
                    return ValueTask.FromResult<TimeSpan?>(pause < options.LongestPause ? pause : options.LongestPause);
                },
            });
        }
        return builder.Build();
    }

    private static SocketsHttpHandler MakeHandler(VaultOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = options.Parallel, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = options.Silence,
        };
        if (options.CertificateAuthorities is { } file)
        {
            var trusted = new X509Certificate2Collection();
            try
            {
                trusted.ImportFromPemFile(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw VaultErrors.AuthoritiesUnreadable(file, e.Message.TrimEnd('.'), e);
            }
            if (trusted.Count == 0)
            {
                throw VaultErrors.AuthoritiesUnreadable(file, "there is none in it", null);
            }
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        return handler;
    }
}
