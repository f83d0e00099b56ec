using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.People;

/// <summary>
/// Says who somebody who signed in is in the reserve. Strict: an identity leads to the subject that bears it, the users map to what else is that person's, a verified address to what the map or a folder's name says of it.
/// What could be two people is nobody. Needs no subject's key.
/// </summary>
internal sealed class PersonFinder(SharedReserve reserve)
{
    public async ValueTask<Person?> FindAsync(PersonClaim claim, CancellationToken cancel)
    {
        var view = await reserve.HoldViewAsync(cancel).ConfigureAwait(false);
        try
        {
            var subjects = await HereAsync(view.Value, NamesOf(claim, view.Value.Installation.Users), cancel).ConfigureAwait(false);
            if (subjects.Length == 0 && await NameInStingAsync(view.Value, claim, cancel).ConfigureAwait(false) is { } name)
            {
                subjects = await HereAsync(view.Value, [name], cancel).ConfigureAwait(false);
            }
            return subjects.Length == 0 ? null : new Person(claim.Identity, subjects, claim.DisplayName ?? claim.VerifiedEmail ?? claim.Identity.Name);
        }
        finally
        {
            await view.ReleaseAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<string[]> HereAsync(ReserveView view, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var here = (await view.ClaimedAsync(names, cancel).ConfigureAwait(false)).Values.ToHashSet(StringComparer.Ordinal);
        // Who was erased is known still, for the certificate.
        return [.. names.Where(name => here.Contains(name) || view.ErasedAs(name) is not null)];
    }

    /// <summary>Who has the address in STING's live database. Kratos' own identities say who they are by themselves.</summary>
    private static async ValueTask<string?> NameInStingAsync(ReserveView view, PersonClaim claim, CancellationToken cancel)
    {
        if (claim.Identity.Kind != IdentityKind.Oidc || claim.VerifiedEmail?.Trim() is not { Length: > 0 } email || view.Installation.Configuration?.PostgreSql is not { } settings)
        {
            return null;
        }
        try
        {
            return await new StingPermissions(settings).SubjectOfAsync(email, cancel).ConfigureAwait(false);
        }
        catch (StingException)
        {
            return null;   // a database that cannot be asked says of nobody who it is
        }
    }

    /// <summary>Canonical names that may be the person's, the newest way to name somebody first.</summary>
    internal static IReadOnlyList<string> NamesOf(PersonClaim claim, UsersMap users)
    {
        var names = new List<string>();
        var (kind, name) = (claim.Identity.Kind, claim.Identity.Name);
        Guid? uuid = kind == IdentityKind.Kratos && Guid.TryParseExact(name, "D", out var parsed) ? parsed : null;
        if (uuid is { } id)
        {
            names.Add(SubjectNames.OfUser(id));
            names.AddRange(users.Entries.Where(e => e.KratosId == id).SelectMany(SubjectsOf));
        }
        if (kind == IdentityKind.Person)
        {
            // A link names the subject that somebody with the right to do so found; what else is that person's stands in the map.
            names.Add(name);
            names.AddRange(users.Entries.Where(e => e.Subject == name || SubjectsOf(e).Contains(name, StringComparer.Ordinal)).SelectMany(SubjectsOf));
        }
        if (kind == IdentityKind.User)
        {
            // An account of the host is no number in STING's database, whatever it is called.
            var entries = users.Entries.Where(e => e.Folder == name).ToList();
            names.AddRange(entries.Count > 0 ? entries.SelectMany(SubjectsOf) : OfFolder(name));
        }
        if (claim.VerifiedEmail?.Trim() is { Length: > 0 } email)
        {
            var entries = users.Entries.Where(e => string.Equals(e.Email, email, StringComparison.OrdinalIgnoreCase)).ToList();
            if (entries.Count > 0)
            {
                // An address that the map gives to another UUID is that one's.
                names.AddRange(entries.Where(e => uuid is null || e.KratosId is null || e.KratosId == uuid).SelectMany(SubjectsOf));
            }
            else
            {
                names.AddRange(OfFolder(email));
                names.AddRange(OfFolder(email.ToLowerInvariant()));
            }
        }
        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> SubjectsOf(UserEntry entry) => entry.Names.Select(name => SubjectNames.OfUserFolder(name)).Prepend(entry.Subject);

    private static IEnumerable<string> OfFolder(string name) => SubjectNames.OfUserFolder(name) is var subject && subject.StartsWith("path:", StringComparison.Ordinal) && SubjectNames.IsCanonical(subject) ? [subject] : [];
}
