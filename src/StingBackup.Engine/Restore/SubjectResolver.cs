using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore;

/// <summary>Whose trees a person means by a name.</summary>
/// <param name="Names">Canonical names that may be meant, the likeliest first: what the users map says now, and what the name alone says, as it did before there was a map.</param>
/// <param name="WithContributors">Whether the contributors within a jar belong to it.</param>
internal sealed record SubjectChoice(IReadOnlyList<string> Names, bool WithContributors)
{
    /// <summary>Whether what a person brought into honey jars belongs to him.</summary>
    public bool WithContributions { get; init; }

    /// <summary>Whether names alone do not say who is meant: contributors are not known by name before their trees are read.</summary>
    public bool IsOpen => WithContributors || WithContributions;

    public bool Matches(string subject) =>
        Names.Contains(subject)
        || (WithContributors && Names.Any(n => subject.StartsWith(n, StringComparison.Ordinal) && subject[n.Length] == '/'))
        || (WithContributions && SubjectNames.ContributorOf(subject) is { } person && Names.Contains(person));
}

/// <summary>
/// Finds subjects by e-mail address, id, folder or canonical name: from the users map and the folders that are here, then from names in the restore points, then from the rows of databases in them. What is
/// unknown is answered with the nearest names.
/// </summary>
internal sealed class SubjectResolver(Installation installation, SubjectDirectory directory, CapturedPeople captured)
{
    /// <summary>What a name means.</summary>
    /// <param name="scope">A person, a jar, or (File) either.</param>
    /// <param name="text">The name as written.</param>
    /// <param name="points">Points whose subjects count as known.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>UserAmbiguous</c>, <c>JarNotFound</c></exception>
    public async ValueTask<SubjectChoice> ResolveAsync(RestoreScope scope, string text, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var choice = await FindAsync(scope, text.Trim(), points, cancel).ConfigureAwait(false);
        return choice.Names.Select(ErasedAs).OfType<LedgerEntry>().FirstOrDefault() is { } erased && !await IsClaimedAsync(choice, cancel).ConfigureAwait(false)
            ? throw Erased(text, erased) : choice;
    }

    /// <summary>What one person brought into one jar.</summary>
    /// <param name="jar">The jar, as for <see cref="ResolveAsync"/>.</param>
    /// <param name="person">The person, who need not have anything else.</param>
    /// <param name="points">Points whose subjects count as known.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c></exception>
    public async ValueTask<SubjectChoice> ResolveContributorAsync(string jar, string person, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var jars = await FindAsync(RestoreScope.HoneyJar, jar.Trim(), points, cancel).ConfigureAwait(false);
        var name = person.Trim();
        // A UUID says who is meant, known here or not.
        var people = Guid.TryParse(name, out var uuid) ? [SubjectNames.OfUser(uuid)] : (await FindAsync(RestoreScope.User, name, points, cancel).ConfigureAwait(false)).Names;
        var choice = new SubjectChoice([.. jars.Names.SelectMany(j => people.Where(p => p.StartsWith("user:", StringComparison.Ordinal)).Select(p => SubjectNames.OfContributor(j, p)))], WithContributors: false);
        if (choice.Names.Count == 0)
        {
            throw new StingException("UserNotFound", FailureKind.NotFound, $"'{person}' has no UUID in STING: what he brought into honey jars is the jars' own.", person,
                "Only people with a Kratos UUID have a subject within a jar. Erase the jar, or the document in STING.");
        }
        return choice.Names.Select(ErasedAs).OfType<LedgerEntry>().FirstOrDefault() is { } erased && !await IsClaimedAsync(choice, cancel).ConfigureAwait(false)
            ? throw Erased($"{person} in {jar}", erased) : choice;
    }

    private async ValueTask<bool> IsClaimedAsync(SubjectChoice choice, CancellationToken cancel) => await directory.ClaimedAsync(choice, cancel).ConfigureAwait(false) is not null;

    private LedgerEntry? ErasedAs(string canonicalName) =>
        installation.Ledger.Entries.Count > 0 && installation.Host is { } host ? installation.Ledger.FindTag(host.Subjects.TagOf(canonicalName)) : null;

    internal static StingException Erased(string text, LedgerEntry entry) => new("SubjectErased", FailureKind.NotFound,
        $"'{text}' was erased on {Display.Time(entry.Time)} (entry {entry.Sequence} of the ledger): no backup of it can be read by anybody.", text,
        "Nothing brings it back. Get-StingErasure shows the request and where its certificate is.");

    private async ValueTask<SubjectChoice> FindAsync(RestoreScope scope, string name, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        if (SubjectNames.IsCanonical(name))
        {
            var isJar = name.StartsWith("jar:", StringComparison.Ordinal);
            if (scope == RestoreScope.File || isJar == (scope == RestoreScope.HoneyJar))
            {
                return new SubjectChoice([name], isJar && !name.Contains('/', StringComparison.Ordinal));
            }
        }
        if (scope == RestoreScope.HoneyJar)
        {
            return await JarAsync(name, points, cancel).ConfigureAwait(false);
        }
        try
        {
            return await PersonAsync(name, points, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (scope == RestoreScope.File && e.ErrorId == "UserNotFound")
        {
            try
            {
                return await JarAsync(name, points, cancel).ConfigureAwait(false);
            }
            catch (StingException noJar) when (noJar.ErrorId == "JarNotFound")
            {
                throw e;
            }
        }
    }

    private async ValueTask<SubjectChoice> PersonAsync(string name, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var known = installation.Users.WithFolders(installation.HostView.DirectoriesIn(Path.Join(installation.ReserveRoot, "users")));
        try
        {
            return ChoiceOf(name, [known.Resolve(name)]);
        }
        catch (StingException e) when (e.ErrorId == "UserNotFound")
        {
            var names = await AllNamesAsync(points, cancel).ConfigureAwait(false);
            // Somebody may have nothing but what he brought into a jar.
            known = known.WithSubjects(names.Concat(names.Select(SubjectNames.ContributorOf).OfType<string>()));
        }
        try
        {
            return ChoiceOf(name, [known.Resolve(name)]);
        }
        catch (StingException e) when (e.ErrorId == "UserNotFound")
        {
            if (ErasedAs(SubjectNames.OfUserFolder(name)) is { } erased)
            {
                throw Erased(name, erased);
            }
            var found = await captured.FindAsync(name, cancel).ConfigureAwait(false);
            return found.Count > 0 ? ChoiceOf(name, found)
                : throw known.NotFound(name, (await captured.AllAsync(cancel).ConfigureAwait(false)).Select(p => p.Email).OfType<string>());
        }
    }

    private static SubjectChoice ChoiceOf(string name, IEnumerable<string> subjects) =>
        new([.. subjects.Append(SubjectNames.OfUserFolder(name)).Distinct(StringComparer.Ordinal)], WithContributors: false);

    private async ValueTask<SubjectChoice> JarAsync(string name, IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        var folders = installation.HostView.DirectoriesIn(Path.Join(installation.ReserveRoot, "jars"));
        string subject;
        try
        {
            subject = new JarNames(folders, []).Resolve(name);
        }
        catch (StingException e) when (e.ErrorId == "JarNotFound")
        {
            try
            {
                subject = new JarNames(folders, await AllNamesAsync(points, cancel).ConfigureAwait(false)).Resolve(name);
            }
            catch (StingException) when (ErasedAs(SubjectNames.OfJar(name)) is { } erased)
            {
                throw Erased(name, erased);
            }
        }
        return new SubjectChoice([subject], WithContributors: true);
    }

    private async ValueTask<IReadOnlySet<string>> AllNamesAsync(IReadOnlyList<ClassPoint> points, CancellationToken cancel)
    {
        // What cannot be read has no name to be found by; it is told when it is restored by another way.
        return await directory.NamesAsync(points, cancel).ConfigureAwait(false);
    }
}
