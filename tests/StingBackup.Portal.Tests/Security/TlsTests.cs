using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Fixtures;
using StingBackup.Portal.Http;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>TLS with the portal's own certificate.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private PortalCertificate Files => new(_folder["portal.crt"], _folder["portal.key"]);

    public void Dispose() => _folder.Dispose();

    /// <summary>Makes a pair, and writes it; its thumbprint.</summary>
    private string Write(string name = "first", int days = 30)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-40), TimeProvider.System.GetUtcNow().AddDays(days));
        File.WriteAllText(Files.File, made.ExportCertificatePem());
        File.Delete(Files.KeyFile);
        File.WriteAllText(Files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Files.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        return made.Thumbprint;
    }

    [Fact]
    public async Task The_portal_speaks_tls_with_its_certificate_and_takes_a_new_one_while_it_runs()
    {
        var first = Write();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.certificate"] = Files.File, ["portal.certificate_key"] = Files.KeyFile, ["portal.address"] = "https://127.0.0.1:8462" }, clock: clock);
        Assert.Equal("https", site.Address.Scheme);
        string? seen = null;
        HttpClient Client(CookieContainer cookies) => new(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => (seen = ((X509Certificate2)shown!).Thumbprint) is not null } })
        {
            BaseAddress = site.Address,
        };
        var cookies = new CookieContainer();
        using (var client = Client(cookies))
        {
            await PortalSite.SignInAsync(client, await site.LinkAsync(PortalSite.Ada));
            using var answer = await client.GetAsync(new Uri("/api/v1/me", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, first), (answer.StatusCode, seen));
            // Browsers keep to TLS for a name; for an address they do not.
            using var named = new HttpRequestMessage(HttpMethod.Get, new Uri("/sign-in", UriKind.Relative)) { Headers = { Host = "backups.example.org" } };
            using var strict = await client.SendAsync(named);
            Assert.Equal("max-age=31536000", strict.Headers.GetValues("Strict-Transport-Security").Single());
        }
        Assert.All(cookies.GetAllCookies(), cookie => Assert.True(cookie is { Secure: true, HttpOnly: true, Path: "/" } && cookie.Name.StartsWith("__Host-sting-", StringComparison.Ordinal), cookie.Name));

        var second = Write("second");
        clock.Advance(TimeSpan.FromSeconds(6));
        using (var client = Client(new CookieContainer()))
        {
            using var answer = await client.GetAsync(new Uri("/sign-in", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, second), (answer.StatusCode, seen));
        }
        // Half written: the one before is shown on.
        File.WriteAllText(Files.File, "-----BEGIN");
        clock.Advance(TimeSpan.FromSeconds(6));
        using (var client = Client(new CookieContainer()))
        {
            using var answer = await client.GetAsync(new Uri("/sign-in", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, second), (answer.StatusCode, seen));
        }
    }

    [Fact]
    public async Task What_is_older_than_tls_1_2_is_not_spoken()
    {
        Write();
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.certificate"] = Files.File, ["portal.certificate_key"] = Files.KeyFile, ["portal.address"] = "https://127.0.0.1:8462" });
        foreach (var (version, isSpoken) in ((SslProtocols, bool)[])[(SslProtocols.Tls12, true), (SslProtocols.Tls13, true), (Old, false)])
        {
            using var tcp = new System.Net.Sockets.TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, site.Address.Port);
            await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
            var error = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", EnabledSslProtocols = version }));
            Assert.Equal(isSpoken, error is null);
        }
    }

#pragma warning disable SYSLIB0039, CA5397 // what must not be spoken has to be asked for
    private const SslProtocols Old = SslProtocols.Tls | SslProtocols.Tls11;
#pragma warning restore SYSLIB0039, CA5397

    [Fact]
    public void A_key_that_others_read_and_a_certificate_that_is_over_or_another_s_are_refused()
    {
        Write();
        string Id() => Assert.Throws<StingException>(() => new PortalTls(Files, TimeProvider.System).Current()).ErrorId;
        new PortalTls(Files, TimeProvider.System).Current();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Files.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Equal("PortalKeyExposed", Id());
        }
        Write(days: -1);
        Assert.Equal("PortalCertificateUnusable", Id());
        var certificate = File.ReadAllText(Files.File);
        Write("second");
        File.WriteAllText(Files.File, certificate);
        Assert.Equal("PortalCertificateUnusable", Id());
        File.Delete(Files.KeyFile);
        Assert.Equal("PortalCertificateUnusable", Id());
    }
}
