using System.Text;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>How a token is got, renewed and replaced, and what is told when none can be had.</summary>
public sealed class VaultSessionTests : IAsyncLifetime
{
    private const string Reader = """path "sting/*" { capabilities = ["read", "list"] }""";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
    private VaultStandIn _server = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync(_clock);
        _server.Mount("sting").Seed("files/a", "{}"u8.ToArray());
        _server.SetPolicy("reader", Reader);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private int Count(string path) => _server.Log.Count(r => r.Path == "v1/" + path);

    private async Task<(string RoleId, string SecretId)> MakeRoleAsync(string ttl, string maxTtl = "1h", int uses = 0)
    {
        using var http = new HttpClient { BaseAddress = _server.Address };
        http.DefaultRequestHeaders.Add("X-Vault-Token", VaultStandIn.RootToken);
        await http.PostAsync(new Uri("/v1/auth/approle/role/backup", UriKind.Relative), new StringContent($$"""{"token_policies":"reader","token_ttl":"{{ttl}}","token_max_ttl":"{{maxTtl}}","secret_id_num_uses":{{uses}}}"""));
        var role = VaultClients.Parse(await http.GetByteArrayAsync(new Uri("/v1/auth/approle/role/backup/role-id", UriKind.Relative))).GetProperty("data").GetProperty("role_id").GetString()!;
        var answer = await http.PostAsync(new Uri("/v1/auth/approle/role/backup/secret-id", UriKind.Relative), new StringContent("{}"));
        return (role, VaultClients.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("data").GetProperty("secret_id").GetString()!);
    }

    private static VaultAppRoleLogin AppRole((string RoleId, string SecretId) ids) => VaultAppRoleLogin.WithSecretId(ids.RoleId, SecretBytes.CopyOf(Encoding.UTF8.GetBytes(ids.SecretId)));

    [Fact]
    public async Task A_wrong_token_fails_at_the_login_and_is_in_no_message()
    {
        using var client = _server.Client(VaultClients.Token("s.the-secret-token"), _clock);
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.Equal(("VaultLoginFailed", FailureKind.Authentication), (error.ErrorId, error.Kind));
        Assert.DoesNotContain("the-secret-token", error.ToString() + error.Remedy + error.Target, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("ümlaut")]
    public async Task What_no_header_can_carry_is_no_token(string token)
    {
        using var client = _server.Client(VaultClients.Token(token), _clock);
        Assert.Equal("VaultLoginFailed", (await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default))).ErrorId);
    }

    [Fact]
    public async Task A_token_is_renewed_when_two_thirds_of_its_lease_are_gone()
    {
        using var client = _server.Client(VaultClients.Token(_server.TokenWith(Reader, TimeSpan.FromMinutes(30))), _clock);
        var kv = client.Kv();
        for (var minutes = 0; minutes < 180; minutes += 5)
        {
            Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
            _clock.Advance(TimeSpan.FromMinutes(5));
        }
        Assert.InRange(Count("auth/token/renew-self"), 8, 9);
    }

    [Fact]
    public async Task A_given_token_that_ends_ends_the_work_by_name()
    {
        using var client = _server.Client(VaultClients.Token(_server.TokenWith(Reader, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(40))), _clock);
        var kv = client.Kv();
        Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
        _clock.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal("VaultLoginFailed", (await Assert.ThrowsAsync<StingException>(() => kv.ReadMetadataAsync("files/a", default))).ErrorId);
    }

    [Fact]
    public async Task A_token_without_end_is_never_renewed()
    {
        using var client = _server.Client(clock: _clock);
        var kv = client.Kv();
        Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
        _clock.Advance(TimeSpan.FromDays(400));
        Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
        Assert.Equal(0, Count("auth/token/renew-self"));
    }

    [Fact]
    public async Task A_token_that_may_not_look_itself_up_serves_all_the_same()
    {
        _server.SetPolicy("narrow", Reader);
        using var client = _server.Client(VaultClients.Token(_server.Tokens.Create(["narrow"]).Id), _clock);
        Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
    }

    [Fact]
    public async Task An_AppRole_renews_and_near_its_maximal_age_logs_in_anew()
    {
        using var client = _server.Client(AppRole(await MakeRoleAsync("20m", "1h")), _clock);
        var kv = client.Kv();
        for (var minutes = 0; minutes < 180; minutes += 5)
        {
            Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
            _clock.Advance(TimeSpan.FromMinutes(5));
        }
        Assert.InRange(Count("auth/approle/login"), 3, 4);
        Assert.True(Count("auth/token/renew-self") >= 6);
    }

    [Fact]
    public async Task An_AppRole_whose_token_was_revoked_logs_in_anew_once_for_all()
    {
        using var client = _server.Client(AppRole(await MakeRoleAsync("1h")), _clock);
        var kv = client.Kv();
        Assert.NotNull(await kv.ReadMetadataAsync("files/a", default));
        _clock.Advance(TimeSpan.FromMinutes(2));
        _server.Tokens.RevokeAll("approle");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => kv.ReadMetadataAsync("files/a", default)));
        Assert.Equal(2, Count("auth/approle/login"));
    }

    [Fact]
    public async Task A_used_up_secret_id_is_named_without_being_shown()
    {
        var ids = await MakeRoleAsync("1h", uses: 1);
        using (var first = _server.Client(AppRole(ids), _clock))
        {
            await first.LogInAsync(default);
        }
        using var second = _server.Client(AppRole(ids), _clock);
        var error = await Assert.ThrowsAsync<StingException>(() => second.LogInAsync(default));
        Assert.Equal("VaultLoginFailed", error.ErrorId);
        Assert.Contains("secret id", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(ids.SecretId, error.ToString() + error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_server_that_repeats_the_secret_id_is_not_repeated(int status)
    {
        var ids = await MakeRoleAsync("1h");
        _server.Disturb = (r, _) => new StandInFault(status, Says: $"invalid secret_id {Encoding.UTF8.GetString(r.Body)}");
        using var client = _server.Client(AppRole(ids), TimeProvider.System);
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.DoesNotContain(ids.SecretId, error + error.Remedy + error.Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_id_and_a_token_are_read_from_files_anew_each_time()
    {
        using var folder = new TempFolder();
        var ids = await MakeRoleAsync("1h");
        await File.WriteAllTextAsync(folder["secret-id"], ids.SecretId + "\n");
        using (var client = _server.Client(VaultAppRoleLogin.WithSecretIdFile(ids.RoleId, folder["secret-id"]), _clock))
        {
            Assert.NotNull(await client.Kv().ReadMetadataAsync("files/a", default));
        }
        var first = _server.TokenWith(Reader);
        await File.WriteAllTextAsync(folder["token"], first + "\n");
        using var byFile = _server.Client(new VaultTokenFileLogin(folder["token"]), _clock);
        Assert.NotNull(await byFile.Kv().ReadMetadataAsync("files/a", default));
        _server.Tokens.Revoke(first);
        await File.WriteAllTextAsync(folder["token"], _server.TokenWith(Reader));
        Assert.NotNull(await byFile.Kv().ReadMetadataAsync("files/a", default));
        File.Delete(folder["token"]);
        using var missing = _server.Client(new VaultTokenFileLogin(folder["token"]), _clock);
        Assert.Contains(folder["token"], (await Assert.ThrowsAsync<StingException>(() => missing.LogInAsync(default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_right_names_the_line_of_the_policy()
    {
        using var client = _server.Client(VaultClients.Token(_server.TokenWith("""path "sting/metadata/*" { capabilities = ["read"] }""")), _clock);
        var kv = client.Kv();
        var read = await Assert.ThrowsAsync<StingException>(() => kv.ReadAsync("files/7/report/x", null, default));
        Assert.Equal(("VaultDenied", FailureKind.PermissionDenied, "sting/data/files/7/report/x"), (read.ErrorId, read.Kind, read.Target));
        Assert.Contains("""path "sting/data/files/*" { capabilities = ["read"] }""", read.Remedy, StringComparison.Ordinal);
        var list = await Assert.ThrowsAsync<StingException>(() => kv.ListAsync("files", default));
        Assert.Contains("""capabilities = ["list"]""", list.Remedy, StringComparison.Ordinal);
        var lookUps = Count("auth/token/lookup-self");
        await Assert.ThrowsAsync<StingException>(() => kv.ListAsync("files", default));
        Assert.Equal(lookUps, Count("auth/token/lookup-self"));   // a token that was vouched for is not doubted at each denial
    }

    [Fact]
    public async Task A_namespace_holds_mounts_of_its_own()
    {
        _server.Namespaces.Add("team");
        _server.Mount("sting", "team").Seed("files/b", "{}"u8.ToArray());
        using var client = _server.Client(clock: _clock, with: o => o with { Namespace = "team" });
        Assert.Null(await client.Kv().ReadMetadataAsync("files/a", default));
        Assert.NotNull(await client.Kv().ReadMetadataAsync("files/b", default));
        using var elsewhere = _server.Client(clock: _clock, with: o => o with { Namespace = "nobody" });
        var error = await Assert.ThrowsAsync<StingException>(() => elsewhere.Kv().ListAsync("", default));
        Assert.Equal("VaultLoginFailed", error.ErrorId);
        Assert.Contains("namespace", error.Message, StringComparison.Ordinal);
    }
}
