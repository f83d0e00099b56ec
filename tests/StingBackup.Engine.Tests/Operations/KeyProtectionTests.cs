using System.Security;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Operations;

/// <summary>The key file moves to Vault and back, as its commands do it; keys and backups stay.</summary>
public sealed class KeyProtectionTests : IAsyncLifetime, IDisposable
{
    private EscrowSite _site = null!;
    private VaultStandIn _server = null!;

    public async Task InitializeAsync()
    {
        _site = await EscrowSite.CreateAsync();
        _server = await VaultStandIn.StartAsync();
        _server.MountTransit().Seed("sting-backup");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _site.Dispose();

    private void NameVault(string token)
    {
        File.WriteAllText(_site["token"], token);
        File.SetAttributes(_site["token"], FileAttributes.Normal);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_site["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        if (!File.ReadAllText(_site.ConfigurationFile).Contains("\nkey_vault:\n  address", StringComparison.Ordinal))
        {
            EscrowSite.Configure(_site.ConfigurationFile, text => text.Replace("\nkey_vault:\n", $"\nkey_vault:\n  address: {_server.Address.ToString().TrimEnd('/')}\n  token_file: {_site["token"]}\n", StringComparison.Ordinal));
        }
    }

    private ValueTask<Installation> OpenAsync(string? passphrase = null) => Installation.OpenAsync(_site.Load(), new InstallationOptions
    {
        Clock = _site.Clock, Passphrase = _ => ValueTask.FromResult(passphrase is null ? null : Secure(passphrase)),
    }, default);

    private static SecureString? Secure(string text)
    {
        var secure = new SecureString();
        text.ToList().ForEach(secure.AppendChar);
        return secure;
    }

    private async Task<KeyProtectionResult> ProtectAsync(KeyProtection to, string? old = null, string? passphrase = null)
    {
        await using var installation = await OpenAsync(old);
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        return await _site.ApprovedAsync(installation, async () => await KeyProtectionJob.RunAsync(installation, await KeyProtectionJob.PlanAsync(installation, to, default), secret, KeyFixture.LittleWork, default));
    }

    private async Task RestoresAsync(string? passphrase = null)
    {
        await using var installation = await OpenAsync(passphrase);
        Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(await _site.RestoreAsync(installation), "users", "bob", "own.txt")));
    }

    [Fact]
    public async Task It_moves_from_open_to_a_passphrase_to_Vault_and_back_and_what_it_holds_stays()
    {
        var sealed1 = await ProtectAsync(KeyProtection.Passphrase, passphrase: "first");
        Assert.Equal((KeyProtection.Open, KeyProtection.Passphrase), (sealed1.From, sealed1.To));
        await RestoresAsync("first");
        await using (var wrong = await OpenAsync("other"))
        {
            Assert.Equal("WrongPassphrase", (await Assert.ThrowsAsync<StingException>(async () => await wrong.UnlockAsync(default))).ErrorId);
        }

        NameVault(VaultStandIn.RootToken);
        var vault = await ProtectAsync(KeyProtection.KeyVault, "first");
        Assert.Equal(1, vault.KeyVersion);
        Assert.Contains("transit", vault.Key, StringComparison.Ordinal);
        await RestoresAsync();

        var back = await ProtectAsync(KeyProtection.Passphrase, passphrase: "second");
        Assert.Equal(KeyProtection.KeyVault, back.From);
        await RestoresAsync("second");
        await using var installation = await OpenAsync();
        var outcomes = (await AuditReader.ReadAsync(installation, default)).Where(e => e.Command == "Set-StingKeyProtection" && e.Event == AuditEvent.Executed).Select(e => e.Outcome);
        Assert.Equal(["OpenToPassphrase", "PassphraseToKeyVault", "KeyVaultToPassphrase"], outcomes);
        Assert.Equal(KeyFileProtection.Passphrase, installation.Keys!.Protection);
    }

    [Fact]
    public async Task A_rewrap_follows_a_rotation_needs_no_approval_and_stands_in_the_chain()
    {
        await using (var open = await OpenAsync())
        {
            Assert.Equal("KeyVaultNotUsed", (await Assert.ThrowsAsync<StingException>(async () => await KeyProtectionJob.PlanRewrapAsync(open, default))).ErrorId);
        }
        NameVault(VaultStandIn.RootToken);
        await ProtectAsync(KeyProtection.KeyVault);
        await using var installation = await OpenAsync();
        var none = await KeyProtectionJob.PlanRewrapAsync(installation, default);
        Assert.Equal((1L, 1L), (none.FromVersion!.Value, none.ToVersion!.Value));
        Assert.Contains("nothing was done", (await KeyProtectionJob.RewrapAsync(installation, none, default)).Next, StringComparison.Ordinal);
        using var client = _server.Client();
        await new VaultTransit(client).RotateAsync("sting-backup", default);
        var result = await KeyProtectionJob.RewrapAsync(installation, await KeyProtectionJob.PlanRewrapAsync(installation, default), default);
        Assert.Equal(2, result.KeyVersion);
        await new VaultTransit(client).ConfigureAsync("sting-backup", new TransitKeyChange { MinDecryptionVersion = 2 }, default);
        await RestoresAsync();
        Assert.Single(await AuditReader.ReadAsync(installation, default), e => e.Command == "Set-StingKeyProtection" && e.Outcome == "Rewrapped");
        Assert.Equal("KeyProtectionSame", (await Assert.ThrowsAsync<StingException>(async () => await KeyProtectionJob.PlanAsync(installation, KeyProtection.KeyVault, default))).ErrorId);
    }

    [Fact]
    public async Task A_Vault_that_refuses_leaves_the_key_file_as_it_was()
    {
        var file = Path.Combine(_site.Site1, "keys", PrivateHalfFile.FileName);
        var before = await File.ReadAllBytesAsync(file);
        await using (var installation = await OpenAsync())
        {
            Assert.Equal("KeyVaultNeeded", (await Assert.ThrowsAsync<StingException>(async () => await KeyProtectionJob.PlanAsync(installation, KeyProtection.KeyVault, default))).ErrorId);
        }
        NameVault(_server.TokenWith("""path "transit/keys/sting-backup" { capabilities = ["read"] }"""));
        var error = await Assert.ThrowsAsync<StingException>(() => ProtectAsync(KeyProtection.KeyVault));
        Assert.Equal("VaultDenied", error.ErrorId);
        Assert.Equal(before, await File.ReadAllBytesAsync(file));
        await RestoresAsync();
    }

    [Fact]
    public async Task An_escrow_of_a_key_file_that_Vault_seals_needs_the_decrypt_right_and_survives_the_loss_of_that_Vault()
    {
        NameVault(VaultStandIn.RootToken);
        await ProtectAsync(KeyProtection.KeyVault);
        NameVault(_server.TokenWith("""path "transit/encrypt/sting-backup" { capabilities = ["update"] }"""));
        var denied = await Assert.ThrowsAsync<StingException>(() => _site.ExportAsync());
        Assert.Equal("VaultDenied", denied.ErrorId);
        Assert.Contains("An escrow holds the keys themselves", denied.Message, StringComparison.Ordinal);
        Assert.Contains("decrypt right", denied.Remedy, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_site["shares"]) && Directory.EnumerateFileSystemEntries(_site["shares"]).Any());
        NameVault(VaultStandIn.RootToken);
        await using (var again = await _site.OpenAsync())
        {
            // The approval is still good: nothing was done with it.
            await KeyEscrowJob.ExportAsync(again, await KeyEscrowJob.PlanExportAsync(again, _site["shares"], 5, 3, withPages: true, default), default);
        }
        await _server.DisposeAsync();
        var file = _site.Lose();
        await _site.ImportAsync(file, [_site["shares"]], KeyProtection.Open);
        await using var reading = await _site.OpenAsync(file);
        Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(await _site.RestoreAsync(reading), "users", "bob", "own.txt")));
        _server = await VaultStandIn.StartAsync();
    }
}
