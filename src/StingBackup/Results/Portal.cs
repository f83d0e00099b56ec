namespace StingBackup;

/// <summary>What <c>Start-StingPortal</c> would do.</summary>
public sealed record PortalPlan
{
    /// <summary>The configuration file.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>Where it listens.</summary>
    public required string Address { get; init; }
    /// <summary>As browsers reach it.</summary>
    public required string SeenAt { get; init; }
    /// <summary>How people sign in.</summary>
    public required string SignIn { get; init; }
    /// <summary>The certificate's file; null without TLS of its own.</summary>
    public string? Certificate { get; init; }
    /// <summary>When the certificate ends; null without one.</summary>
    public DateTimeOffset? CertificateEnds { get; init; }
    /// <summary>What the process holds unlocked while it runs.</summary>
    public required string Unlocks { get; init; }
    /// <summary>The program.</summary>
    public required string Program { get; init; }
}

/// <summary>How a portal ended that was told to.</summary>
public sealed record PortalRun
{
    /// <summary>Where it listened.</summary>
    public required string Address { get; init; }
    /// <summary>When it began to listen.</summary>
    public required DateTimeOffset StartedTime { get; init; }
    /// <summary>When it ended.</summary>
    public required DateTimeOffset EndedTime { get; init; }
}

/// <summary>The link that <c>New-StingPortalLink</c> would make.</summary>
public sealed record PortalLinkPlan
{
    /// <summary>Whom it signs in, as it was asked for.</summary>
    public required string For { get; init; }
    /// <summary>As whom the portal knows him: the own account, or a person's canonical name.</summary>
    public required string Identity { get; init; }
    /// <summary>Whose data are his own: a canonical name; null for an account.</summary>
    public string? Subject { get; init; }
    /// <summary>How many minutes it is good.</summary>
    public required int Minutes { get; init; }
}

/// <summary>A link for one use, by which somebody signs in to the portal. It is shown this once.</summary>
public sealed record PortalLink
{
    /// <summary>The link: a secret until it is used or over.</summary>
    public required string Link { get; init; }
    /// <summary>Whom it signs in.</summary>
    public required string For { get; init; }
    /// <summary>As whom the portal knows him.</summary>
    public required string Identity { get; init; }
    /// <summary>Until when it is good.</summary>
    public required DateTimeOffset Expires { get; init; }
}
