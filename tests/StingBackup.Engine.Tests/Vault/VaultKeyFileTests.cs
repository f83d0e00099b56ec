using System.Security.Cryptography;
using System.Text.RegularExpressions;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>A key file that opens only with Vault's decrypt right; the policies are those of docs/operations.md, word for word.</summary>
public sealed class VaultKeyFileTests : IAsyncLifetime, IDisposable
{
    private readonly KeyFixture _fixture = new();
    private VaultStandIn _server = null!;
    private StandInTransit _engine = null!;
    private string _keyRole = "", _restoreRole = "", _nobody = "";

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _engine = _server.MountTransit();
        _engine.Seed("sting-backup");
        _keyRole = _server.TokenWith(Policy("key role"));
        _restoreRole = _server.TokenWith(Policy("restore role"));
        _nobody = _server.TokenWith("");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _fixture.Dispose();

    private string KeyFile => _fixture.InKeys(PrivateHalfFile.FileName);

    /// <summary>The policy that follows its name in the page.</summary>
    private static string Policy(string role)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docs", "operations.md")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("docs/operations.md is not above the tests.");
        }
        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs", "operations.md"));
        return Regex.Match(page, $@"The \*\*{role}\*\*[^\n]*\n```hcl\n(?<text>.*?)```", RegexOptions.Singleline) is { Success: true } found ? found.Groups["text"].Value
            : throw new InvalidOperationException($"The page has no policy of the {role}.");
    }

    private KeyOptions With(string token, string key = "sting-backup") => _fixture.Options with
    {
        KeyVault = clock => new VaultKeyWrapper(new VaultTransit(_server.Client(VaultClients.Token(token), clock)), key),
    };

    private async Task<ReserveKeys> CreateAsync()
    {
        var options = With(_keyRole);
        var plan = new KeyCreator(_fixture.Environment, options).Plan(KeyFixture.Creation());
        Assert.Equal(new KeyWrapperName("transit", "sting-backup"), plan.WrappedBy);
        Assert.DoesNotContain(plan.Warnings, w => w.Contains("no passphrase", StringComparison.Ordinal));
        var keys = await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default);
        await keys.PublishAsync(_fixture.Store, default);
        return keys;
    }

    private ReserveKeys Open(string token, string key = "sting-backup") => ReserveKeys.OpenIn(_fixture.Environment, With(token, key), null);

    private static async Task<StingException> FailsAsync(ReserveKeys keys) => await Assert.ThrowsAsync<StingException>(async () => (await keys.UnlockAsync(null, default)).Dispose());

    private int Count(string operation) => _server.Log.Count(r => r.Path == $"v1/transit/{operation}/sting-backup");

    [Fact]
    public async Task The_key_role_makes_it_the_restore_role_opens_it_with_one_request_and_a_backup_asks_nothing()
    {
        using var made = await CreateAsync();
        Assert.Equal((1, 0), (Count("encrypt"), Count("decrypt")));
        Assert.Equal((KeyFileProtection.KeyVault, false), (made.Protection, made.NeedsPassphrase));
        Assert.Contains("vault:v1:", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(KeyFile)), StringComparison.Ordinal);

        var before = _server.Log.Count;
        using var host = Open(_nobody);
        using (var writers = await host.LoadWritersAsync(_fixture.Store, default))
        await using (var writer = host.OpenWriter(_fixture.Store, writers))
        {
            for (var i = 0; i < KeyFixture.FewSpares; i++)
            {
                await writer.GetAsync($"user:{i}", default);
            }
            // Not even when its spares run out does it ask: the key role brings more.
            Assert.Equal("NoSpareLeft", (await Assert.ThrowsAsync<StingException>(async () => await writer.GetAsync("user:more", default))).ErrorId);
        }
        Assert.Equal(before, _server.Log.Count);

        using var restore = Open(_restoreRole);
        using (await restore.UnlockAsync(_ => throw new InvalidOperationException("No passphrase is asked for."), default))
        {
        }
        Assert.Equal(1, Count("decrypt"));
    }

    [Fact]
    public async Task No_role_has_more_than_its_own_right()
    {
        (await CreateAsync()).Dispose();
        using var keyRole = Open(_keyRole);
        var error = await FailsAsync(keyRole);
        Assert.Equal(("VaultDenied", FailureKind.PermissionDenied), (error.ErrorId, error.Kind));
        Assert.Contains("""path "transit/decrypt/sting-backup" { capabilities = ["update"] }""", error.Remedy, StringComparison.Ordinal);
        using var nobody = Open(_nobody);
        Assert.Equal("VaultDenied", (await FailsAsync(nobody)).ErrorId);
        using var restore = Open(_restoreRole);
        Assert.Equal("VaultDenied", (await Assert.ThrowsAsync<StingException>(async () => await restore.PlanRewrapAsync(default))).ErrorId);
        using var client = _server.Client(VaultClients.Token(_restoreRole));
        using var secret = SecretBytes.CopyOf("x"u8);
        foreach (var forbidden in new Func<VaultTransit, Task>[] { t => t.EncryptAsync("sting-backup", secret, TransitBinding.None, default), t => t.RotateAsync("sting-backup", default), t => t.ConfigureAsync("sting-backup", new TransitKeyChange { MinDecryptionVersion = 1 }, default), t => t.CreateKeyAsync("another", false, default) })
        {
            Assert.Equal("VaultDenied", (await Assert.ThrowsAsync<StingException>(() => forbidden(new VaultTransit(client)))).ErrorId);
        }
        using var keyClient = _server.Client(VaultClients.Token(_keyRole));
        Assert.Equal("VaultDenied", (await Assert.ThrowsAsync<StingException>(() => new VaultTransit(keyClient).ConfigureAsync("sting-backup", new TransitKeyChange { IsDeletionAllowed = true }, default))).ErrorId);
        Assert.Equal("VaultDenied", (await Assert.ThrowsAsync<StingException>(() => new VaultTransit(keyClient).DeleteKeyAsync("sting-backup", default))).ErrorId);
    }

    [Fact]
    public async Task A_rewrap_by_the_key_role_changes_the_wrapped_key_alone_and_survives_the_old_version()
    {
        using var made = await CreateAsync();
        var old = await File.ReadAllBytesAsync(KeyFile);
        using var client = _server.Client(VaultClients.Token(_keyRole));
        await new VaultTransit(client).RotateAsync("sting-backup", default);
        var plan = await made.PlanRewrapAsync(default);
        Assert.Equal((1L, 2L, true, KeyFile), (plan.FromVersion!.Value, plan.ToVersion, plan.IsNeeded, plan.KeyFile));
        Assert.Equal(old, await File.ReadAllBytesAsync(KeyFile));
        Assert.Equal(2, await made.RewrapAsync(plan, default));
        Assert.False((await made.PlanRewrapAsync(default)).IsNeeded);
        Assert.Equal(0, Count("decrypt"));

        using var root = _server.Client();
        await new VaultTransit(root).ConfigureAsync("sting-backup", new TransitKeyChange { MinDecryptionVersion = 2 }, default);
        using var restore = Open(_restoreRole);
        (await restore.UnlockAsync(null, default)).Dispose();
        // The copy from before no longer opens, and says why.
        await File.WriteAllBytesAsync(KeyFile, old);
        var error = await FailsAsync(restore);
        Assert.Equal("VaultKeyVersionTooOld", error.ErrorId);
        Assert.Contains("min_decryption_version", error.Message + error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_keeps_it_shut_is_told_by_name()
    {
        (await CreateAsync()).Dispose();
        using var restore = Open(_restoreRole);
        _server.Sealed = true;
        Assert.Equal("VaultSealed", (await FailsAsync(restore)).ErrorId);
        _server.Sealed = false;
        using (var renamed = Open(_restoreRole, "another"))
        {
            Assert.Equal("KeyVaultMismatch", (await FailsAsync(renamed)).ErrorId);
        }
        using (var unconfigured = _fixture.Open())
        {
            Assert.Equal("KeyVaultNeeded", (await FailsAsync(unconfigured)).ErrorId);
            Assert.Equal("KeyVaultNeeded", Assert.Throws<StingException>(() => unconfigured.Unlock(null)).ErrorId);
        }
        _engine.Remove("sting-backup");
        Assert.Equal("VaultKeyMissing", (await FailsAsync(restore)).ErrorId);
        _engine.Seed("sting-backup");   // another key of the same name
        Assert.Equal("VaultCiphertextInvalid", (await FailsAsync(restore)).ErrorId);
    }

    [Fact]
    public async Task A_Vault_that_refuses_leaves_no_key_behind()
    {
        _engine.Remove("sting-backup");
        var plan = new KeyCreator(_fixture.Environment, With(_keyRole)).Plan(KeyFixture.Creation());
        Assert.Equal("VaultKeyMissing", (await Assert.ThrowsAsync<StingException>(async () => (await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default)).Dispose())).ErrorId);
        Assert.False(File.Exists(KeyFile));
        Assert.False(File.Exists(_fixture.InHost("host.key")));
        _engine.Seed("sting-backup");
        (await CreateAsync()).Dispose();
    }

    [Fact]
    public async Task A_file_key_of_another_reserve_does_not_pass_for_this_ones()
    {
        using var made = await CreateAsync();
        using var restore = Open(_restoreRole);
        var wrapper = With(VaultStandIn.RootToken).KeyVault!(TimeProvider.System);
        using (wrapper)
        using (var key = SecretBytes.Random(PrivateHalfFile.FileKeySize, RandomNumberGenerator.Create()))
        {
            var foreign = await wrapper.WrapAsync(key, PrivateHalfFile.BindingOf(_fixture.Environment.NewId()), default);
            await File.WriteAllBytesAsync(KeyFile, PrivateHalfFile.WithWrapped(await File.ReadAllBytesAsync(KeyFile), KeyFile, foreign.Text));
            Assert.Equal("VaultCiphertextInvalid", (await FailsAsync(restore)).ErrorId);
            var own = await wrapper.WrapAsync(key, PrivateHalfFile.BindingOf(made.ReserveId), default);
            await File.WriteAllBytesAsync(KeyFile, PrivateHalfFile.WithWrapped(await File.ReadAllBytesAsync(KeyFile), KeyFile, own.Text));
            Assert.Equal("KeyFileDamaged", (await FailsAsync(restore)).ErrorId);
        }
    }

    [Fact]
    public async Task Any_changed_byte_is_found()
    {
        using var made = await CreateAsync();
        using var restore = Open(_restoreRole);
        var sound = await File.ReadAllBytesAsync(KeyFile);
        for (var at = KeyFrame.HeaderSize; at < sound.Length - KeyFrame.ChecksumSize; at += 7)
        {
            // With a checksum that fits, as an attacker would write it.
            var payload = sound[KeyFrame.HeaderSize..^KeyFrame.ChecksumSize];
            payload[at - KeyFrame.HeaderSize] ^= 1;
            await File.WriteAllBytesAsync(KeyFile, KeyFrame.Write(KeyFileKind.PrivateHalf, payload));
            await FailsAsync(restore);
        }
        await File.WriteAllBytesAsync(KeyFile, sound);
        (await restore.UnlockAsync(null, default)).Dispose();
    }

    [Fact]
    public async Task Other_keys_go_in_under_the_same_protection()
    {
        using var made = await CreateAsync();
        using var restore = Open(_restoreRole);
        using var fileKey = await restore.ObtainSecretAsync(null, default);
        var bytes = await File.ReadAllBytesAsync(KeyFile);
        using var half = PrivateHalfFile.Open(bytes, KeyFile, made.ReserveId, fileKey);
        using var wrong = SecretBytes.Random(PrivateHalfFile.FileKeySize, RandomNumberGenerator.Create());
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => PrivateHalfFile.Reseal(bytes, KeyFile, half, wrong, RandomNumberGenerator.Create())).ErrorId);
        var again = PrivateHalfFile.Reseal(bytes, KeyFile, half, fileKey, RandomNumberGenerator.Create());
        Assert.NotEqual(bytes, again);
        Assert.Equal(PrivateHalfFile.WrappedKeyOf(bytes, KeyFile), PrivateHalfFile.WrappedKeyOf(again, KeyFile));
        await File.WriteAllBytesAsync(KeyFile, again);
        (await restore.UnlockAsync(null, default)).Dispose();
    }

    [Fact]
    public async Task A_new_KEK_comes_with_a_new_version_and_a_new_file_key()
    {
        (await CreateAsync()).Dispose();
        var root = VaultStandIn.RootToken;   // the key role's rights and the restore role's together
        using var keys = Open(root);
        var old = await File.ReadAllBytesAsync(KeyFile);
        using (var secret = await keys.ObtainSecretAsync(null, default))
        using (var reader = keys.Unlock(secret))
        {
            Assert.Equal(2u, (await keys.RenewKekAsync(reader, secret, _fixture.Store, default)).Generation);
        }
        var now = await File.ReadAllBytesAsync(KeyFile);
        Assert.NotEqual(PrivateHalfFile.WrappedKeyOf(old, KeyFile).Wrapped, PrivateHalfFile.WrappedKeyOf(now, KeyFile).Wrapped);
        Assert.Equal(2, keys.PublicNow.KekGeneration is 2 ? VaultTransit.VersionOf(PrivateHalfFile.WrappedKeyOf(now, KeyFile).Wrapped) : 0);
        using var restore = Open(_restoreRole);
        using var unlocked = await restore.UnlockAsync(null, default);
        Assert.All(unlocked.Pseudonyms, one => Assert.Equal(32, unlocked.GetIdKey(one).Length));
        // The restore role alone may not: nothing has changed then.
        using (var secret = await restore.ObtainSecretAsync(null, default))
        {
            Assert.Equal("VaultDenied", (await Assert.ThrowsAsync<StingException>(async () => await restore.RenewKekAsync(unlocked, secret, _fixture.Store, default))).ErrorId);
        }
        Assert.Equal(now, await File.ReadAllBytesAsync(KeyFile));
    }
}
