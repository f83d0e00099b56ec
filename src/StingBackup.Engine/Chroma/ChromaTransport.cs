using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace StingBackup.Engine.Chroma;

/// <summary>Sends requests and brings whole answers back, repeated where repeating helps: every request here may be sent twice and means the same.</summary>
internal sealed class ChromaTransport : IDisposable
{
    private readonly ChromaOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline<ChromaAnswer> _retry;

    public ChromaTransport(ChromaOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(15), PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _retry = MakeRetry(options, clock);
    }

    public Task<ChromaAnswer> GetAsync(string path, CancellationToken cancel, Func<ChromaAnswer, bool>? orNull = null) => SendAsync(HttpMethod.Get, path, null, orNull, cancel);

    public Task<ChromaAnswer> PostAsync(string path, ReadOnlyMemory<byte> body, CancellationToken cancel) => SendAsync(HttpMethod.Post, path, body, null, cancel);

    /// <summary>What is gone already is as it should be: an answer that was lost is asked for again.</summary>
    public Task<ChromaAnswer> DeleteAsync(string path, CancellationToken cancel) =>
        SendAsync(HttpMethod.Delete, path, null, static a => a.Status == 404 || a.Error == "InvalidCollection" || (a.Status == 400 && a.Says.Contains("does not exist", StringComparison.Ordinal)), cancel);

    public void Dispose() => _http.Dispose();

    private async Task<ChromaAnswer> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte>? body, Func<ChromaAnswer, bool>? orNull, CancellationToken cancel)
    {
        var request = $"{method} {path}";
        ChromaAnswer answer;
        try
        {
            answer = await _retry.ExecuteAsync(async attempt => await SendOnceAsync(method, path, body, attempt).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw ChromaErrors.Unreachable(_options.Address, request, e.Message.TrimEnd('.'), e);
        }
        if (answer.Status is >= 200 and < 300)
        {
            return answer;
        }
        if (orNull?.Invoke(answer) == true)
        {
            answer.Dispose();
            return new ChromaAnswer(_options.Address, request, answer.Status, null) { IsNull = true };
        }
        using (answer)
        {
            throw answer.Status is 401 or 403 ? ChromaErrors.Denied(_options.Address, request, answer.Status)
                : IsWorthRepeating(answer) ? ChromaErrors.Unreachable(_options.Address, request, FormattableString.Invariant($"status {answer.Status}{(answer.Says.Length > 0 ? $", {answer.Says}" : "")}"), null)
                : ChromaErrors.RequestRefused(_options.Address, request, answer.Status, answer.Says);
        }
    }

    private async Task<ChromaAnswer> SendOnceAsync(HttpMethod method, string path, ReadOnlyMemory<byte>? body, CancellationToken cancel)
    {
        using var silence = new CancellationTokenSource(_options.Silence, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
        using var message = new HttpRequestMessage(method, ChromaErrors.Show(_options.Address) + path);
        AddToken(message);
        if (body is { } bytes)
        {
            message.Content = new ReadOnlyMemoryContent(bytes);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        try
        {
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            var content = await ReadAsync(response.Content, silence, $"{method} {path}", either.Token).ConfigureAwait(false);
            return new ChromaAnswer(_options.Address, $"{method} {path}", (int)response.StatusCode, Parse($"{method} {path}", response.StatusCode, content));
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"it has been silent for {_options.Silence.TotalSeconds:0} seconds");
        }
    }

    /// <summary>The whole answer; a server that falls silent in the middle of it is not waited for.</summary>
    private async Task<byte[]> ReadAsync(HttpContent content, CancellationTokenSource silence, string request, CancellationToken cancel)
    {
        var stream = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var body = new MemoryStream();
            var block = new byte[1 << 16];
            while (true)
            {
                silence.CancelAfter(_options.Silence);
                var read = await stream.ReadAsync(block, cancel).ConfigureAwait(false);
                if (read == 0)
                {
                    return body.ToArray();
                }
                if (body.Length + read > _options.LongestAnswer)
                {
                    throw ChromaErrors.AnswerUnknown(_options.Address, request, FormattableString.Invariant($"it is longer than {_options.LongestAnswer} bytes"), null);
                }
                body.Write(block, 0, read);
            }
        }
    }

    /// <summary>An error may come as a page of a proxy's; an answer may not.</summary>
    private JsonDocument? Parse(string request, HttpStatusCode status, byte[] content)
    {
        try
        {
            return content.Length == 0 ? null : JsonDocument.Parse(content);
        }
        catch (JsonException e)
        {
            return (int)status is >= 200 and < 300 ? throw ChromaErrors.AnswerUnknown(_options.Address, request, "it is no JSON", e) : null;
        }
    }

    /// <summary>A server takes a token by one of two headers, as it is configured (TokenTransportHeader of chromadb/auth/token_authn/__init__.py).</summary>
    private void AddToken(HttpRequestMessage message)
    {
        if (_options.TokenFile is not { } file)
        {
            return;
        }
        string token;
        try
        {
            token = File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ChromaErrors.TokenUnreadable(file, e.Message.TrimEnd('.'), e);
        }
        if (token.Length == 0 || token.Any(c => c is <= ' ' or > '~'))
        {
            throw ChromaErrors.TokenUnreadable(file, "it holds no token, or more than one", null);
        }
        message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        message.Headers.TryAddWithoutValidation("X-Chroma-Token", token);
    }

    /// <summary>429 and 5xx; 500 too, which a server answers while it is locked out of its own database.</summary>
    private static bool IsWorthRepeating(ChromaAnswer answer) => answer.Status is 429 or (>= 500 and not 501);

    private static ResiliencePipeline<ChromaAnswer> MakeRetry(ChromaOptions options, TimeProvider clock)
    {
        var builder = new ResiliencePipelineBuilder<ChromaAnswer> { TimeProvider = clock };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<ChromaAnswer>
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = options.Pause,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome switch
                {
                    { Exception: HttpRequestException or IOException or TimeoutException } => true,
                    { Result: { } answer } => IsWorthRepeating(answer),
                    _ => false,
                }),
            });
        }
        return builder.Build();
    }
}
