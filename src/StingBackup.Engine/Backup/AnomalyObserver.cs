using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Backup;

/// <summary>What a run's watch came to.</summary>
/// <param name="Marks">What the restore point says of it: suspicious subjects, and those that somebody settled.</param>
/// <param name="Suspicious">The suspicious ones, for people.</param>
internal sealed record RunVerdicts(IReadOnlyList<PointAnomaly> Marks, IReadOnlyList<(string Subject, AnomalyVerdict Verdict, SubjectActivity Activity)> Suspicious);

/// <summary>
/// Watches what a run does to each subject, where its data passes anyway: the scan tells what went, the trees what came and changed, the readers what content is. Reads nothing by itself. Judges at the end, by what this host
/// remembers of earlier runs.
/// </summary>
internal sealed class AnomalyObserver
{
    private readonly Installation _installation;
    private readonly Action<string> _warn;
    private readonly HashSet<DataClass> _classes;
    private readonly HashSet<string> _honeypots;
    /// <summary>By subject. No tuples as keys, here and where it judges: code for them is not compiled ahead, and a run would compile it each time.</summary>
    private readonly Dictionary<string, List<SubjectTally>> _tallies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RunSubject> _subjects = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private (DataClass Class, string Subject, SubjectTally? Tally) _last = (default, "", null);
    private GuardMemory? _memory;
    private Settlements _settled = new();

    /// <param name="installation">The installation.</param>
    /// <param name="classes">The run's classes.</param>
    /// <param name="warn">Told of what is remembered and cannot be read.</param>
    public AnomalyObserver(Installation installation, IEnumerable<DataClass> classes, Action<string> warn)
    {
        _installation = installation;
        _warn = warn;
        // Without a cache of the run before everything would be new.
        _classes = classes.Where(c => AnomalyOptions.Watched.Contains(c) && File.Exists(installation.CachePath(c))).ToHashSet();
        _honeypots = installation.Guarding.Honeypots.Select(p => Encoding.UTF8.GetString(EntryPath.Parse(p).Bytes)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether content of a class is looked at: for what is remembered of it too, so also before there is anything to compare it with.</summary>
    public static bool Looks(DataClass dataClass) => AnomalyOptions.Watched.Contains(dataClass);

    /// <summary>An item that is done; called from the thread that builds trees.</summary>
    public void See(ScanItem item)
    {
        if (item.Source.Kind != ItemKind.File || item.Result is not { Kind: ItemKind.File } entry || !_classes.Contains(item.Class))
        {
            return;
        }
        var tally = _last.Class == item.Class && _last.Subject == item.Subject.Keys.Name ? _last.Tally! : TallyOf(item);
        var before = item.Before is { Entry.Kind: ItemKind.File } b && b.Subject == item.Subject.Keys.Name ? b : null;
        if (before is null)
        {
            tally.Add(new FileSight(item.Path.Bytes, item.Facts, entry.Length));
        }
        else if (item.IsReused || before.Mark != item.Subject.Mark)
        {
            tally.Keep();
        }
        else
        {
            tally.Reread(new FileSight(item.Path.Bytes, item.Facts, entry.Length), before.Facts, before.Entry.Length);
        }
    }

    /// <summary>Files of a subject that are as they were; called as the other.</summary>
    public void Keep(DataClass dataClass, RunSubject subject, int files)
    {
        if (files > 0 && _classes.Contains(dataClass))
        {
            _subjects.TryAdd(subject.Keys.Name, subject);
            TallyOf(dataClass, subject.Keys.Name).Keep(files);
        }
    }

    /// <summary>An item of the run before that the scan did not meet; called from the thread that scans.</summary>
    public void Lose(CachedItem item)
    {
        if (item.Entry.Kind == ItemKind.File && _classes.Contains(item.Class))
        {
            TallyOf(item.Class, item.Subject).Lose(new FileSight(item.Entry.Path.Bytes, item.Facts, item.Entry.Length));
        }
    }

    /// <summary>Judges the run. Nothing is remembered of it before <see cref="Save"/>.</summary>
    /// <param name="committed">The classes that get a restore point; what was seen of others may be half of it.</param>
    /// <param name="subjectOf">A subject by name; null for one that has no keys any more.</param>
    /// <param name="timeNs">The moment of the cut.</param>
    /// <param name="sequence">The run's number.</param>
    public RunVerdicts Judge(IReadOnlyCollection<DataClass> committed, Func<string, RunSubject?> subjectOf, long timeNs, long sequence)
    {
        _memory = GuardMemory.Open(_installation, _warn);
        _settled = Settlements.Read(_installation);
        var marks = new List<PointAnomaly>();
        foreach (var settled in _settled.All)
        {
            marks.Add(new PointAnomaly(settled.Pseudonym, settled.SinceNs, 0, AnomalyReasons.None));
            foreach (var memory in _memory.Subjects.Where(m => m.Pseudonym == settled.Pseudonym))
            {
                memory.Settle();
            }
        }
        var suspicious = new List<(string, AnomalyVerdict, SubjectActivity)>();
        var others = new SubjectActivity();
        foreach (var subject in _tallies.Keys.Order(StringComparer.Ordinal))
        {
            var tallies = _tallies[subject].FindAll(t => committed.Contains(t.Class));
            if (tallies.Count == 0)
            {
                continue;
            }
            // Somebody of whom nothing is left may have been erased by another host: that is no damage.
            var tag = _installation.Subjects.TagOf(subject);
            var known = _subjects.GetValueOrDefault(subject) ?? (_installation.Ledger.FindTag(tag) is null ? subjectOf(subject) : null);
            var activity = new SubjectActivity();
            foreach (var tally in tallies)
            {
                activity.Add(tally.Finish(0, 0));
            }
            (activity[Figure.BytesNew], activity[Figure.BytesStored]) = (known?.BytesNew ?? 0, known?.BytesStored ?? 0);
            if (known is null || activity.IsIdle)
            {
                others.Add(activity);
                continue;
            }
            var verdict = AnomalyModel.Judge(_memory.Of(tag, known.Pseudonym), activity, timeNs, sequence, isWhole: false);
            if (!verdict.IsSuspicious)
            {
                others.Add(activity);
                continue;
            }
            marks.Add(new PointAnomaly(known.Pseudonym, verdict.SinceNs, verdict.Score, verdict.Reasons));
            suspicious.Add((subject, verdict, activity));
        }
        // Of the reserve as a whole only what no subject answers for: else one person's disaster would cast doubt on everybody's points.
        if (!others.IsIdle && AnomalyModel.Judge(_memory.Of(default, default), others, timeNs, sequence, isWhole: true) is { IsSuspicious: true } whole)
        {
            marks.Add(new PointAnomaly(default, whole.SinceNs, whole.Score, whole.Reasons));
            suspicious.Add(("all", whole, others));
        }
        return new RunVerdicts([.. marks.OrderBy(m => m.Pseudonym).ThenBy(m => m.Score)], suspicious);
    }

    /// <summary>The run is committed: the next one is judged by it too.</summary>
    public void Save()
    {
        try
        {
            _memory?.Save();
            if (_settled.All.Length > 0)
            {
                // What was settled meanwhile waits for the next run.
                var done = _settled.All.ToHashSet();
                (Settlements.Read(_installation) is var now ? now with { All = [.. now.All.Where(s => !done.Contains(s))] } : now).Write(_installation);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _warn($"What this run tells of usual days could not be noted: {e.Message}");
        }
    }

    private SubjectTally TallyOf(ScanItem item)
    {
        var tally = TallyOf(item.Class, item.Subject.Keys.Name);
        _subjects.TryAdd(item.Subject.Keys.Name, item.Subject);
        _last = (item.Class, item.Subject.Keys.Name, tally);
        return tally;
    }

    private SubjectTally TallyOf(DataClass dataClass, string subject)
    {
        lock (_lock)
        {
            if (!_tallies.TryGetValue(subject, out var tallies))
            {
                _tallies.Add(subject, tallies = []);
            }
            var tally = tallies.Find(t => t.Class == dataClass);
            if (tally is null)
            {
                tallies.Add(tally = new SubjectTally(dataClass, KnownNames.Carried, _honeypots));
            }
            return tally;
        }
    }
}
