using System.Diagnostics.CodeAnalysis;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>By what somebody is known.</summary>
public enum IdentityKind
{
    /// <summary>An account of the operating system.</summary>
    User,
    /// <summary>A group of it.</summary>
    Group,
    /// <summary>A signing key, by its fingerprint.</summary>
    Key,
    /// <summary>Who signed in at the portal through Kratos, by the identity's UUID there.</summary>
    Kratos,
    /// <summary>Who signed in at the portal through OpenID Connect, by the subject that the one configured issuer gives.</summary>
    Oidc,
    /// <summary>Whoever came by a link that was made for a person, by canonical name. No role is ever given to one.</summary>
    Person,
}

/// <summary>Somebody whom a role may be given to.</summary>
/// <param name="Kind">By what.</param>
/// <param name="Name">Account, group, 64 lower-case hexadecimal digits, a UUID, or an issuer's subject.</param>
public sealed record AccessIdentity(IdentityKind Kind, string Name)
{
    private const int FingerprintLength = 64;
    private const int LongestSubject = 255;   // OpenID Connect Core 1.0, section 2

    /// <summary>Reads <c>user:NAME</c>, <c>group:NAME</c>, <c>key:FINGERPRINT</c>, <c>kratos:UUID</c> or <c>oidc:SUB</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AccessIdentity? identity)
    {
        var (kind, name) = (text ?? "").Trim().Split(':', 2) is [var left, var right] ? (left.Trim(), right.Trim()) : ("", "");
        identity = kind.ToLowerInvariant() switch
        {
            "user" when IsName(name) => new AccessIdentity(IdentityKind.User, name),
            "group" when IsName(name) => new AccessIdentity(IdentityKind.Group, name),
            "key" when name.Length == FingerprintLength && name.All(char.IsAsciiHexDigit) => new AccessIdentity(IdentityKind.Key, name.ToLowerInvariant()),
            "kratos" when Guid.TryParse(name, out var id) => new AccessIdentity(IdentityKind.Kratos, id.ToString()),
            "oidc" when IsName(name) && name.Length <= LongestSubject => new AccessIdentity(IdentityKind.Oidc, name),
            _ => null,
        };
        return identity is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}:{Name}";

    /// <summary>Whether two name the same. Accounts differ by case where the system's do, and an issuer's subjects always.</summary>
    public bool Is(AccessIdentity other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Kind == other.Kind && Name.Equals(other.Name, OperatingSystem.IsWindows() && Kind != IdentityKind.Oidc ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private static bool IsName(string name) => name.Length > 0 && !name.Any(char.IsControl);
}
