using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>Servers that are slow, busy, broken, sealed, elsewhere or not what they seem.</summary>
public sealed class VaultFaultTests : IAsyncLifetime
{
    private VaultStandIn _server = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _server.Mount("sting").Seed("files/a", "{\"x\":\"a value that is long enough to be cut\"}"u8.ToArray());
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private static bool IsMetadata(StandInRequest request) => request.Path.StartsWith("sting/", StringComparison.Ordinal);

    [Fact]
    public async Task Retry_After_is_waited_for()
    {
        var refused = 0;
        _server.Disturb = (r, _) => IsMetadata(r) && refused++ == 0 ? new StandInFault(429, RetryAfter: 1) : null;
        using var client = _server.Client();
        await client.LogInAsync(default);
        var started = TimeProvider.System.GetTimestamp();
        Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.95, 120);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(412)]
    public async Task What_passes_is_tried_again(int status)
    {
        var refused = 0;
        _server.Disturb = (r, _) => IsMetadata(r) && refused++ < 3 ? new StandInFault(status) : null;
        using var client = _server.Client();
        Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
        Assert.Equal(4, refused);
    }

    [Fact]
    public async Task What_does_not_pass_ends_after_so_many_tries_and_tells_the_status()
    {
        _server.Disturb = (r, _) => IsMetadata(r) ? new StandInFault(502) : null;
        using var client = _server.Client();
        var error = await Assert.ThrowsAsync<StingException>(() => client.Kv().ReadMetadataAsync("files/a", default));
        Assert.Equal("VaultUnreachable", error.ErrorId);
        Assert.Contains("502", error.Message, StringComparison.Ordinal);
        Assert.Contains("sting/metadata/files/a", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, _server.Log.Count(l => l.Path.Contains("sting/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_body_that_is_cut_short_is_read_again()
    {
        var cut = 0;
        _server.Disturb = (r, _) => IsMetadata(r) && cut++ == 0 ? new StandInFault(CutAt: 100) : null;
        using var client = _server.Client();
        using var secret = await client.Kv().ReadAsync("files/a", null, default);
        Assert.Equal(KvState.Live, secret!.Version.State);
        _server.Disturb = (r, _) => IsMetadata(r) ? new StandInFault(CutAt: 100) : null;
        Assert.Equal("VaultUnreachable", (await Assert.ThrowsAsync<StingException>(() => client.Kv().ReadAsync("files/a", null, default))).ErrorId);
    }

    [Fact]
    public async Task Nobody_listens()
    {
        var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        using var client = _server.Client(with: o => o with { Address = address });
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.Equal("VaultUnreachable", error.ErrorId);
        Assert.Contains(address.ToString().TrimEnd('/'), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_not_waited_for_for_ever()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = _server.Client(with: o => o with { Address = new Uri($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), Silence = TimeSpan.FromMilliseconds(100), Retries = 1 });
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.Equal("VaultUnreachable", error.ErrorId);
        Assert.Contains("silent", error.Message, StringComparison.Ordinal);
        using var patient = _server.Client(with: o => o with { Address = new Uri($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), Silence = TimeSpan.FromMinutes(5) });
        using var stop = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.LogInAsync(stop.Token));
    }

    [Fact]
    public async Task A_sealed_server_is_named_at_once()
    {
        using var client = _server.Client();
        await client.LogInAsync(default);
        _server.Sealed = true;
        var before = _server.Log.Count;
        var error = await Assert.ThrowsAsync<StingException>(() => client.Kv().ReadMetadataAsync("files/a", default));
        Assert.Equal("VaultSealed", error.ErrorId);
        Assert.Contains("nseal", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(before + 1, _server.Log.Count);   // it is not asked again
        Assert.True((await client.ReadHealthAsync(default)).Sealed);
    }

    [Fact]
    public async Task A_standby_sends_on_to_its_leader_and_one_without_is_waited_for()
    {
        await using var standby = await VaultStandIn.StartAsync();
        standby.Standby = true;
        using var client = standby.Client();
        Assert.Equal("VaultUnreachable", (await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default))).ErrorId);
        Assert.True((await client.ReadHealthAsync(default)).Standby);
        standby.Leader = _server.Address;
        Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
        Assert.Equal(2, (await client.Kv().WriteAsync("files/a", VaultClients.Json("{}"), 1, default))!.Number);
        standby.Leader = standby.Address;
        Assert.Equal("VaultAnswerUnknown", (await Assert.ThrowsAsync<StingException>(() => client.Kv().ReadMetadataAsync("files/a", default))).ErrorId);
    }

    [Fact]
    public async Task A_certificate_counts_only_when_its_authority_is_known()
    {
        using var folder = new TempFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await using var secure = await VaultStandIn.StartAsync(certificate: certificate);
        secure.Mount("sting").Seed("files/a", "{}"u8.ToArray());
        using (var stranger = secure.Client())
        {
            var error = await Assert.ThrowsAsync<StingException>(() => stranger.LogInAsync(default));
            Assert.Equal("VaultTlsFailed", error.ErrorId);
            Assert.Empty(secure.Log);
        }
        await File.WriteAllTextAsync(folder["ca.pem"], made.ExportCertificatePem());
        using (var client = secure.Client(with: o => o with { CertificateAuthorities = folder["ca.pem"] }))
        {
            Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
        }
        Assert.Equal("VaultTlsFailed", Assert.Throws<StingException>(() => secure.Client(with: o => o with { CertificateAuthorities = folder["none.pem"] })).ErrorId);
    }

    [Fact]
    public async Task A_page_that_is_no_Vault_is_not_taken_for_one()
    {
        using var listener = new HttpListener();
        var port = FreePorts.Next();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var serve = Task.Run(async () =>
        {
            var context = await listener.GetContextAsync();
            await context.Response.OutputStream.WriteAsync("<html>Sign in</html>"u8.ToArray());
            context.Response.Close();
        });
        using var client = _server.Client(with: o => o with { Address = new Uri($"http://127.0.0.1:{port}") });
        Assert.Equal("VaultAnswerUnknown", (await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default))).ErrorId);
        await serve;
    }

    [Fact]
    public async Task A_value_that_is_longer_than_the_server_takes_is_refused_with_the_setting()
    {
        _server.MaxRequestSize = 1000;
        using var client = _server.Client();
        var error = await Assert.ThrowsAsync<StingException>(() => client.Kv().WriteAsync("files/b", VaultClients.Upload(new byte[2000]), 0, default));
        Assert.Equal("VaultRequestRefused", error.ErrorId);
        Assert.Contains("max_request_size", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("files/../x")]
    [InlineData("files//x")]
    [InlineData("./x")]
    public async Task A_path_that_a_URL_would_resolve_is_refused(string path)
    {
        using var client = _server.Client();
        Assert.Equal("NameNotAllowed", (await Assert.ThrowsAsync<StingException>(() => client.Kv().ReadMetadataAsync(path, default))).ErrorId);
        Assert.Empty(_server.Log);
    }
}
