namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How people prove to the portal who they are.</summary>
public enum PortalSignIn
{
    /// <summary>By a link for one use, which an administrator makes.</summary>
    Links,
    /// <summary>By a session of Ory Kratos: STING's own.</summary>
    Kratos,
    /// <summary>By a provider of OpenID Connect.</summary>
    OpenIdConnect,
}

/// <summary>The provider of OpenID Connect.</summary>
/// <param name="Issuer">Its address.</param>
/// <param name="ClientId">As whom the portal is known there.</param>
/// <param name="SecretFile">The file of the client's secret; null for a public client.</param>
public sealed record OidcProvider(string Issuer, string ClientId, string? SecretFile);

/// <summary>The certificate that the portal shows, as PEM files.</summary>
/// <param name="File">Certificate and chain.</param>
/// <param name="KeyFile">Its key.</param>
public sealed record PortalCertificate(string File, string KeyFile);

/// <summary>How the portal is reached, and by whom.</summary>
/// <param name="Address">Where it listens.</param>
public sealed record PortalOptions(string Address)
{
    /// <summary>As browsers reach it, where a proxy stands before it; null where they reach it at <see cref="Address"/>.</summary>
    public string? PublicAddress { get; init; }
    /// <summary>Null without TLS.</summary>
    public PortalCertificate? Certificate { get; init; }
    /// <summary>How people sign in.</summary>
    public PortalSignIn SignIn { get; init; }
    /// <summary>Kratos' public address; null without.</summary>
    public string? Kratos { get; init; }
    /// <summary>Null without.</summary>
    public OidcProvider? Oidc { get; init; }
    /// <summary>How long a session lasts.</summary>
    public TimeSpan Session { get; init; }
    /// <summary>How young a sign-in must be for what brings data back or ends it.</summary>
    public TimeSpan Fresh { get; init; }
    /// <summary>Requests a minute of one session, or of one address without.</summary>
    public int RequestsAMinute { get; init; }

    /// <summary>As browsers see it.</summary>
    public Uri Seen => new(PublicAddress ?? Address);
}

/// <summary>The self-service portal.</summary>
public static class PortalSettings
{
    /// <summary>Where it listens.</summary>
    public static readonly Setting<string> Address = new()
    {
        Key = "portal.address",
        Type = SettingTypes.WebAddress,
        Default = "http://127.0.0.1:8462",
        Summary = "Where the portal listens: this host's loopback address, or any other by https with portal.certificate.",
    };

    /// <summary>As browsers see it.</summary>
    public static readonly Setting<string?> PublicAddress = new()
    {
        Key = "portal.public_address",
        Type = SettingTypes.OptionalWebAddress,
        Example = "https://backups.example.org",
        DefaultDescription = "portal.address",
        Summary = "The address by which browsers reach the portal, where a proxy stands before it. The proxy runs on this host, sets X-Forwarded-For and X-Forwarded-Proto, and ends TLS.",
    };

    /// <summary>Its certificate.</summary>
    public static readonly Setting<string?> CertificateFile = new()
    {
        Key = "portal.certificate",
        Type = SettingTypes.Path,
        Example = "/etc/sting/portal.crt",
        DefaultDescription = "none",
        Summary = "The certificate that the portal shows, with its chain, as PEM. Read anew when it changes.",
    };

    /// <summary>The certificate's key.</summary>
    public static readonly Setting<string?> CertificateKey = new()
    {
        Key = "portal.certificate_key",
        Type = SettingTypes.Path,
        Example = "/etc/sting/portal.key",
        DefaultDescription = "none",
        Summary = "The key of portal.certificate, as PEM; no other account may read it.",
    };

    /// <summary>How people sign in.</summary>
    public static readonly Setting<PortalSignIn> SignIn = new()
    {
        Key = "portal.sign_in",
        Type = SettingTypes.Choice("links, kratos or oidc", ("links", PortalSignIn.Links), ("kratos", PortalSignIn.Kratos), ("oidc", PortalSignIn.OpenIdConnect)),
        Default = PortalSignIn.Links,
        Summary = "How people prove who they are: by links for one use that an administrator makes (New-StingPortalLink), by STING's own sessions of Ory Kratos, or by a provider of OpenID Connect.",
    };

    /// <summary>Kratos.</summary>
    public static readonly Setting<string?> Kratos = new()
    {
        Key = "portal.kratos",
        Type = SettingTypes.OptionalWebAddress,
        Example = "http://127.0.0.1:4433",
        DefaultDescription = "none",
        Summary = "The public address of Ory Kratos, under which browsers and this host reach it.",
    };

    /// <summary>The provider of OpenID Connect.</summary>
    public static readonly Setting<string?> OidcIssuer = new()
    {
        Key = "portal.oidc_issuer",
        Type = SettingTypes.OptionalWebAddress,
        Example = "https://login.example.org/realms/sting",
        DefaultDescription = "none",
        Summary = "The issuer of OpenID Connect; by https, but on this host.",
    };

    /// <summary>The client.</summary>
    public static readonly Setting<string?> OidcClient = new()
    {
        Key = "portal.oidc_client_id",
        Type = SettingTypes.OptionalName,
        Example = "sting-backup",
        DefaultDescription = "none",
        Summary = "The client that the provider knows the portal as. It is sent back to /sign-in/oidc.",
    };

    /// <summary>Its secret.</summary>
    public static readonly Setting<string?> OidcSecretFile = new()
    {
        Key = "portal.oidc_secret_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/oidc.secret",
        DefaultDescription = "a public client, with PKCE alone",
        Summary = "A file that holds the client's secret.",
    };

    /// <summary>How long a session lasts.</summary>
    public static readonly Setting<int> SessionMinutes = new()
    {
        Key = "portal.session_minutes",
        Type = SettingTypes.Integer(5, 720),
        Default = 30,
        Summary = "How many minutes a session lasts without a request, and at most twelve times as long in all.",
    };

    /// <summary>How young a sign-in must be.</summary>
    public static readonly Setting<int> FreshMinutes = new()
    {
        Key = "portal.fresh_minutes",
        Type = SettingTypes.Integer(1, 60),
        Default = 10,
        Summary = "How many minutes ago somebody may have signed in who restores in place, asks for an erasure or decides about a request: whoever did earlier signs in again.",
    };

    /// <summary>How often somebody may ask.</summary>
    public static readonly Setting<int> RequestsAMinute = new()
    {
        Key = "portal.requests_per_minute",
        Type = SettingTypes.Integer(30, 100_000),
        Default = 600,
        Summary = "How many requests a minute one session makes, or one address without a session a tenth of it.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [Address, PublicAddress, CertificateFile, CertificateKey, SignIn, Kratos, OidcIssuer, OidcClient, OidcSecretFile, SessionMinutes, FreshMinutes, RequestsAMinute];

    internal static PortalOptions Bind(SettingValues values) => new(values.Get(Address))
    {
        PublicAddress = values.Get(PublicAddress),
        Certificate = values.Get(CertificateFile) is { } file && values.Get(CertificateKey) is { } key ? new PortalCertificate(file, key) : null,
        SignIn = values.Get(SignIn), Kratos = values.Get(Kratos),
        Oidc = values.Get(OidcIssuer) is { } issuer && values.Get(OidcClient) is { } client ? new OidcProvider(issuer, client, values.Get(OidcSecretFile)) : null,
        Session = TimeSpan.FromMinutes(values.Get(SessionMinutes)), Fresh = TimeSpan.FromMinutes(values.Get(FreshMinutes)), RequestsAMinute = values.Get(RequestsAMinute),
    };
}
