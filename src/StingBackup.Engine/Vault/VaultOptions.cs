namespace StingBackup.Engine.Vault;

/// <summary>How a Vault (or OpenBao) server is reached. Holds no secret besides what <see cref="Login"/> holds.</summary>
public sealed record VaultOptions
{
    /// <summary>The server, <c>https://host:8200</c>, without <c>/v1</c>.</summary>
    public required Uri Address { get; init; }
    /// <summary>How a token is got. The client disposes it.</summary>
    public required VaultLogin Login { get; init; }
    /// <summary>Namespace (<c>X-Vault-Namespace</c>), or null for the root namespace and for servers without namespaces.</summary>
    public string? Namespace { get; init; }
    /// <summary>A file of PEM certificates that alone are trusted to sign the server's; null trusts what the system trusts.</summary>
    public string? CertificateAuthorities { get; init; }
    /// <summary>Requests under way at once.</summary>
    public int Parallel { get; init; } = 8;
    /// <summary>How long the server may be silent: before its answer begins, and between two pieces of it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>How often a request is repeated after 429, 5xx, a standby without leader, a broken connection or a truncated answer.</summary>
    public int Retries { get; init; } = 6;
    /// <summary>Pause before the first repetition; it doubles each time, up to <see cref="LongestPause"/>.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(250);
    /// <summary>Longest pause, also where the server asks for more by <c>Retry-After</c>.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>Longest answer that is read, bytes. STING's largest upload (100 MB, base64 twice) takes 180 MB.</summary>
    public int LongestAnswer { get; init; } = 512 << 20;
}
