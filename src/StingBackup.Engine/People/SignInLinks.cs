using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>Whom a link signs in.</summary>
/// <param name="Identity">As roles name him: the account that made the link for itself, or a person's canonical name, which no role is ever given to.</param>
/// <param name="Subject">Whose data are his own; null for an account.</param>
/// <param name="Name">For people.</param>
public sealed record SignInTicket(AccessIdentity Identity, string? Subject, string Name);

/// <summary>
/// Links for one use, by which somebody signs in to the portal where nothing else knows him. The host keeps a hash of each; the link itself is shown once.
/// </summary>
public static class SignInLinks
{
    private const int CodeLength = 32;
    private const string Command = "New-StingPortalLink", PersonCommand = "Restore-StingUser";

    /// <summary>Whom a link would sign in. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="user">A person, found as restores find people; null for the own account.</param>
    /// <param name="minutes">How long it is good.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>UserAmbiguous</c>, <c>SubjectErased</c>, <c>AccountWithoutRole</c></exception>
    public static async ValueTask<PortalLinkPlan> PlanAsync(Installation installation, string? user, int minutes, CancellationToken cancel)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        if (user is null)
        {
            return OfAccount(installation, minutes);
        }
        Access.Require(installation, PersonCommand);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var choice = await repository.Resolver.ResolveAsync(RestoreScope.User, user, [.. repository.Finder.All], cancel).ConfigureAwait(false);
        foreach (var name in choice.Names)
        {
            if (await repository.Subjects.ClaimedAsync(new SubjectChoice([name], WithContributors: false), cancel).ConfigureAwait(false) is not null)
            {
                return new PortalLinkPlan { For = user, Identity = name, Subject = name, Minutes = minutes };
            }
        }
        throw new StingException("UserNotFound", FailureKind.NotFound, $"The backups hold nothing of '{user}'.", user, "Get-StingRestorePoint -User shows whose backups there are; a person can sign in when his first backup is made.");
    }

    /// <summary>Makes the link. That it was made stands in the audit log, with the person's pseudonym; the link stands nowhere.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancel">Cancels before anything is written.</param>
    public static async ValueTask<PortalLink> MakeAsync(Installation installation, PortalLinkPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var configuration = installation.Configuration ?? throw new ArgumentException("The installation has no configuration.", nameof(installation));
        var now = installation.Clock.GetUtcNow();
        Sweep(installation.StateFolder, now);
        var identity = plan.Subject is null ? new AccessIdentity(IdentityKind.User, plan.Identity["user:".Length..]) : new AccessIdentity(IdentityKind.Person, plan.Identity);
        if (plan.Subject is null && !identity.Is(installation.Caller.Identities[0]))
        {
            throw new ArgumentException("A link for an account is made by that account.", nameof(plan));
        }
        Access.Require(installation, plan.Subject is null ? Command : PersonCommand);
        await AuditLog.NoteAsync(installation, Command, await PseudonymsAsync(installation, plan.Subject, cancel).ConfigureAwait(false), plan.Subject is null ? "Link(account)" : "Link(person)", cancel).ConfigureAwait(false);
        var code = Make(installation, new SignInTicket(identity, plan.Subject, plan.Subject is null ? identity.Name : plan.For), TimeSpan.FromMinutes(plan.Minutes));
        return new PortalLink
        {
            Link = $"{configuration.Portal.Seen.GetLeftPart(UriPartial.Authority)}/sign-in/link?code={code}", For = plan.For, Identity = plan.Identity, Expires = TimeZoneInfo.ConvertTime(now.AddMinutes(plan.Minutes), installation.Zone),
        };
    }

    // What signs an account in is good for nothing where the account has no role, and a role of its group is not seen by the portal.
    private static PortalLinkPlan OfAccount(Installation installation, int minutes)
    {
        var account = installation.Caller.Identities[0];
        if (account.Kind != IdentityKind.User)
        {
            throw new StingException("AccountWithoutRole", FailureKind.Refused, $"{account} is no account of this host.", null, "Run it as an account of the host, or give -User.");
        }
        return installation.Access.IsMapped && !installation.Access.RolesOf([account]).Any()
            ? throw new StingException("AccountWithoutRole", FailureKind.Refused, $"No role is given to {account} by name, and the portal sees neither its groups nor the host's key.", account.ToString(),
                $"Add {account} to a list of the section access, or give -User for a person who wants to see his own data.")
            : new PortalLinkPlan { For = account.Name, Identity = account.ToString(), Minutes = minutes };
    }

    private static async ValueTask<IReadOnlyList<Id16>> PseudonymsAsync(Installation installation, string? subject, CancellationToken cancel)
    {
        if (subject is null)
        {
            return [];
        }
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        return [.. await repository.Subjects.ClaimedAsync(new SubjectChoice([subject], WithContributors: false), cancel).ConfigureAwait(false) ?? new HashSet<Id16>()];
    }

    /// <summary>Makes a link's code.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="ticket">Whom it signs in.</param>
    /// <param name="lifetime">How long it is good.</param>
    public static string Make(Installation installation, SignInTicket ticket, TimeSpan lifetime)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(ticket);
        Access.Require(installation, ticket.Subject is null ? Command : PersonCommand);
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(CodeLength));
        StateFile.Write(PathOf(installation.StateFolder, code), new Kept(ticket.Identity.Kind, ticket.Identity.Name, ticket.Subject, ticket.Name, installation.Clock.GetUtcNow() + lifetime));
        return code;
    }

    /// <summary>Whom a code signs in, without using it; null for a code that is wrong, over or used.</summary>
    public static SignInTicket? Look(string stateFolder, string? code, DateTimeOffset now) =>
        IsCode(code) && StateFile.Read<Kept>(PathOf(stateFolder, code!)) is { } kept && kept.Until > now ? new SignInTicket(new AccessIdentity(kept.Kind, kept.Identity), kept.Subject, kept.Name) : null;

    /// <summary>The same, and the code is used: of two who come with it at once, one gets in.</summary>
    public static SignInTicket? Take(string stateFolder, string? code, DateTimeOffset now)
    {
        if (Look(stateFolder, code, now) is not { } ticket)
        {
            return null;
        }
        var taken = PathOf(stateFolder, code!) + ".taken";
        try
        {
            File.Move(PathOf(stateFolder, code!), taken);
            File.Delete(taken);
            return ticket;
        }
        catch (Exception e) when (e is FileNotFoundException or IOException)
        {
            return null;
        }
    }

    /// <summary>Removes the links that are over.</summary>
    public static void Sweep(string stateFolder, DateTimeOffset now)
    {
        var folder = FolderOf(stateFolder);
        foreach (var file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
        {
            if (StateFile.Read<Kept>(file) is not { } kept || kept.Until <= now)
            {
                File.Delete(file);
            }
        }
    }

    private static bool IsCode(string? code) => code is { Length: > 40 and < 50 } && code.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string FolderOf(string stateFolder) => Path.Join(stateFolder, "portal", "links");

    private static string PathOf(string stateFolder, string code) => Path.Join(FolderOf(stateFolder), Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(code))) + ".json");

    private sealed record Kept(IdentityKind Kind, string Identity, string? Subject, string Name, DateTimeOffset Until);
}
