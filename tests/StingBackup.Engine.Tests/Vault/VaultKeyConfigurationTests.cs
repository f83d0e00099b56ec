using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Reserve;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>A repository whose configuration names a key vault: made, opened and unlocked as programs do it.</summary>
public sealed class VaultKeyConfigurationTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder _folder = new();
    private VaultStandIn _server = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _server.MountTransit("backup-transit").Seed("reserve-a");
        _server.SetPolicy("all", """path "backup-transit/*" { capabilities = ["read", "update"] }""");
        await File.WriteAllTextAsync(_folder["vault-token"], _server.Tokens.Create(["all"]).Id);
        Directory.CreateDirectory(_folder["reserve"]);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    private InitializeRequest Request() => new()
    {
        BackupRoot = _folder["backups"], Reserve = _folder["reserve"], ConfigurationFile = _folder["sting-backup.yaml"], KeyDirectory = _folder["keys"], StateDirectory = _folder["state"],
        CacheDirectory = _folder["cache"], LogDirectory = _folder["logs"], TimeZone = "UTC", Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        KeyVault = new KeyVaultRequest { Address = _server.Address.ToString(), Mount = "backup-transit", Key = "reserve-a", TokenFile = _folder["vault-token"] },
    };

    [Fact]
    public async Task Init_writes_the_section_asks_for_no_passphrase_and_what_it_made_opens_with_the_Vault()
    {
        var plan = await ReserveInitializer.PlanAsync(Request(), default);
        Assert.Contains("backup-transit/reserve-a", plan.KeyVault, StringComparison.Ordinal);
        Assert.Empty(_server.Log);   // a plan asks nothing
        var made = await ReserveInitializer.RunAsync(plan, null, TimeProvider.System, default);
        Assert.False(made.HasPassphrase);
        var examined = new ConfigurationLoader(new HostView()).ExamineText(await File.ReadAllTextAsync(_folder["sting-backup.yaml"]), _folder["sting-backup.yaml"]);
        Assert.Equal(("backup-transit", "reserve-a", _folder["vault-token"]), (examined.Require().Keys.Vault!.Mount, examined.Require().Keys.Vault!.Key, examined.Require().Keys.Vault!.TokenFile));

        var asked = _server.Log.Count;
        await using var installation = await Installation.OpenAsync(examined, new InstallationOptions { Passphrase = _ => throw new InvalidOperationException("No passphrase is asked for.") }, default);
        Assert.Equal(KeyProtection.KeyVault, (await StingBackup.Engine.Operations.StatusReader.ReadAsync(installation, default)).KeyProtection);
        Assert.Equal(asked, _server.Log.Count);   // to open, to back up and to tell the status asks nothing
        await installation.UnlockAsync(default);
        await installation.UnlockAsync(default);
        Assert.Equal(1, _server.Log.Count(r => r.Path == "v1/backup-transit/decrypt/reserve-a"));
    }

    [Fact]
    public async Task Without_a_login_the_first_request_says_what_to_set()
    {
        var settings = new KeyVaultSettings(_server.Address, "transit", "k");
        using var login = ConfiguredKeyVault.LoginOf(settings, new VaultSettings(new Uri("https://source:8200"), "sting", "files"), new FakeHost());
        using var client = ConfiguredKeyVault.Open(settings, login, TimeProvider.System);
        var error = await Assert.ThrowsAsync<StingException>(() => client.LogInAsync(default));
        Assert.Equal("VaultLoginFailed", error.ErrorId);
        Assert.Contains("key_vault.token_file", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("VAULT_TOKEN is the token of vault.address", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(_server.Log);
    }
}
