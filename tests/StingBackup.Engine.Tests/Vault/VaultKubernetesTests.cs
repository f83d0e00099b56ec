using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>Login by a Kubernetes service account, and a server that another authority vouches for.</summary>
public sealed class VaultKubernetesTests : IAsyncLifetime, IDisposable
{
    private const string Jwt = "header.payload-of-the-service-account.signature";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
    private readonly TempFolder _folder = new();
    private VaultStandIn _server = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync(_clock);
        _server.MountTransit().Seed("sting-backup");
        _server.SetPolicy("keys", """path "transit/keys/sting-backup" { capabilities = ["read"] }""");
        _server.Tokens.KubernetesRoles["sting-restore"] = (Jwt, ["keys"], TimeSpan.FromMinutes(10));
        await File.WriteAllTextAsync(_folder["token"], Jwt + "\n");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    private VaultClient Client(string role = "sting-restore", string mount = "kubernetes") => _server.Client(new VaultKubernetesLogin(role, _folder["token"], mount), _clock);

    private int Count(string path) => _server.Log.Count(r => r.Path == "v1/" + path);

    [Fact]
    public async Task A_service_account_logs_in_renews_and_logs_in_anew_with_the_token_of_that_time()
    {
        using var client = Client();
        var transit = new VaultTransit(client);
        Assert.NotNull(await transit.ReadKeyAsync("sting-backup", default));
        _clock.Advance(TimeSpan.FromMinutes(7));
        Assert.NotNull(await transit.ReadKeyAsync("sting-backup", default));
        Assert.Equal((1, 1), (Count("auth/kubernetes/login"), Count("auth/token/renew-self")));
        // Kubernetes puts another token into the file, and Vault forgets the old one's.
        _server.Tokens.KubernetesRoles["sting-restore"] = ("a.newer.token", ["keys"], TimeSpan.FromMinutes(10));
        await File.WriteAllTextAsync(_folder["token"], "a.newer.token");
        _server.Tokens.RevokeAll("kubernetes");
        Assert.NotNull(await transit.ReadKeyAsync("sting-backup", default));
        Assert.Equal(2, Count("auth/kubernetes/login"));
    }

    [Fact]
    public async Task A_token_that_cannot_be_renewed_any_more_is_replaced_by_another_login()
    {
        using var client = Client();
        var transit = new VaultTransit(client);
        Assert.NotNull(await transit.ReadKeyAsync("sting-backup", default));
        _server.Disturb = (request, _) => request.Path == "auth/token/renew-self" ? new StandInFault(400, Says: "lease is not renewable") : null;
        _clock.Advance(TimeSpan.FromMinutes(7));
        Assert.NotNull(await transit.ReadKeyAsync("sting-backup", default));
        Assert.Equal(2, Count("auth/kubernetes/login"));
    }

    [Theory]
    [InlineData("no-such-role", "kubernetes", Jwt)]
    [InlineData("sting-restore", "kubernetes", "another.pod.token")]
    [InlineData("sting-restore", "kubernetes-west", Jwt)]
    [InlineData("sting-restore", "kubernetes", null)]
    public async Task What_keeps_an_account_out_is_told_without_its_token(string role, string mount, string? token)
    {
        File.Delete(_folder["token"]);
        if (token is not null)
        {
            await File.WriteAllTextAsync(_folder["token"], token);
        }
        using var client = Client(role, mount);
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.Equal("VaultLoginFailed", error.ErrorId);
        Assert.Contains($"Kubernetes role '{role}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(token ?? Jwt, error + error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_by_name_and_gets_no_token()
    {
        using var right = Authority("CN=right");
        using var wrong = Authority("CN=wrong");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(right, right.NotBefore, right.NotAfter, [1, 2, 3, 4]);
        using var withKey = signed.CopyWithPrivateKey(key);
        using var certificate = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        await using var secure = await VaultStandIn.StartAsync(certificate: certificate);
        secure.MountTransit().Seed("sting-backup");
        await File.WriteAllTextAsync(_folder["right.pem"], right.ExportCertificatePem());
        await File.WriteAllTextAsync(_folder["wrong.pem"], wrong.ExportCertificatePem());
        using (var client = secure.Client(with: o => o with { CertificateAuthorities = _folder["right.pem"] }))
        {
            Assert.NotNull(await new VaultTransit(client).ReadKeyAsync("sting-backup", default));
        }
        var before = secure.Log.Count;
        using var stranger = secure.Client(with: o => o with { CertificateAuthorities = _folder["wrong.pem"] });
        var error = await Assert.ThrowsAsync<StingException>(() => new VaultTransit(stranger).ReadKeyAsync("sting-backup", default));
        Assert.Equal(("VaultTlsFailed", before), (error.ErrorId, secure.Log.Count));
        Assert.Contains(secure.Address.Authority, error.Message, StringComparison.Ordinal);
    }

    private static X509Certificate2 Authority(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
