using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Guardian;

/// <summary>What runs found unusual: what restore points say, and what this host remembers of its own runs. Needs no key.</summary>
public static class AnomalyReader
{
    /// <summary>The name of the reserve as a whole among subjects.</summary>
    public const string Whole = "all";

    /// <summary>Reads it, newest first.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="backupId">Only this run.</param>
    /// <param name="subject">Only this subject: a canonical name, a person's or jar's name, a pseudonym, or <c>all</c>.</param>
    /// <param name="everything">Also what is not suspicious; only the host that made the run knows of it.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<IReadOnlyList<StingAnomaly>> ReadAsync(Installation installation, string? backupId, string? subject, bool everything, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingAnomaly");
        ArgumentNullException.ThrowIfNull(installation);
        var points = (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Where(p => !p.IsVoid && !p.IsImported).ToList();
        var book = AnomalyBook.Of(installation, points);
        var names = new SubjectLabels(installation);
        var found = new List<StingAnomaly>();
        var remembered = Remembered(installation);
        foreach (var point in points)
        {
            foreach (var mark in point.Anomalies.Where(m => m.Score > 0))
            {
                remembered.Remove((mark.Pseudonym, point.Writer, point.Sequence), out var run);
                found.Add(ToPublic(point, mark.Pseudonym, names.Of(mark.Pseudonym), new AnomalyVerdict(mark.Score, mark.Reasons, mark.SinceNs), run?.Activity,
                    book.Open.Any(o => o.Pseudonym == mark.Pseudonym && o.Points.Contains(point))));
            }
        }
        if (everything)
        {
            foreach (var ((pseudonym, writer, sequence), run) in remembered)
            {
                // A run that retention let go has no name any more.
                if (points.Find(p => p.Writer == writer && p.Sequence == sequence) is { } point)
                {
                    found.Add(ToPublic(point, pseudonym, names.Of(pseudonym), new AnomalyVerdict(run.Score, run.Reasons, 0), run.Activity, isOpen: false));
                }
            }
        }
        return [.. found.Where(a => (backupId is null || a.BackupId == backupId.Trim()) && (subject is null || names.Means(subject, a))).OrderByDescending(a => a.Time).ThenByDescending(a => a.Score).ThenBy(a => a.Subject, StringComparer.Ordinal)];
    }

    /// <summary>Reasons in words.</summary>
    public static IReadOnlyList<string> Describe(AnomalyReasons reasons) => AnomalyModel.Describe(reasons, null);

    /// <summary>The findings of a run that is just committed.</summary>
    internal static StingAnomaly[] ToPublic(string backupId, DateTimeOffset time, IReadOnlyList<(string Subject, AnomalyVerdict Verdict, SubjectActivity Activity)> found) =>
        [.. found.OrderByDescending(f => f.Verdict.Score).Select(f => ToPublic(backupId, time, "", f.Subject, f.Verdict, f.Activity, isOpen: true))];

    private static StingAnomaly ToPublic(PointRecord point, Id16 pseudonym, string subject, AnomalyVerdict verdict, SubjectActivity? activity, bool isOpen) =>
        ToPublic(point.Name, NanosecondTime.FromNs(point.TimeNs, point.OffsetMinutes), pseudonym.ToString(), subject, verdict, activity, isOpen);

    private static StingAnomaly ToPublic(string backupId, DateTimeOffset time, string pseudonym, string subject, AnomalyVerdict verdict, SubjectActivity? activity, bool isOpen) => new()
    {
        BackupId = backupId, Time = time, Subject = subject, Pseudonym = pseudonym, Score = verdict.Score, IsSuspicious = verdict.IsSuspicious, IsOpen = isOpen, Reasons = verdict.Reasons,
        Evidence = AnomalyModel.Describe(verdict.Reasons, activity).ToArray(), SinceTime = verdict.SinceNs > 0 ? NanosecondTime.FromNs(verdict.SinceNs, (int)time.Offset.TotalMinutes) : null,
        FilesBefore = activity?[Figure.Before], Changed = activity?[Figure.Changed], Added = activity?[Figure.Added], Deleted = activity?[Figure.Deleted], Moved = activity?[Figure.Moved], Scrambled = activity?[Figure.Scrambled],
    };

    private static Dictionary<(Id16 Pseudonym, Id16 Writer, long Sequence), RememberedRun> Remembered(Installation installation)
    {
        var found = new Dictionary<(Id16, Id16, long), RememberedRun>();
        if (installation.Host is { } host)
        {
            foreach (var memory in GuardMemory.Open(installation, null).Subjects)
            {
                foreach (var run in memory.Runs)
                {
                    found[(memory.Pseudonym, host.Writer, run.Sequence)] = run;
                }
            }
        }
        return found;
    }
}

/// <summary>Names of subjects as far as this host knows them without a key: of those that the reserve and the users map show, by the tags that the host's memory is kept under.</summary>
internal sealed class SubjectLabels(Installation installation)
{
    private readonly Lazy<Dictionary<Id16, string>> _names = new(() => Read(installation));

    public string Of(Id16 pseudonym) => pseudonym.IsZero ? AnomalyReader.Whole : _names.Value.GetValueOrDefault(pseudonym) ?? pseudonym.ToString();

    /// <summary>Whether a text means the subject of a finding.</summary>
    public bool Means(string text, StingAnomaly anomaly)
    {
        var wanted = text.Trim();
        return wanted.Equals(anomaly.Subject, StringComparison.OrdinalIgnoreCase) || wanted.Equals(anomaly.Pseudonym, StringComparison.OrdinalIgnoreCase)
            || anomaly.Subject.EndsWith($":{wanted}", StringComparison.OrdinalIgnoreCase)
            || anomaly.Subject == Resolved(wanted);
    }

    private string? Resolved(string text)
    {
        try
        {
            return installation.Users.Resolve(text);
        }
        catch (StingException)
        {
            return null;   // nobody of the users map: a jar, or somebody whose folder is all that is known
        }
    }

    private static Dictionary<Id16, string> Read(Installation installation)
    {
        var names = new Dictionary<Id16, string>();
        if (installation.Host is { } host)
        {
            var pseudonyms = GuardMemory.Open(installation, null).Subjects.Where(m => !m.Tag.IsZero).ToDictionary(m => m.Tag, m => m.Pseudonym);
            foreach (var name in installation.Map.DiscoverSubjects(installation.ReserveRoot, installation.HostView).Append(Reserve.SubjectNames.System))
            {
                if (pseudonyms.TryGetValue(host.Subjects.TagOf(name), out var pseudonym))
                {
                    names[pseudonym] = name;
                }
            }
        }
        return names;
    }
}
