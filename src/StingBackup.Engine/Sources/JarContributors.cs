using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources;

/// <summary>
/// Gives documents of honey jars to whoever brought them: (jar, contributor) instead of the jar. What the databases say is remembered on this host, encrypted in its cache: a database that is
/// down, or an uploader whose account STING deletes, must not move a document back to the jar, where that person's erasure would not reach it. Safe to call from many threads.
/// </summary>
/// <param name="read">Asks the databases.</param>
/// <param name="memory">What this host remembers.</param>
/// <param name="isThere">Whether a document still stands in the reserve.</param>
/// <param name="clock">The clock.</param>
internal sealed class JarContributors(Func<CancellationToken, Task<ContributorReading>> read, ContributorMemory memory, Func<EntryPath, bool> isThere, TimeProvider clock)
{
    private volatile IReadOnlyDictionary<EntryPath, string> _subjects = new Dictionary<EntryPath, string>();
    private volatile Func<string, string?> _resolve = ByIdAlone;

    /// <summary>Whom an item of the reserve belongs to, once the map has placed it. Folders stay the jar's.</summary>
    public Placement Place(EntryPath path, ItemKind kind, Placement placement) =>
        placement.DataClass == DataClass.HoneyJars && kind != ItemKind.Directory && _subjects.TryGetValue(path, out var subject) && subject.StartsWith(placement.Subject + "/", StringComparison.Ordinal)
            ? placement with { Subject = subject } : placement;

    /// <summary>The subject of a person by UUID, number or e-mail address, as the databases said when they were asked last; null where nobody is meant.</summary>
    public string? Resolve(string person) => _resolve(person);

    /// <summary>The same where no database tells.</summary>
    public static string? ByIdAlone(string person) => Guid.TryParse(person, out var uuid) ? SubjectNames.OfUser(uuid) : null;

    /// <summary>Asks the databases anew, and remembers. Where they cannot be asked, what is remembered goes on to count, and that is told.</summary>
    public async ValueTask RefreshAsync(JobOutput output, CancellationToken cancel)
    {
        var known = memory.Load(output.Warn);
        try
        {
            var reading = await read(cancel).ConfigureAwait(false);
            _resolve = reading.Resolve;
            known = Merge(known, reading);
            memory.Save(known);
        }
        catch (StingException e)
        {
            output.Warn($"Who contributed which document to a honey jar cannot be asked for now ({e.Message}) What is remembered counts ({known.Subjects.Count} documents); any other document is the jar's.");
        }
        _subjects = known.Subjects;
    }

    /// <summary>How contributors stand, from what is remembered; null before the first run.</summary>
    public ContributorStatus? Status() => memory.Load(static _ => { }) is { TimeNs: > 0 } known
        ? new ContributorStatus { Known = known.Subjects.Count, Unknown = known.Unknown, Time = NanosecondTime.FromNs(known.TimeNs, 0) } : null;

    /// <summary>Drops what is remembered of erased subjects.</summary>
    public void Forget(IReadOnlySet<string> subjects)
    {
        var known = memory.Load(static _ => { });
        var left = known.Subjects.Where(d => !subjects.Contains(d.Value)).ToDictionary();
        if (left.Count < known.Subjects.Count)
        {
            memory.Save(known with { Subjects = left });
        }
        memory.RemoveLeftovers();
        _subjects = left;
    }

    private ContributorsKnown Merge(ContributorsKnown known, ContributorReading reading)
    {
        var subjects = new Dictionary<EntryPath, string>();
        long unknown = 0;
        foreach (var (path, subject) in reading.Documents)
        {
            if ((subject ?? known.Subjects.GetValueOrDefault(path)) is { } mine)
            {
                subjects[path] = mine;
            }
            else
            {
                unknown++;
            }
        }
        foreach (var (path, subject) in known.Subjects.Where(d => !reading.Documents.ContainsKey(d.Key) && isThere(d.Key)))
        {
            subjects[path] = subject;
        }
        return new ContributorsKnown(subjects, unknown, NanosecondTime.ToNs(clock.GetUtcNow()));
    }
}
