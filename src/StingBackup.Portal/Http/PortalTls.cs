using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using StingBackup.Engine.Operations.Portal;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal.Http;

/// <summary>Listens where it is configured, by TLS with the certificate of its files: read anew when they change, and as it was where they can no longer be read.</summary>
internal sealed partial class PortalTls(PortalCertificate files, TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private SslStreamCertificateContext? _current;
    private (DateTime, DateTime) _read;
    private DateTimeOffset _looked;

    /// <summary>Told of a certificate that could not be taken.</summary>
    public ILogger? Log { get; set; }

    public static void Listen(KestrelServerOptions kestrel, string address, PortalTls? tls)
    {
        var url = new Uri(address);
        if (IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, url.Port, Use);
        }
        else if (url.Host == "localhost")
        {
            kestrel.ListenLocalhost(url.Port, Use);
        }
        else
        {
            kestrel.ListenAnyIP(url.Port, Use);
        }
        void Use(ListenOptions listen)
        {
            if (tls is not null)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls.Options()) });
            }
        }
    }

    /// <summary>The certificate of now.</summary>
    /// <exception cref="StingException"><c>PortalCertificateUnusable</c>, <c>PortalKeyExposed</c>: only where none was read before</exception>
    public SslStreamCertificateContext Current()
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (_current is not null && now - _looked < Every)
            {
                return _current;
            }
            _looked = now;
            var times = (File.GetLastWriteTimeUtc(files.File), File.GetLastWriteTimeUtc(files.KeyFile));
            if (_current is null || times != _read)
            {
                try
                {
                    var read = PortalCertificates.Read(files, now);
                    _current = SslStreamCertificateContext.Create(read[0], new X509Certificate2Collection(read.Skip(1).ToArray()), offline: true);
                    _read = times;
                }
                // Two files are not written in one step: the next connection but a few looks again.
                catch (StingException e) when (_current is not null)
                {
                    if (Log is { } log)
                    {
                        NotTaken(log, e.ErrorId);
                    }
                }
            }
            return _current;
        }
    }

    private SslServerAuthenticationOptions Options() => new()
    {
        ServerCertificateContext = Current(), EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ErrorId}: the certificate's files have changed and cannot be used; the one before is shown on")]
    private static partial void NotTaken(ILogger log, string errorId);
}
