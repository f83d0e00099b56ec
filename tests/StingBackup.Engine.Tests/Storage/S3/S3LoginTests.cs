using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>Where a bucket's credentials come from.</summary>
public sealed class S3LoginTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_secret_of_a_Vault_is_read_anew_every_quarter_of_an_hour()
    {
        await using var vault = await VaultStandIn.StartAsync();
        var kv = vault.Mount("kv");
        kv.Seed("sting/s3", VaultClients.Json("""{"access_key": "AK1", "secret_key": "hidden-1"}"""));
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var login = new S3VaultLogin(() => vault.Client(), "kv", "sting/s3");
        var credentials = login.Credentials(clock);
        Assert.Empty(vault.Log);   // nothing is asked before it is needed
        Assert.Equal(("AK1", "hidden-1", ""), await ReadAsync(credentials));
        await vault.Client().Kv("kv").WriteAsync("sting/s3", VaultClients.Json("""{"access_key": "AK2", "secret_key": "hidden-2", "session_token": "T"}"""), null, default);
        Assert.Equal("AK1", (await ReadAsync(credentials)).Key);
        clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(("AK2", "hidden-2", "T"), await ReadAsync(credentials));
        Assert.DoesNotContain("hidden", login.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_is_missing_or_lacks_a_field_is_named()
    {
        await using var vault = await VaultStandIn.StartAsync();
        var kv = vault.Mount("kv");
        var error = await Assert.ThrowsAsync<StingException>(() => ReadAsync(new S3VaultLogin(() => vault.Client(), "kv", "sting/s3").Credentials(TimeProvider.System)));
        Assert.Equal("StoreLoginFailed", error.ErrorId);
        Assert.Contains("kv/sting/s3", error.Message, StringComparison.Ordinal);
        kv.Seed("sting/s3", VaultClients.Json("""{"access_key": "AK1", "password": "hidden-1"}"""));
        error = await Assert.ThrowsAsync<StingException>(() => ReadAsync(new S3VaultLogin(() => vault.Client(), "kv", "sting/s3").Credentials(TimeProvider.System)));
        Assert.Contains("secret_key", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_is_read_from_its_file()
    {
        await File.WriteAllTextAsync(_folder["credentials"], "[other]\naws_access_key_id = X\naws_secret_access_key = Y\n[sting]\naws_access_key_id = AK\naws_secret_access_key = hidden-3\n");
        Assert.Equal(("AK", "hidden-3", ""), await ReadAsync(new S3ProfileLogin("sting", _folder["credentials"]).Credentials(TimeProvider.System)));
        foreach (var (name, file) in new[] { ("nobody", _folder["credentials"]), ("sting", _folder["nowhere"]) })
        {
            var error = Assert.Throws<StingException>(() => new S3ProfileLogin(name, file).Credentials(TimeProvider.System));
            Assert.Equal("StoreLoginFailed", error.ErrorId);
            Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<(string Key, string Secret, string Token)> ReadAsync(Amazon.Runtime.AWSCredentials credentials)
    {
        var read = await credentials.GetCredentialsAsync();
        return (read.AccessKey, read.SecretKey, read.Token ?? "");
    }
}
