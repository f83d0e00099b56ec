using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Restore.Clean;

/// <summary>
/// Finds of each subject the last restore point from before its own damage began: one person's disaster does not set back anybody else. Who is suspect stands in the points, in the clear; names need keys.
/// Where a run found so many suspect that the attack was one on all, what it changed of anybody is not trusted: of a jar of two small files no model can tell, and rows, which nobody watches, name files of the time before.
/// </summary>
internal sealed class CleanPoints
{
    private readonly RepositoryReading _repository;
    /// <summary>So many, and this share of all whose data is watched, make an attack on all.</summary>
    private const int MassFrom = 3;
    private const double MassShare = 1.0 / 3;

    private readonly AnomalyBook _book;
    private bool _isMassKnown;

    public CleanPoints(Installation installation, RepositoryReading repository)
    {
        _repository = repository;
        _book = AnomalyBook.Of(installation, repository.View.Points.Select(p => p.Record));
    }

    /// <summary>Whether anything is suspect.</summary>
    public bool IsAnySuspect => _book.Open.Count > 0;

    /// <summary>The attack on all; null where there is none, and before trees were replaced.</summary>
    public OpenAnomaly? Mass { get; private set; }

    /// <summary>What makes a subject suspect; null where nothing does.</summary>
    public OpenAnomaly? Suspect(Id16 pseudonym, DataClass dataClass) => (AnomalyOptions.Watched.Contains(dataClass) ? _book.Find(pseudonym) : null) ?? Mass;

    /// <summary>The newest point of a class, at or before another, from before a subject's damage that holds something of it; null where there is none.</summary>
    public async ValueTask<(ClassPoint Point, SubjectRow Row)?> FindAsync(OpenAnomaly suspect, Id16 pseudonym, DataClass dataClass, ClassPoint? notAfter, CancellationToken cancel)
    {
        foreach (var point in _repository.Finder.All.Where(p => p.DataClass == dataClass && !p.Point.Record.IsImported && p.Point.Record.TimeNs < suspect.SinceNs
            && (notAfter is null || p.Point.Record.TimeNs <= notAfter.Point.Record.TimeNs)).Reverse())
        {
            foreach (var row in await _repository.Subjects.RowsAsync(point, static _ => { }, cancel).ConfigureAwait(false))
            {
                if (row.Pseudonym == pseudonym)
                {
                    return (point, row);
                }
            }
        }
        return null;
    }

    /// <summary>Trees with each suspect subject's from its own clean point; with those of suspects that the newest state holds nothing of any more.</summary>
    /// <param name="trees">The trees of the state that was asked for.</param>
    /// <param name="state">The points of that state.</param>
    /// <param name="matches">Whether a subject is asked for.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<(TreeSet Trees, IReadOnlyList<(PointTree Suspect, PointTree? Clean)> Replaced)> ReplaceAsync(
        TreeSet trees, IReadOnlyList<ClassPoint> state, Func<string, bool> matches, CancellationToken cancel)
    {
        await FindMassAsync(cancel).ConfigureAwait(false);
        var kept = new List<PointTree>();
        var replaced = new List<(PointTree, PointTree?)>();
        foreach (var tree in trees.Trees)
        {
            if (Suspect(tree.Row.Pseudonym, tree.Point.DataClass) is not { } suspect || tree.Point.Point.Record.TimeNs < suspect.SinceNs)
            {
                kept.Add(tree);
                continue;
            }
            var clean = await TreeAsync(suspect, tree.Row.Pseudonym, tree.Point, cancel).ConfigureAwait(false);
            if (ReferenceEquals(suspect, Mass) && clean?.Row.Root == tree.Row.Root)
            {
                kept.Add(tree);   // nothing of it was touched
                continue;
            }
            replaced.Add((tree, clean));
            if (clean is not null)
            {
                kept.Add(clean);
            }
        }
        foreach (var (suspect, point) in from suspect in _book.Open where !suspect.Pseudonym.IsZero from point in state where AnomalyOptions.Watched.Contains(point.DataClass) select (suspect, point))
        {
            if (!trees.Trees.Any(t => t.Row.Pseudonym == suspect.Pseudonym && t.Point.DataClass == point.DataClass)
                && await TreeAsync(suspect, suspect.Pseudonym, point, cancel).ConfigureAwait(false) is { } lost && matches(lost.Subject))
            {
                kept.Add(lost);
            }
        }
        kept.Sort(static (a, b) => a.First.CompareTo(b.First));
        return (trees with { Trees = kept }, replaced);
    }

    /// <summary>What a suspect tree holds and its clean one does not, or holds otherwise.</summary>
    public async IAsyncEnumerable<QuarantinedItem> QuarantineAsync(PointTree suspect, PointTree? clean, [EnumeratorCancellation] CancellationToken cancel)
    {
        var reasons = Suspect(suspect.Row.Pseudonym, suspect.Point.DataClass)!.Reasons;
        QuarantinedItem Item(TreeEntry entry, DifferenceKind change) => new(suspect.Subject, suspect.Point.DataClass, entry.Path.ToString(), suspect.Point.BackupId, change, entry.Length, reasons);
        if (clean is null)
        {
            await foreach (var entry in _repository.Walker.WalkAsync(suspect.Root, EntryPath.Root, null, cancel).ConfigureAwait(false))
            {
                if (entry.Kind == ItemKind.File)
                {
                    yield return Item(entry, DifferenceKind.Added);
                }
            }
            yield break;
        }
        var (old, @new) = await _repository.Walker.UnsharedAsync(clean.Root, suspect.Root, cancel).ConfigureAwait(false);
        var equality = new ItemEquality(_repository.Reader);
        var before = old.ToDictionary(e => e.Path);
        foreach (var entry in @new.Where(e => e.Kind == ItemKind.File).OrderBy(e => e.Path))
        {
            if (!before.TryGetValue(entry.Path, out var known))
            {
                yield return Item(entry, DifferenceKind.Added);
            }
            else if (!await equality.SameContentAsync(suspect.Row.Pseudonym, known, entry, cancel).ConfigureAwait(false))
            {
                yield return Item(entry, DifferenceKind.Modified);
            }
        }
    }

    /// <summary>Looks for the run that found most suspect, and whether these are enough of all.</summary>
    private async ValueTask FindMassAsync(CancellationToken cancel)
    {
        if (_isMassKnown)
        {
            return;
        }
        _isMassKnown = true;
        var worst = _book.Open.Where(o => !o.Pseudonym.IsZero).SelectMany(o => o.Points.Select(p => (Point: p, Open: o))).GroupBy(x => (x.Point.TimeNs, x.Point.Name)).MaxBy(g => g.Count());
        if (worst is null || worst.Count() < MassFrom)
        {
            return;
        }
        var all = new HashSet<Id16>();
        foreach (var point in _repository.Finder.AtDate(null, [.. AnomalyOptions.Watched]).Classes)
        {
            all.UnionWith((await _repository.Subjects.RowsAsync(point, static _ => { }, cancel).ConfigureAwait(false)).Select(r => r.Pseudonym));
        }
        if (worst.Count() >= all.Count * MassShare)
        {
            // Since when most of them are suspect: whoever was so before by himself must not set everybody back.
            var since = worst.Select(x => x.Open.SinceNs).Order().ElementAt((worst.Count() - 1) / 2);
            Mass = new OpenAnomaly(default, since, [worst.First().Point], worst.Max(x => x.Open.Score), AnomalyReasons.None);
        }
    }

    private async ValueTask<PointTree?> TreeAsync(OpenAnomaly suspect, Id16 pseudonym, ClassPoint notAfter, CancellationToken cancel)
    {
        if (await FindAsync(suspect, pseudonym, notAfter.DataClass, notAfter, cancel).ConfigureAwait(false) is not var (point, row))
        {
            return null;
        }
        var head = await _repository.Subjects.HeadAsync(row, cancel).ConfigureAwait(false);
        return new PointTree(point, row, head.Subject, head.First);
    }
}

/// <summary>The last clean restore point of each subject, for people.</summary>
public static class CleanPointSearch
{
    /// <summary>Looks; by subject and data class.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="scope">A person, a honey jar, or (Reserve) everybody.</param>
    /// <param name="subject">Whose; null for everybody.</param>
    /// <param name="dataClass">Only this data class.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c></exception>
    public static async IAsyncEnumerable<CleanRestorePoint> FindAsync(Installation installation, RestoreScope scope, string? subject, DataClass? dataClass, [EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Find-StingCleanRestorePoint");
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var clean = new CleanPoints(installation, repository);
        var state = repository.Finder.AtDate(null, dataClass is null ? null : [dataClass.Value]).Classes.Where(c => c.DataClass != DataClass.Physical).ToList();
        var choice = subject is null ? null : await repository.Resolver.ResolveAsync(scope, subject, [.. repository.Finder.All], cancel).ConfigureAwait(false);
        var trees = choice is null ? await repository.Subjects.AllAsync(state, cancel).ConfigureAwait(false) : await repository.Subjects.OfAsync(state, choice, cancel).ConfigureAwait(false);
        var (chosen, replaced) = await clean.ReplaceAsync(trees, state, choice is null ? static _ => true : choice.Matches, cancel).ConfigureAwait(false);
        await LookTrail.NoteAsync(installation, "Find-StingCleanRestorePoint", chosen.Trees.Concat(replaced.Select(r => r.Suspect)).Select(t => t.Row.Pseudonym), cancel).ConfigureAwait(false);
        var newest = trees.Trees.ToDictionary(t => (t.Row.Pseudonym, t.Point.DataClass));
        var found = chosen.Trees.Select(t => ToPublic(clean, t, newest.GetValueOrDefault((t.Row.Pseudonym, t.Point.DataClass))))
            .Concat(replaced.Where(r => r.Clean is null).Select(r => ToPublic(clean, null, r.Suspect)));
        foreach (var point in found.OrderByDescending(p => p.IsSuspect).ThenBy(p => p.Subject, StringComparer.Ordinal).ThenBy(p => p.DataClass))
        {
            yield return point;
        }
    }

    private static CleanRestorePoint ToPublic(CleanPoints clean, PointTree? tree, PointTree? newest)
    {
        var any = (tree ?? newest)!;
        var suspect = clean.Suspect(any.Row.Pseudonym, any.Point.DataClass);
        var isSuspect = suspect is not null && (newest is null || tree is null || newest.Point != tree.Point);
        return new CleanRestorePoint
        {
            BackupId = tree?.Point.BackupId, Time = tree?.Point.Time, DataClass = any.Point.DataClass, Subject = any.Subject, Pseudonym = any.Row.Pseudonym.ToString(), IsSuspect = isSuspect,
            NewestBackupId = newest?.Point.BackupId, SinceTime = isSuspect ? NanosecondTime.FromNs(suspect!.SinceNs, any.Point.Point.Record.OffsetMinutes) : null,
            SuspiciousBackupIds = isSuspect ? suspect!.Points.Select(p => p.Name).ToArray() : [], Score = isSuspect ? suspect!.Score : 0, Reasons = isSuspect ? suspect!.Reasons : AnomalyReasons.None,
            Evidence = Evidence(tree, newest, isSuspect ? suspect : null, ReferenceEquals(suspect, clean.Mass)), Items = tree?.Row.Items ?? 0, Length = tree?.Row.Length ?? 0,
        };
    }

    private static string[] Evidence(PointTree? tree, PointTree? newest, OpenAnomaly? suspect, bool isMass)
    {
        if (suspect is null)
        {
            return ["No run has found anything suspicious of it that nobody has settled: its newest restore point counts as clean."];
        }
        return
        [
            tree is null ? $"Every restore point that there is of it is from {Moment(suspect.SinceNs, newest!)} or later, when the damage may have begun."
                : $"{tree.Point.BackupId} is the newest from before {Moment(suspect.SinceNs, tree)}, when the damage began as far as the runs could tell.",
            .. suspect.Points.Select(p => $"{p.Name} raised an alarm{(isMass ? " for so many that nothing which it changed is trusted" : suspect.Pseudonym.IsZero ? " for the reserve as a whole" : "")}."),
            .. AnomalyModel.Describe(suspect.Reasons, null).Select(text => $"{char.ToUpperInvariant(text[0])}{text[1..]}."),
            .. newest is null ? ["The newest restore point holds nothing of it any more."] : Array.Empty<string>(),
        ];
    }

    private static string Moment(long ns, PointTree tree) => Display.Time(NanosecondTime.FromNs(ns, tree.Point.Point.Record.OffsetMinutes));
}
