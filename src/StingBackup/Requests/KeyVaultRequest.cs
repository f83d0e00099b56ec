namespace StingBackup;

/// <summary>The Vault that is to protect a new repository's key file; each property is a setting of <c>key_vault</c>. Holds no secret.</summary>
public sealed record KeyVaultRequest
{
    /// <summary>The server.</summary>
    public required string Address { get; init; }
    /// <summary>Where its transit engine is mounted; null for <c>transit</c>.</summary>
    public string? Mount { get; init; }
    /// <summary>The key; null for <c>sting-backup</c>.</summary>
    public string? Key { get; init; }
    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }
    /// <summary>PEM file of trusted authorities.</summary>
    public string? AuthoritiesFile { get; init; }
    /// <summary>File of a token.</summary>
    public string? TokenFile { get; init; }
    /// <summary>Id of an AppRole.</summary>
    public string? RoleId { get; init; }
    /// <summary>File of the AppRole's secret id.</summary>
    public string? SecretIdFile { get; init; }
    /// <summary>Role of the Kubernetes method.</summary>
    public string? KubernetesRole { get; init; }
}
