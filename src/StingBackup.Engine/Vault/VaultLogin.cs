using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>How a token is got. Secrets in it are never printed; disposing zeroes them.</summary>
public abstract class VaultLogin : IDisposable
{
    private protected VaultLogin()
    {
    }

    /// <summary>For messages: how, never with what.</summary>
    internal abstract string Description { get; }

    /// <summary>Zeroes what is held.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void Dispose(bool disposing)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => Description;
}

/// <summary>A token that is given. It is renewed as long as Vault allows; when it ends, so does the job.</summary>
public sealed class VaultTokenLogin : VaultLogin
{
    private readonly SecretBytes _token;

    /// <summary>Takes the token over.</summary>
    public VaultTokenLogin(SecretBytes token)
    {
        ArgumentNullException.ThrowIfNull(token);
        _token = token;
    }

    internal ReadOnlySpan<byte> Token => _token.Span;

    internal override string Description => "a token";

    private protected override void Dispose(bool disposing)
    {
        _token.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A token in a file, as a Vault agent's sink keeps it: read again when the token in use is no longer taken.</summary>
public sealed class VaultTokenFileLogin(string path) : VaultLogin
{
    /// <summary>The file; white space around the token does not count.</summary>
    public string Path { get; } = path;

    internal override string Description => $"the token in '{Path}'";
}

/// <summary>An AppRole: logs in anew when its token ends.</summary>
public sealed class VaultAppRoleLogin : VaultLogin
{
    private readonly SecretBytes? _secretId;

    private VaultAppRoleLogin(string roleId, SecretBytes? secretId, string? secretIdFile, string mount)
    {
        ArgumentException.ThrowIfNullOrEmpty(roleId);
        RoleId = roleId;
        _secretId = secretId;
        SecretIdFile = secretIdFile;
        Mount = mount.Trim('/');
    }

    /// <summary>The role's id; not a secret by itself.</summary>
    public string RoleId { get; }
    /// <summary>The file that holds the secret id, read at each login; null where it was given, or where the role needs none.</summary>
    public string? SecretIdFile { get; }
    /// <summary>Where the auth method is mounted, <c>approle</c> by default.</summary>
    public string Mount { get; }

    internal bool HasSecretId => _secretId is not null;

    internal ReadOnlySpan<byte> SecretId => _secretId is null ? [] : _secretId.Span;

    internal override string Description => $"AppRole '{RoleId}' at auth/{Mount}";

    /// <summary>With a secret id that is given; null for a role that is not bound to one.</summary>
    public static VaultAppRoleLogin WithSecretId(string roleId, SecretBytes? secretId, string mount = "approle") => new(roleId, secretId, null, mount);

    /// <summary>With a secret id in a file.</summary>
    public static VaultAppRoleLogin WithSecretIdFile(string roleId, string secretIdFile, string mount = "approle")
    {
        ArgumentException.ThrowIfNullOrEmpty(secretIdFile);
        return new VaultAppRoleLogin(roleId, null, secretIdFile, mount);
    }

    private protected override void Dispose(bool disposing)
    {
        _secretId?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A Kubernetes service account: its token, in the file that Kubernetes keeps up to date, is read at each login.</summary>
public sealed class VaultKubernetesLogin : VaultLogin
{
    /// <summary>Where Kubernetes puts the token of a pod's service account.</summary>
    public const string DefaultTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <summary>Names a role of Vault's Kubernetes method.</summary>
    public VaultKubernetesLogin(string role, string tokenFile = DefaultTokenFile, string mount = "kubernetes")
    {
        ArgumentException.ThrowIfNullOrEmpty(role);
        ArgumentException.ThrowIfNullOrEmpty(tokenFile);
        ArgumentException.ThrowIfNullOrEmpty(mount);
        Role = role;
        TokenFile = tokenFile;
        Mount = mount.Trim('/');
    }

    /// <summary>The role.</summary>
    public string Role { get; }
    /// <summary>The file of the service account's token.</summary>
    public string TokenFile { get; }
    /// <summary>Where the auth method is mounted.</summary>
    public string Mount { get; }

    internal override string Description => $"Kubernetes role '{Role}' at auth/{Mount}";
}

/// <summary>No login: the first request says what to do about it. A host that never asks needs none.</summary>
internal sealed class VaultNoLogin(string remedy) : VaultLogin
{
    public string Remedy => remedy;

    internal override string Description => "a host without a login";
}
