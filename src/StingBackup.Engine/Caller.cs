using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine;

/// <summary>Who acts, by which approval, and why. The account is the process's own, as the system tells it; a portal names who signed in there in its place.</summary>
public sealed record Caller
{
    private readonly Lazy<IReadOnlyList<AccessIdentity>> _account = new(ReadAccount);

    /// <summary>The account that this process runs under.</summary>
    public static Caller OfProcess { get; } = new();

    /// <summary>Who signed in at the portal, which the portal has proven; null for the account of the process.</summary>
    public AccessIdentity? Portal { get; init; }

    /// <summary>
    /// Whether who signed in at the portal is an account of this host, which made its link itself and may do all that without a portal: where no role is given to anybody, that account is the
    /// administrator. Nobody else who comes through the portal has what no role was given for.
    /// </summary>
    public bool IsAccount { get; init; }

    /// <summary>The canonical subjects of a person who acts on nothing but the own reserve; null for everybody else. Whoever sets this gives only those subjects' keys with it.</summary>
    internal IReadOnlyList<string>? Own { get; init; }

    /// <summary>The request whose approval is meant; null takes the one that fits.</summary>
    public string? ApprovalId { get; init; }

    /// <summary>Why it is done without its approvals; null where it is not.</summary>
    public string? BreakGlass { get; init; }

    /// <summary>The identities, the account or who signed in first.</summary>
    public IReadOnlyList<AccessIdentity> Identities => Portal is { } portal ? [portal] : _account.Value;

    /// <summary>Who, and on which host, as it stands in the audit log.</summary>
    public string Actor => $"{Portal?.ToString() ?? Environment.UserName}@{Environment.MachineName}";

    /// <summary>Whether the caller has everything where no role is given to anybody.</summary>
    internal bool IsSoleAdministrator => Portal is null || (IsAccount && Portal.Kind == IdentityKind.User);

    /// <summary>All identities of whoever acts on an installation: a host is known by its key too.</summary>
    internal IReadOnlyList<AccessIdentity> On(Installation installation) => Portal is null && installation.Host is { } host
        ? [.. Identities, new AccessIdentity(IdentityKind.Key, Cryptography.Fingerprint.Of(host.Signer.PublicKey.Span))] : Identities;

    // The numbers that the system checks files by, never a variable of the environment.
    private static IReadOnlyList<AccessIdentity> ReadAccount()
    {
        var user = new AccessIdentity(IdentityKind.User, Environment.UserName);
        IEnumerable<string?> groups = OperatingSystem.IsWindows() ? WindowsGroups() : OperatingSystem.IsLinux() ? Libc.Groups().Select(Libc.GroupName) : [];
        return [user, .. groups.OfType<string>().Distinct(StringComparer.Ordinal).Select(name => new AccessIdentity(IdentityKind.Group, name))];
    }

    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
    private static List<string> WindowsGroups()
    {
        using var identity = System.Security.Principal.WindowsIdentity.GetCurrent();
        var names = new List<string>();
        foreach (var group in identity.Groups ?? [])
        {
            try
            {
                names.Add(group.Translate(typeof(System.Security.Principal.NTAccount)).Value);
            }
            catch (System.Security.Principal.IdentityNotMappedException)
            {
                // A group without a name is given no role.
            }
        }
        return names;
    }
}
