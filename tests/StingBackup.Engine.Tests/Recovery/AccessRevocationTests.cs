using StingBackup.Engine.Recovery;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Recovery;

/// <summary>The end of what a host may do elsewhere: its token of the Vault by itself, the rest by a command that is printed. tests/soak/7-runbooks-whole.sh runs the bucket's against a real server.</summary>
public sealed class AccessRevocationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_token_ends_itself_and_what_the_host_has_no_right_to_is_told_with_its_command()
    {
        await using var vault = await VaultStandIn.StartAsync();
        vault.Mount("sting");
        var token = vault.TokenWith("path \"sting/*\" { capabilities = [\"read\"] }");
        var other = vault.TokenWith("path \"sting/*\" { capabilities = [\"read\"] }");
        var configuration = Configure(vault.Address, token);
        var plan = AccessRevocation.Plan(configuration);
        Assert.Equal(["Vault token", "S3 key"], plan.Select(a => a.Kind));
        Assert.All(plan, a => Assert.False(a.IsRevoked));
        Assert.NotNull(vault.Tokens.Find(token));   // a plan ends nothing

        var ended = await RunAsync(configuration);
        Assert.Equal((true, null, null), (ended[0].IsRevoked, ended[0].Command, ended[0].Problem));
        Assert.Null(vault.Tokens.Find(token));
        Assert.NotNull(vault.Tokens.Find(other));
        Assert.Equal((false, "radosgw-admin key rm --key-type=s3 --access-key=\"$AWS_ACCESS_KEY_ID\""), (ended[1].IsRevoked, ended[1].Command!.Split("  ")[0]));
        // Again: the server does not take it any more, which is what was wanted.
        ended = await RunAsync(configuration);
        Assert.True(ended[0] is { IsRevoked: true, Problem: not null });
        Assert.All(ended, a => Assert.DoesNotContain(token, $"{a} {a.Command} {a.Problem}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_refuses_or_is_away_leaves_it_to_a_person()
    {
        Uri address;
        await using (var vault = await VaultStandIn.StartAsync())
        {
            address = vault.Address;
            // Without the default policy a token may not end itself.
            var token = vault.Tokens.Create(["none"]).Id;
            var refused = (await RunAsync(Configure(address, token)))[0];
            Assert.NotNull(vault.Tokens.Find(token));
            Assert.True(refused is { IsRevoked: false, Problem: not null }, $"{refused}");
            Assert.Contains("vault token revoke \"$(cat ", refused.Command, StringComparison.Ordinal);
            Assert.Contains($"VAULT_ADDR={address.GetLeftPart(UriPartial.Authority)} ", refused.Command, StringComparison.Ordinal);
        }
        var away = (await RunAsync(Configure(address, "s.gone"), new HastyClock()))[0];
        Assert.True(away is { IsRevoked: false, Problem: not null, Command: not null }, $"{away}");
    }

    private static async Task<List<RevokedAccess>> RunAsync(StingConfiguration configuration, TimeProvider? clock = null)
    {
        var ended = new List<RevokedAccess>();
        await foreach (var access in AccessRevocation.RunAsync(configuration, clock ?? TimeProvider.System, default))
        {
            ended.Add(access);
        }
        return ended;
    }

    private StingConfiguration Configure(Uri vault, string token)
    {
        File.WriteAllText(_folder["token"], token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        File.WriteAllText(_folder["sting-backup.yaml"], $"""
            repository:
              backup_root: {_folder["repository"]}
            reserve:
              path: {_folder["reserve"]}
            keys:
              directory: {_folder["keys"]}
            state_directory: {_folder["state"]}
            cache_directory: {_folder["cache"]}
            log_directory: {_folder["logs"]}
            vault:
              address: {vault.GetLeftPart(UriPartial.Authority)}
              mount: sting
              token_file: {_folder["token"]}
            remote:
              location: s3://sting-backups/main
              endpoint: https://s3.example.org
              credentials: environment
            """);
        return new ConfigurationLoader(new HostView()).Load(_folder["sting-backup.yaml"]);
    }
}
