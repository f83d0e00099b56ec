using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.People;

public sealed partial class OwnReserve
{
    /// <summary>Honey jars that the person may look into, by STING's own permissions as its database says now; none where it cannot be asked, and none for an administrator who looks.</summary>
    public async ValueTask<IReadOnlyList<OwnJar>> JarsAsync(CancellationToken cancel) => (await AskForJarsAsync(cancel).ConfigureAwait(false)).Jars;

    /// <summary>The same, and why STING's database could not be asked; null where it could.</summary>
    public ValueTask<(IReadOnlyList<OwnJar> Jars, StingException? Trouble)> AskForJarsAsync(CancellationToken cancel) => LookAsync(JarsOfAsync, cancel);

    /// <summary>A honey jar's reserve, for one page or request: permissions are asked each time. Who may read it may not restore into it; its owner and editors may.</summary>
    /// <exception cref="StingException"><c>JarNotFound</c>: whether there is none, or none for this person, is not told</exception>
    public async ValueTask<OwnReserve> JarAsync(string jar, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(jar);
        var granted = (await JarsAsync(cancel).ConfigureAwait(false)).FirstOrDefault(j => j.Id == jar)
            ?? throw new StingException("JarNotFound", FailureKind.NotFound, "There is no such honey jar that you may look into.", jar, "Look at the list of your honey jars.");
        string[] names = [SubjectNames.OfJar(granted.Id)];
        return new OwnReserve(_shared, Person, new OwnKey(new Caller { Portal = Person.Identity, Own = granted.MayRestore ? names : null }, names));
    }

    private async ValueTask<(IReadOnlyList<OwnJar> Jars, StingException? Trouble)> JarsOfAsync(OwnReading reading, CancellationToken cancel)
    {
        if (_key.Caller.Own is null || reading.Installation.Configuration?.PostgreSql is not { } settings)
        {
            return ([], null);
        }
        try
        {
            return (await new StingPermissions(settings).JarsAsync(Subjects, cancel).ConfigureAwait(false), null);
        }
        catch (StingException e)
        {
            return ([], e);
        }
    }
}
