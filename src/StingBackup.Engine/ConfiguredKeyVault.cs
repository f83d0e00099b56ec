using System.Text;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine;

/// <summary>The key vault that a configuration names.</summary>
internal static class ConfiguredKeyVault
{
    /// <summary>Reaches it, or null where none is named. Nothing is sent, and no login looked for, before it is called.</summary>
    public static Func<TimeProvider, IKeyWrapper>? Of(StingConfiguration configuration) => configuration.Keys.Vault is not { } settings ? null : clock =>
    {
        var client = Open(settings, LoginOf(settings, configuration.Vault, new HostView()), clock);
        return new VaultKeyWrapper(new VaultTransit(client, settings.Mount), settings.Key);
    };

    /// <summary>A client; nothing is sent yet. Takes the login over.</summary>
    /// <exception cref="StingException"><c>VaultTlsFailed</c></exception>
    public static VaultClient Open(KeyVaultSettings settings, VaultLogin login, TimeProvider clock) => new(new VaultOptions
    {
        Address = settings.Address, Namespace = settings.Namespace, CertificateAuthorities = settings.CertificateAuthorities, Login = login, LongestAnswer = 1 << 20,
    }, clock);

    /// <summary>How to log in. A token of the environment may be meant for the Vault that is backed up; then it is not shown to another.</summary>
    public static VaultLogin LoginOf(KeyVaultSettings settings, VaultSettings? source, IHostView host)
    {
        if (settings.RoleId is { } role)
        {
            var mount = settings.LoginMount ?? "approle";
            return settings.SecretIdFile is { } file ? VaultAppRoleLogin.WithSecretIdFile(role, file, mount) : VaultAppRoleLogin.WithSecretId(role, null, mount);
        }
        if (settings.KubernetesRole is { } account)
        {
            return new VaultKubernetesLogin(account, settings.KubernetesTokenFile ?? VaultKubernetesLogin.DefaultTokenFile, settings.LoginMount ?? "kubernetes");
        }
        if (settings.TokenFile is { } tokenFile)
        {
            return new VaultTokenFileLogin(tokenFile);
        }
        var isTheSources = source is { RoleId: null, TokenFile: null };
        return !isTheSources && host.GetVariable("VAULT_TOKEN") is { } token ? new VaultTokenLogin(SecretBytes.CopyOf(Encoding.UTF8.GetBytes(token)))
            : new VaultNoLogin("Set key_vault.token_file, key_vault.role_id or key_vault.kubernetes_role in the configuration" + (isTheSources ? "; VAULT_TOKEN is the token of vault.address." : ", or the environment variable VAULT_TOKEN."));
    }
}
