namespace StingBackup.Portal.Access;

/// <summary>For whom a page or a route is.</summary>
internal enum Audience
{
    /// <summary>Whoever asks.</summary>
    Anyone,
    /// <summary>Whoever has signed in.</summary>
    SignedIn,
    /// <summary>Whoever has data of his own in the reserve, and for these alone.</summary>
    Person,
    /// <summary>Whoever has a role for the command.</summary>
    Role,
}

/// <summary>
/// Who may ask for a page or a route. Each endpoint carries one, and <see cref="PortalGate"/> keeps it; what it says of commands is the engine's table, which the engine asks once more.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class PortalRuleAttribute(Audience audience) : Attribute
{
    public Audience Audience { get; } = audience;

    /// <summary>The command of the engine's table of rights that it stands for, with <see cref="Audience.Role"/>.</summary>
    public string? Command { get; init; }

    /// <summary>Whether whoever asks must have signed in just now.</summary>
    public bool Fresh { get; init; }
}
