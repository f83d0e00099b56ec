using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;

namespace StingBackup.Engine.Storage.S3;

/// <summary>The connections of a store. The library asks for a client before each request, and gets the one.</summary>
internal sealed class S3HttpClients : HttpClientFactory, IDisposable
{
    private readonly Lazy<HttpClient> _one;

    public S3HttpClients(S3Options options, TimeProvider clock) => _one = new Lazy<HttpClient>(() => Make(options, clock));

    /// <inheritdoc/>
    /// <exception cref="StingException"><c>StoreTlsFailed</c> when the file of trusted authorities is of no use.</exception>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _one.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_one.IsValueCreated)
        {
            _one.Value.Dispose();
        }
    }

    private static HttpClient Make(S3Options options, TimeProvider clock)
    {
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = options.Silence,
            ConnectCallback = (context, cancel) => BackgroundSocket.ConnectAsync(context.DnsEndPoint, options.MarksPackets?.Invoke() == true, cancel),
        };
        if (options.CertificateAuthorities is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(ReadAuthorities(file));
            sockets.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        return new HttpClient(new PacingHandler(options, clock) { InnerHandler = sockets }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    /// <inheritdoc/>
    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var trusted = new X509Certificate2Collection();
        string? problem = null;
        Exception? cause = null;
        try
        {
            trusted.ImportFromPemFile(file);
            problem = trusted.Count == 0 ? "there is none in it" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            (problem, cause) = (e.Message.TrimEnd('.'), e);
        }
        return problem is null ? trusted : throw new StingException("StoreTlsFailed", FailureKind.InvalidConfiguration, $"The certificates in '{file}' cannot be read: {problem}.", file,
            "Name a file of PEM certificates that this user may read.", cause);
    }
}

/// <summary>
/// Sends requests at the pace that is allowed and gives up on servers that fall silent. Never asks for "100 Continue": after a refusal some servers
/// (Ceph's gateway) leave the body unread in the connection, and take it for the next request.
/// </summary>
internal sealed class PacingHandler(S3Options options, TimeProvider clock) : DelegatingHandler
{
    private const int Remembered = 256;

    private readonly ConcurrentQueue<string> _recent = new();
    private readonly ConcurrentDictionary<string, bool> _sent = new(StringComparer.Ordinal);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.ExpectContinue = false;
        RefuseRepetition(request);
        var watch = new SilenceWatch(options.Silence, clock, cancellationToken);
        var handedOn = false;
        try
        {
            if (request.Content is { } body)
            {
                request.Content = new PacedContent(body, options.Bandwidth, watch);
            }
            var response = await base.SendAsync(request, watch.Token).ConfigureAwait(false);
            watch.Touch();
            var content = new StreamContent(new PacedStream(await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false), options.Bandwidth, watch, ownsWatch: true));
            foreach (var header in response.Content.Headers)
            {
                content.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
            response.Content = content;
            handedOn = true;
            return response;
        }
        // The time to connect is the same, and may end a moment before the watch does.
        catch (OperationCanceledException e) when ((watch.HasExpired || e.InnerException is TimeoutException) && !cancellationToken.IsCancellationRequested)
        {
            throw watch.Silent();
        }
        finally
        {
            if (!handedOn)
            {
                watch.Dispose();
            }
        }
    }

    /// <summary>The library, too, sends some requests again by itself, whatever it is told. Each call has an id, which stays the same.</summary>
    private void RefuseRepetition(HttpRequestMessage request)
    {
        if (!request.Headers.TryGetValues("amz-sdk-invocation-id", out var ids) || ids.FirstOrDefault() is not { } id)
        {
            return;
        }
        if (!_sent.TryAdd(id, true))
        {
            throw new IOException("the connection broke before an answer came");
        }
        _recent.Enqueue(id);
        if (_recent.Count > Remembered && _recent.TryDequeue(out var oldest))
        {
            _sent.TryRemove(oldest, out _);
        }
    }
}

/// <summary>Ends a request whose server has been silent for too long.</summary>
internal sealed class SilenceWatch : IDisposable
{
    private readonly TimeSpan _longest;
    private readonly CancellationTokenSource _silence, _either;

    public SilenceWatch(TimeSpan longest, TimeProvider clock, CancellationToken cancel)
    {
        _longest = longest;
        _silence = new CancellationTokenSource(longest, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _silence.Token);
    }

    public CancellationToken Token => _either.Token;

    public bool HasExpired => _silence.IsCancellationRequested;

    /// <summary>Something moved.</summary>
    public void Touch() => _silence.CancelAfter(_longest);

    /// <summary>What to say of it. Without the exception that ended the request: the library sends again by itself what it finds a broken connection within, and that hides the silence.</summary>
    public TimeoutException Silent() => new($"it has been silent for {_longest.TotalSeconds:0} seconds");

    public void Dispose()
    {
        _either.Dispose();
        _silence.Dispose();
    }
}

/// <summary>
/// A request's body at the pace that is allowed, once: .NET sends a request again by itself when a connection breaks before an answer, and a conditional write that had
/// arrived the first time would then come back as refused, with nobody knowing of two attempts.
/// </summary>
internal sealed class PacedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly BandwidthLimiter? _bandwidth;
    private readonly SilenceWatch _watch;
    private bool _sent;

    public PacedContent(HttpContent inner, BandwidthLimiter? bandwidth, SilenceWatch watch)
    {
        _inner = inner;
        _bandwidth = bandwidth;
        _watch = watch;
        foreach (var header in inner.Headers)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_sent)
        {
            throw new IOException("the connection broke before an answer came");
        }
        _sent = true;
        await _inner.CopyToAsync(new PacedStream(stream, _bandwidth, _watch, ownsWatch: false), context, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>A stream that waits for its share of the bandwidth, in pieces, and tells the watch that it moves.</summary>
internal sealed class PacedStream(Stream inner, BandwidthLimiter? bandwidth, SilenceWatch watch, bool ownsWatch) : Stream
{
    private const int Piece = 64 << 10;

    public override bool CanRead => inner.CanRead;
    public override bool CanSeek => false;
    public override bool CanWrite => inner.CanWrite;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Token);
            var read = await inner.ReadAsync(bandwidth is null ? buffer : buffer[..Math.Min(buffer.Length, Piece)], both.Token).ConfigureAwait(false);
            await PaceAsync(read, both.Token).ConfigureAwait(false);
            return read;
        }
        catch (OperationCanceledException) when (watch.HasExpired && !cancellationToken.IsCancellationRequested)
        {
            throw watch.Silent();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var piece = bandwidth is null ? buffer : buffer[..Math.Min(buffer.Length, Piece)];
            await PaceAsync(piece.Length, cancellationToken).ConfigureAwait(false);
            await inner.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            watch.Touch();
            buffer = buffer[piece.Length..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    // The library parses short answers synchronously.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && ownsWatch)
        {
            inner.Dispose();
            watch.Dispose();
        }
        base.Dispose(disposing);
    }

    private async ValueTask PaceAsync(int bytes, CancellationToken cancel)
    {
        watch.Touch();
        if (bandwidth is not null && bytes > 0)
        {
            await bandwidth.WaitAsync(bytes, cancel).ConfigureAwait(false);
            watch.Touch();   // waiting for one's share is not the server's silence
        }
    }
}
