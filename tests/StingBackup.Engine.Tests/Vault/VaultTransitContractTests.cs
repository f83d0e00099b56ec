using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>What the key file needs of a transit engine, kept by the stand-in, and by a real server where one is named.</summary>
public sealed class VaultTransitContractTests
{
    [Fact]
    public async Task The_stand_in_keeps_the_contract()
    {
        await using var server = await VaultStandIn.StartAsync();
        server.MountTransit();
        using var client = server.Client();
        await CheckAsync(new VaultTransit(client));
    }

    /// <summary>Against the transit mount STING_TEST_VAULT_TRANSIT, <c>transit</c> by default; makes a key of its own there and deletes it.</summary>
    [RealVaultFact]
    public async Task A_real_server_keeps_the_contract()
    {
        using var client = new VaultClient(new VaultOptions
        {
            Address = new Uri(Environment.GetEnvironmentVariable("VAULT_ADDR")!), Login = VaultClients.Token(Environment.GetEnvironmentVariable("VAULT_TOKEN")!),
            Namespace = Environment.GetEnvironmentVariable("VAULT_NAMESPACE"), CertificateAuthorities = Environment.GetEnvironmentVariable("VAULT_CACERT"),
        }, TimeProvider.System);
        await CheckAsync(new VaultTransit(client, Environment.GetEnvironmentVariable("STING_TEST_VAULT_TRANSIT") ?? "transit"));
    }

    private static async Task CheckAsync(VaultTransit transit)
    {
        var name = $"sting-contract-{Guid.NewGuid():n}";
        async Task RefusedAsync(string errorId, Func<Task> act) => Assert.Equal(errorId, (await Assert.ThrowsAsync<StingException>(act)).ErrorId);
        using var secret = SecretBytes.CopyOf([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);
        async Task OpensAsync(string text)
        {
            using var opened = await transit.DecryptAsync(name, text, TransitBinding.None, default);
            Assert.True(opened.Span.SequenceEqual(secret.Span));
        }

        Assert.Null(await transit.ReadKeyAsync(name, default));
        await RefusedAsync("VaultKeyMissing", () => transit.DecryptAsync(name, "vault:v1:AAAA", TransitBinding.None, default));
        await transit.CreateKeyAsync(name, derived: false, default);
        try
        {
            var key = await transit.ReadKeyAsync(name, default);
            Assert.Equal((VaultTransit.AesGcm, 1L, 1L, false, false), (key!.Type, key.LatestVersion, key.MinDecryptionVersion, key.IsDeletionAllowed, key.IsExportable));
            var first = await transit.EncryptAsync(name, secret, TransitBinding.None, default);
            Assert.Equal((1L, true), (first.KeyVersion, first.Text.StartsWith("vault:v1:", StringComparison.Ordinal)));
            await OpensAsync(first.Text);
            await transit.RotateAsync(name, default);
            Assert.Equal(2, (await transit.ReadKeyAsync(name, default))!.LatestVersion);
            var second = await transit.RewrapAsync(name, first.Text, default, default);
            Assert.Equal((2L, 2L), (second.KeyVersion, VaultTransit.VersionOf(second.Text)!.Value));
            await OpensAsync(first.Text);
            await OpensAsync(second.Text);
            await transit.ConfigureAsync(name, new TransitKeyChange { MinDecryptionVersion = 2 }, default);
            await RefusedAsync("VaultKeyVersionTooOld", () => transit.DecryptAsync(name, first.Text, TransitBinding.None, default));
            await RefusedAsync("VaultKeyVersionTooOld", () => transit.RewrapAsync(name, first.Text, default, default));
            await OpensAsync(second.Text);
            var at = second.Text.Length - 6;
            var changed = second.Text[..at] + (second.Text[at] == 'A' ? 'B' : 'A') + second.Text[(at + 1)..];
            await RefusedAsync("VaultCiphertextInvalid", () => transit.DecryptAsync(name, changed, TransitBinding.None, default));
            await transit.ConfigureAsync(name, new TransitKeyChange { MinDecryptionVersion = 1 }, default);
            await OpensAsync(first.Text);
        }
        finally
        {
            await transit.ConfigureAsync(name, new TransitKeyChange { IsDeletionAllowed = true }, default);
            await transit.DeleteKeyAsync(name, default);
        }
        Assert.Null(await transit.ReadKeyAsync(name, default));
    }

    /// <summary>Runs where VAULT_ADDR and VAULT_TOKEN name a server; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RealVaultFactAttribute : FactAttribute
    {
        public RealVaultFactAttribute() => Skip = Environment.GetEnvironmentVariable("VAULT_ADDR") is { Length: > 0 } && Environment.GetEnvironmentVariable("VAULT_TOKEN") is { Length: > 0 }
            ? null : "VAULT_ADDR and VAULT_TOKEN name no server.";
    }
}
