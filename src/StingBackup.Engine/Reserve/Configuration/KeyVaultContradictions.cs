namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What is said about a key vault that does not fit the rest.</summary>
internal sealed class KeyVaultContradictions(SettingValues values, IHostView host, FindingList findings, string file)
{
    private static readonly Setting<string?>[] Logins = [VaultKeySettings.RoleId, VaultKeySettings.KubernetesRole, VaultKeySettings.TokenFile];

    public void Run()
    {
        if (values.Get(VaultKeySettings.Address) is not { } address)
        {
            if (!values.IsRefused(VaultKeySettings.Address) && VaultKeySettings.All.FirstOrDefault(s => values.OriginOf(s).IsFile) is { } lonely)
            {
                Refuse(lonely, $"{lonely.Key} is set, but {VaultKeySettings.Address.Key} is not: no Vault protects the key file", $"Set {VaultKeySettings.Address.Key}, or remove the section.");
            }
            // The strategy's file has it whether or not there is a Vault.
            if (values.Get(Settings.EncryptionKeyId) is not null)
            {
                var origin = values.OriginOf(Settings.EncryptionKeyId);
                findings.Add(FindingSeverity.Information, Settings.EncryptionKeyId.Key, origin.File, origin.Line, $"{Settings.EncryptionKeyId.Key} names a key of a Vault, and {VaultKeySettings.Address.Key} is not set: the key file is not protected by a Vault, and the name serves nothing", "");
            }
            return;
        }
        CheckKey();
        CheckServer(new Uri(address));
        CheckLogins();
        CheckFiles();
    }

    private void CheckKey()
    {
        if (values.OriginOf(VaultKeySettings.Key) is { IsFile: true } origin && values.Get(Settings.EncryptionKeyId) is { } named && named != values.Get(VaultKeySettings.Key))
        {
            Refuse(Settings.EncryptionKeyId, $"{Settings.EncryptionKeyId.Key} names the Vault's key '{named}', but {VaultKeySettings.Key.Key} ({origin}) names '{values.Get(VaultKeySettings.Key)}'", "Keep one of the two, or make them agree.");
        }
    }

    private void CheckServer(Uri address)
    {
        if (values.Get(SourceSettings.VaultAddress) is { } source && IsSame(address, new Uri(source)))
        {
            Refuse(VaultKeySettings.Address, $"{address.Authority} is the Vault that is backed up (vault.address): its storage is among what backups hold, old keys and all, so that no erasure reaches them, and losing it would lose the keys with the data",
                "Name another Vault, or remove the section: a key file with a passphrase serves too.");
        }
        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            Warn(VaultKeySettings.Address, $"{address.Authority} is spoken to without TLS: whoever listens has the token and the key file's key", "Write https://.");
        }
    }

    private void CheckLogins()
    {
        var used = Logins.FirstOrDefault(s => values.Get(s) is not null);
        foreach (var passedOver in Logins.Where(s => s != used && values.Get(s) is not null))
        {
            Warn(passedOver, $"{passedOver.Key} is not used: {used!.Key} logs in", "Remove the one that is not meant.");
        }
        NeedsRole(VaultKeySettings.SecretIdFile, VaultKeySettings.RoleId);
        NeedsRole(VaultKeySettings.KubernetesTokenFile, VaultKeySettings.KubernetesRole);
        if (values.Get(VaultKeySettings.LoginMount) is not null && values.Get(VaultKeySettings.RoleId) is null && values.Get(VaultKeySettings.KubernetesRole) is null)
        {
            Refuse(VaultKeySettings.LoginMount, $"{VaultKeySettings.LoginMount.Key} is set, but neither {VaultKeySettings.RoleId.Key} nor {VaultKeySettings.KubernetesRole.Key} is", "Set one of them, or remove it.");
        }
    }

    /// <summary>A backup that holds the login would hold the way to its own keys.</summary>
    private void CheckFiles()
    {
        foreach (var setting in (Setting<string?>[])[VaultKeySettings.TokenFile, VaultKeySettings.SecretIdFile])
        {
            if (values.Get(setting) is { } path && Sources().FirstOrDefault(s => IsWithin(host.RealPath(path), s)) is { } source)
            {
                Refuse(setting, $"{path} lies in {source}, which is backed up: every backup would carry the way to its own keys", "Move it to a place that is not backed up.");
            }
        }
    }

    private IEnumerable<string> Sources()
    {
        if (values.Get(Settings.ReservePath) is { } reserve)
        {
            yield return host.RealPath(reserve);
        }
        foreach (var folder in values.Get(SourceSettings.Folders))
        {
            yield return host.RealPath(folder.Path);
        }
    }

    private void NeedsRole(Setting<string?> secret, Setting<string?> role)
    {
        if (values.Get(secret) is not null && values.Get(role) is null && !values.IsRefused(role))
        {
            Refuse(secret, $"{secret.Key} is set, but {role.Key} is not", $"Set {role.Key} too.");
        }
    }

    private void Warn(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Add(FindingSeverity.Warning, setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }

    /// <summary>One server under several names cannot be told; this host's own can.</summary>
    private static bool IsSame(Uri one, Uri other) =>
        one.Port == other.Port && (one.IsLoopback ? other.IsLoopback : string.Equals(one.IdnHost.TrimEnd('.'), other.IdnHost.TrimEnd('.'), StringComparison.OrdinalIgnoreCase));

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
