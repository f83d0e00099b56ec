using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Governance;

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

    /// <summary>Makes a link's code.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="ticket">Whom it signs in.</param>
    /// <param name="lifetime">How long it is good.</param>
    public static string Make(Installation installation, SignInTicket ticket, TimeSpan lifetime)
    {
        Access.Require(installation, "New-StingPortalLink");
        ArgumentNullException.ThrowIfNull(ticket);
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
