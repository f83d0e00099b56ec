using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Storage.S3;

/// <summary>How credentials of a bucket are got. Nothing is looked up before the first request.</summary>
public abstract class S3Login
{
    private protected S3Login()
    {
    }

    /// <summary>For messages: how, never with what.</summary>
    internal abstract string Description { get; }

    /// <summary>For the library.</summary>
    /// <exception cref="StingException"><c>StoreLoginFailed</c></exception>
    internal abstract AWSCredentials Credentials(TimeProvider clock);

    /// <inheritdoc/>
    public override string ToString() => Description;

    private protected static StingException Failed(string what, string remedy, Exception? cause = null) => new("StoreLoginFailed", FailureKind.Authentication, what, null, remedy, cause);
}

/// <summary>Amazon's usual order: the environment, the default profile, a web identity, the instance's role.</summary>
public sealed class S3ChainLogin : S3Login
{
    internal override string Description => "the usual chain (environment, default profile, instance role)";

    internal override AWSCredentials Credentials(TimeProvider clock)
    {
        try
        {
            return DefaultAWSCredentialsIdentityResolver.GetCredentials();
        }
        catch (AmazonClientException e)
        {
            throw Failed($"No credentials for a bucket can be had by {Description}.", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, write a profile, give the instance a role, or name another way in the setting 'credentials'.", e);
        }
    }
}

/// <summary>The variables <c>AWS_ACCESS_KEY_ID</c>, <c>AWS_SECRET_ACCESS_KEY</c> and <c>AWS_SESSION_TOKEN</c>.</summary>
public sealed class S3EnvironmentLogin : S3Login
{
    internal override string Description => "the environment";

    internal override AWSCredentials Credentials(TimeProvider clock)
    {
        try
        {
            return new EnvironmentVariablesAWSCredentials();
        }
        catch (Exception e) when (e is InvalidOperationException or AmazonClientException)
        {
            throw Failed("AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set.", "Set both for this program, for example in the service's EnvironmentFile.", e);
        }
    }
}

/// <summary>A profile of <c>~/.aws/credentials</c> and <c>~/.aws/config</c>, or of a file of that form.</summary>
/// <param name="name">The profile.</param>
/// <param name="file">The file; null for the usual ones (<c>AWS_SHARED_CREDENTIALS_FILE</c> is followed).</param>
public sealed class S3ProfileLogin(string name, string? file) : S3Login
{
    internal override string Description => $"the profile '{name}'{(file is null ? "" : $" of '{file}'")}";

    internal override AWSCredentials Credentials(TimeProvider clock)
    {
        if (file is not null && !File.Exists(file))
        {
            throw Failed($"There is no credentials file '{file}'.", "Correct credentials_file, or write the file: [profile], aws_access_key_id = …, aws_secret_access_key = …; readable by this user alone.");
        }
        try
        {
            return new CredentialProfileStoreChain(file).TryGetAWSCredentials(name, out var credentials) ? credentials
                : throw Failed($"There is no {Description} with credentials.", "Write it: [profile], aws_access_key_id = …, aws_secret_access_key = …; or name another profile.");
        }
        catch (Exception e) when (e is AmazonClientException or IOException or UnauthorizedAccessException)
        {
            throw Failed($"The {Description} cannot be read.", "Let this user read the file, and look at its form.", e);
        }
    }
}

/// <summary>The role of the machine, as its metadata service gives it.</summary>
public sealed class S3InstanceRoleLogin : S3Login
{
    internal override string Description => "the instance's role";

    internal override AWSCredentials Credentials(TimeProvider clock)
    {
        try
        {
            return new InstanceProfileAWSCredentials();
        }
        catch (Exception e) when (e is InvalidOperationException or AmazonClientException or HttpRequestException or System.Net.WebException)
        {
            throw Failed("This machine's metadata service names no role.", "Give the instance a role, or name another way in the setting 'credentials'.", e);
        }
    }
}

/// <summary>A secret of a Vault's KV engine, version 2, with the fields <c>access_key</c>, <c>secret_key</c> and, where there is one, <c>session_token</c>. It is read anew every quarter of an hour.</summary>
/// <param name="open">Opens a client; the login disposes it after each read.</param>
/// <param name="mount">Where the engine is mounted.</param>
/// <param name="path">The secret.</param>
public sealed class S3VaultLogin(Func<VaultClient> open, string mount, string path) : S3Login
{
    internal override string Description => $"the secret '{mount}/{path}' of Vault";

    internal override AWSCredentials Credentials(TimeProvider clock) => new FromVault(this, clock);

    private async Task<ImmutableCredentials> ReadAsync(TimeProvider clock)
    {
        using var client = open();
        using var secret = await new VaultKv(client, mount, clock).ReadAsync(path, null, CancellationToken.None).ConfigureAwait(false)
            ?? throw Failed($"There is no secret '{mount}/{path}' in Vault at {client.Address.Authority}.", "Write it, with the fields access_key and secret_key, or correct vault_secret.");
        string? Field(string name) => secret.Data.ValueKind == JsonValueKind.Object && secret.Data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return Field("access_key") is { Length: > 0 } key && Field("secret_key") is { Length: > 0 } hidden
            ? new ImmutableCredentials(key, hidden, Field("session_token") is { Length: > 0 } token ? token : null)
            : throw Failed($"The secret '{mount}/{path}' in Vault at {client.Address.Authority} lacks access_key or secret_key.", "Write both fields, as text.");
    }

    private sealed class FromVault(S3VaultLogin login, TimeProvider clock) : AWSCredentials
    {
        private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(15);

        private Held? _held;

        public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

        public override async Task<ImmutableCredentials> GetCredentialsAsync()
        {
            // Two requests at once may both read it; that does no harm.
            if (_held is not { } held || clock.GetElapsedTime(held.Read) > Fresh)
            {
                _held = held = new Held(await login.ReadAsync(clock).ConfigureAwait(false), clock.GetTimestamp());
            }
            return held.Credentials;
        }

        private sealed record Held(ImmutableCredentials Credentials, long Read);
    }
}

/// <summary>Credentials that are given, for tests and for whoever hosts the engine.</summary>
/// <param name="accessKey">The key's id.</param>
/// <param name="secretKey">The secret.</param>
public sealed class S3GivenLogin(string accessKey, string secretKey) : S3Login
{
    internal override string Description => "the credentials that were given";

    internal override AWSCredentials Credentials(TimeProvider clock) => new BasicAWSCredentials(accessKey, secretKey);
}
