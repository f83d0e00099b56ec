using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Recovery;

/// <summary>
/// Ends what this host may do elsewhere: its tokens of Vaults by itself, where a token may end itself; keys of buckets and secret ids by the exact command, which somebody with the right runs, since a host that could take away its
/// own bucket key could take away others'.
/// </summary>
public static class AccessRevocation
{
    private static readonly VaultRequest RevokeSelf = new(HttpMethod.Post, "auth/token/revoke-self") { Capability = "update" };

    /// <summary>What the host may do elsewhere, and how it ends. Nothing is asked and nothing ends.</summary>
    public static IReadOnlyList<RevokedAccess> Plan(StingConfiguration configuration)
    {
        Access.Require(configuration, "Revoke-StingCredential");
        ArgumentNullException.ThrowIfNull(configuration);
        return [.. Vaults(configuration).Select(v => v.Access), .. Buckets(configuration)];
    }

    /// <summary>Ends what can be ended from here; the rest is told with its command.</summary>
    public static async IAsyncEnumerable<RevokedAccess> RunAsync(StingConfiguration configuration, TimeProvider clock, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(configuration, "Revoke-StingCredential");
        ArgumentNullException.ThrowIfNull(configuration);
        foreach (var (access, open, isThere) in Vaults(configuration))
        {
            yield return open is null ? access : await RevokeAsync(access, open, isThere, clock, cancel).ConfigureAwait(false);
        }
        foreach (var access in Buckets(configuration))
        {
            yield return access;
        }
    }

    private static async ValueTask<RevokedAccess> RevokeAsync(RevokedAccess access, Func<TimeProvider, VaultClient> open, bool isThere, TimeProvider clock, CancellationToken cancel)
    {
        try
        {
            using var client = open(clock);
            var answer = await client.SendAsync(RevokeSelf, cancel).ConfigureAwait(false);
            return answer.Status is 200 or 204 ? access with { IsRevoked = true, Command = null } : access with { Problem = $"The server answered {answer.Status}." };
        }
        catch (StingException e)
        {
            // A token that is there and is not taken is no access any more; any other failure leaves it to a person.
            return e.ErrorId == "VaultLoginFailed" && isThere ? access with { IsRevoked = true, Command = null, Problem = "The server does not take it any more." } : access with { Problem = e.Message };
        }
    }

    private static IEnumerable<(RevokedAccess Access, Func<TimeProvider, VaultClient>? Open, bool IsThere)> Vaults(StingConfiguration configuration)
    {
        var host = new HostView();
        if (configuration.Vault is { } source)
        {
            yield return (OfVault(source.Address, source.RoleId, source.SecretIdFile, source.TokenFile, "what people upload", null), source.RoleId is null ? clock => ConfiguredSources.OpenVault(source, host, clock) : null, IsThere(source.TokenFile, host));
        }
        if (configuration.Keys.Vault is { } keys)
        {
            yield return (OfVault(keys.Address, keys.RoleId, keys.SecretIdFile, keys.TokenFile, "the key file", keys.KubernetesRole),
                keys is { RoleId: null, KubernetesRole: null } ? clock => ConfiguredKeyVault.Open(keys, ConfiguredKeyVault.LoginOf(keys, configuration.Vault, host), clock) : null, IsThere(keys.TokenFile, host));
        }
    }

    private static bool IsThere(string? tokenFile, HostView host) => tokenFile is null ? host.GetVariable("VAULT_TOKEN") is { Length: > 0 } : File.Exists(tokenFile) && new FileInfo(tokenFile).Length > 0;

    private static RevokedAccess OfVault(Uri address, string? role, string? secretFile, string? tokenFile, string what, string? account)
    {
        var at = $"VAULT_ADDR={address.GetLeftPart(UriPartial.Authority)} vault";
        return role is not null
            ? new RevokedAccess { Kind = "Vault AppRole", Place = address.ToString(), Credential = $"role id {role}, for {what}", Command = $"{at} write auth/approle/role/ROLE_NAME/secret-id/destroy secret_id={(secretFile is null ? "SECRET_ID" : $"@{secretFile}")}" }
            : account is not null
                ? new RevokedAccess { Kind = "Vault Kubernetes role", Place = address.ToString(), Credential = $"role {account}, for {what}", Command = $"{at} delete auth/kubernetes/role/{account}" }
                : new RevokedAccess { Kind = "Vault token", Place = address.ToString(), Credential = $"{(tokenFile is null ? "the token in VAULT_TOKEN" : $"the token in {tokenFile}")}, for {what}", Command = $"{at} token revoke {(tokenFile is null ? "\"$VAULT_TOKEN\"" : $"\"$(cat {tokenFile})\"")}" };
    }

    private static IEnumerable<RevokedAccess> Buckets(StingConfiguration configuration)
    {
        (Tier Tier, string? Place, TierConnection Connection)[] tiers =
            [(Tier.Local, configuration.Repository.BackupRoot, configuration.Remote), (Tier.Remote, configuration.RemoteLocation, configuration.Remote), (Tier.Archive, configuration.ArchiveLocation, configuration.Archive)];
        foreach (var (tier, place, connection) in tiers.Where(t => t.Place is not null && S3Address.IsAddress(t.Place)))
        {
            yield return new RevokedAccess { Kind = "S3 key", Place = $"{tier} tier, {place}", Credential = CredentialOf(connection), Command = CommandOf(connection) };
        }
    }

    private static string CredentialOf(TierConnection connection) => connection.Login switch
    {
        BucketLogin.Environment => "the key in AWS_ACCESS_KEY_ID",
        BucketLogin.Profile => $"profile {connection.Profile} of {connection.CredentialsFile ?? "~/.aws/credentials"}",
        BucketLogin.InstanceRole => "the role of this machine",
        BucketLogin.Vault => $"the secret {connection.VaultSecret} of the Vault",
        _ => "the first of environment, default profile and instance role that there is",
    };

    /// <summary>Where no key id is typed it is looked up by the shell: none stands in a log.</summary>
    private static string CommandOf(TierConnection connection)
    {
        var id = connection.Login switch
        {
            BucketLogin.Environment => "\"$AWS_ACCESS_KEY_ID\"",
            BucketLogin.Profile => $"\"$({(connection.CredentialsFile is { } file ? $"AWS_SHARED_CREDENTIALS_FILE={file} " : "")}aws configure get aws_access_key_id --profile {connection.Profile})\"",
            BucketLogin.Vault => $"\"$(vault kv get -field=access_key {connection.VaultSecret})\"",
            _ => "ACCESS_KEY_ID",
        };
        return connection.Login == BucketLogin.InstanceRole ? "aws iam delete-role-policy --role-name ROLE_OF_THIS_MACHINE --policy-name POLICY_OF_THE_BUCKET"
            : connection.Endpoint is null ? $"aws iam update-access-key --status Inactive --access-key-id {id}" : $"radosgw-admin key rm --key-type=s3 --access-key={id}    # Ceph; other servers have a console of their own ({connection.Endpoint.Authority})";
    }
}
