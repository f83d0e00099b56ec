using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore;

/// <summary>One data class of one run, as it lies in the store.</summary>
/// <param name="Point">The run's point.</param>
/// <param name="Part">The data class in it.</param>
internal sealed record ClassPoint(StoredPoint Point, PointClass Part)
{
    public DataClass DataClass => Part.Class;
    public string BackupId => Point.Record.Name;

    /// <summary>The moment of the cut.</summary>
    public DateTimeOffset Time => NanosecondTime.FromNs(Point.Record.TimeNs, Point.Record.OffsetMinutes);

    /// <summary>When an item's content last changed, at the point's offset.</summary>
    public DateTimeOffset TimeOf(TreeEntry entry) => NanosecondTime.FromNs(entry.Metadata.ModifiedNs, Point.Record.OffsetMinutes);

    /// <summary>As people see it.</summary>
    public RestorePoint ToRestorePoint()
    {
        var point = Point.Record;
        return new RestorePoint
        {
            BackupId = point.Name, DataClass = Part.Class, Type = point.Type, Time = Time,
            CompletedTime = NanosecondTime.FromNs(point.CompletedNs, point.OffsetMinutes), State = Part.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed,
            Subjects = Part.Subjects, Items = Part.Items, Length = Part.Length, Errors = Part.Errors, Tier = Tier.Local,
            Writer = point.Writer.ToString(), Sequence = point.Sequence, ImportedFrom = point.Origin?.Archive,
            Carried = [.. point.Carried.Where(c => c.Class == Part.Class).Select(c => new CarriedPart(c.Class, c.Source, c.From))],
        };
    }
}

/// <summary>The reserve as it was at a moment: of each data class its newest point until then.</summary>
/// <param name="Classes">Ascending by data class.</param>
/// <param name="Missing">Data classes asked for that had no point yet.</param>
internal sealed record ReserveState(IReadOnlyList<ClassPoint> Classes, IReadOnlyList<DataClass> Missing);

/// <summary>
/// Finds points by name and by time. Needs no key. Newest means by time, never by number: an imported point is committed after points that it is older than. A moment means what the reserve's own
/// points say of it; what was imported counts where there is none of them yet, and then one archive alone, since two archives, or an archive and the reserve, are not one state.
/// </summary>
internal sealed class PointFinder
{
    private readonly RepositoryView _view;
    private readonly List<StoredPoint> _backups;
    private readonly TimeZoneInfo _zone;

    /// <summary>Finds points of a view.</summary>
    /// <param name="view">The repository.</param>
    /// <param name="zone">The zone of days.</param>
    /// <param name="physicalSince">Captures of whole servers from before this are given to nobody: they mix people, and erasures promise their end.</param>
    public PointFinder(RepositoryView view, TimeZoneInfo zone, DateTimeOffset physicalSince)
    {
        _view = view;
        _backups = [.. view.Backups.Select(p => WithoutExpired(p, NanosecondTime.ToNs(physicalSince)))];
        _zone = zone;
    }

    private static StoredPoint WithoutExpired(StoredPoint point, long physicalSinceNs) =>
        point.Record.TimeNs >= physicalSinceNs || !point.Record.Classes.Any(c => c.Class == DataClass.Physical) ? point
            : point with { Record = point.Record with { Classes = [.. point.Record.Classes.Where(c => c.Class != DataClass.Physical)] } };

    /// <summary>Every data class of every run, oldest first.</summary>
    public IEnumerable<ClassPoint> All => _backups.SelectMany(p => p.Record.Classes.Select(c => new ClassPoint(p, c)));

    /// <summary>The run of a name; <c>latest</c> is the newest of the reserve's own.</summary>
    /// <exception cref="StingException"><c>BackupNotFound</c>, with the nearest ids; <c>PointDamaged</c></exception>
    public StoredPoint Named(string backupId)
    {
        var id = backupId.Trim();
        if (id.Equals(PointInTime.Latest.Text, StringComparison.OrdinalIgnoreCase))
        {
            var newest = NewestOf(_backups);
            RefuseIfHidden(PointInTime.Latest, newest, newest?.Record.TimeNs ?? long.MinValue);
            return newest ?? throw NotFound(id, "The repository holds no backup yet.");
        }
        if (_backups.FindLast(p => p.Record.Name == id) is { } point)
        {
            return point;
        }
        if (_view.Points.Any(p => p.Record.IsLetGo && p.Record.Name == id))
        {
            throw NotFound(id, $"Backup '{id}' is kept no longer: its days were over, and retention let it go.");
        }
        if (_backups.Count == 0)
        {
            throw NotFound(id, $"There is no backup '{id}': the repository holds none yet.");
        }
        var near = NearestNames.Of(id, _backups.Select(p => p.Record.Name));
        var damaged = _view.DamagedPoints.Count == 0 ? "" : $" It may be one that cannot be read: {string.Join(", ", _view.DamagedPoints.Select(p => p.Error.Target))}.";
        throw NotFound(id, (near.Count > 0
            ? $"There is no backup '{id}'. The nearest: {string.Join(", ", near)}."
            : $"There is no backup '{id}'. The newest is {NewestOf(_backups)!.Record.Name}.") + damaged);
    }

    /// <summary>The reserve as it was at a run.</summary>
    /// <param name="backupId">The run.</param>
    /// <param name="classes">Data classes, or null for all that some point of the reserve's own holds; of an import, for all that it holds.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c></exception>
    public ReserveState AtRun(string backupId, IReadOnlyList<DataClass>? classes) => Named(backupId) is var run && run.Record.IsImported ? OfImport(run, classes) : Until(_backups.IndexOf(run) + 1, classes);

    /// <summary>The reserve as it was at a moment.</summary>
    /// <param name="date">A day, a moment, or <c>latest</c>, which null means too.</param>
    /// <param name="classes">Data classes, or null for all that some point holds.</param>
    /// <exception cref="StingException"><c>DateNotUnderstood</c>, <c>BackupNotFound</c>, <c>PointDamaged</c></exception>
    public ReserveState AtDate(string? date, IReadOnlyList<DataClass>? classes)
    {
        var moment = date is null ? PointInTime.Latest : PointInTime.Parse(date, _zone);
        var count = _backups.FindLastIndex(p => moment.Covers(NanosecondTime.FromNs(p.Record.TimeNs, 0))) + 1;
        if (count == 0)
        {
            RefuseIfHidden(moment, null, long.MinValue);
            throw NotFound(moment.Text, _backups.Count == 0 ? "The repository holds no backup yet."
                : $"There is no backup of {moment.Text} or earlier. The oldest is {_backups[0].Record.Name}.");
        }
        var newest = NewestOf(_backups[..count])!;
        var state = newest.Record.IsImported ? OfImport(newest, classes) : Until(count, classes);
        RefuseIfHidden(moment, newest, state.Classes.Select(c => c.Point.Record.TimeNs).DefaultIfEmpty(long.MinValue).Min());
        return state;
    }

    /// <summary>
    /// A point that cannot be read may be the very one that a moment means: an older state is given only to who asks for it by name. When it was made is
    /// known from its writer's points before and after it.
    /// </summary>
    private void RefuseIfHidden(PointInTime moment, StoredPoint? newest, long oldestNs)
    {
        foreach (var (writer, sequence, error) in _view.DamagedPoints)
        {
            var neighbours = _view.Points.Where(p => p.Record.Writer == writer && !p.Record.IsImported).ToLookup(p => p.Record.Sequence < sequence, p => p.Record.TimeNs);
            var notBefore = neighbours[true].DefaultIfEmpty(0).Max();
            var notAfter = neighbours[false].DefaultIfEmpty(long.MaxValue).Min();
            if (notAfter > oldestNs && moment.Covers(NanosecondTime.FromNs(notBefore, 0)))
            {
                throw new StingException("PointDamaged", FailureKind.Integrity,
                    $"A restore point that may be the one of {moment.Text} cannot be read: {error.Message}", error.Target,
                    newest is null ? "Run Test-StingBackupIntegrity to see what is damaged."
                    : $"To have the newest state before it that can be read, ask for it by name: -BackupId {newest.Record.Name}. Test-StingBackupIntegrity shows what is damaged.", error);
            }
        }
    }

    /// <summary>The newest that counts.</summary>
    private static StoredPoint? NewestOf(List<StoredPoint> points) => points.FindLast(p => !p.Record.IsImported) ?? (points.Count > 0 ? points[^1] : null);

    /// <summary>What an archive held: itself, and nothing of any other point.</summary>
    private static ReserveState OfImport(StoredPoint point, IReadOnlyList<DataClass>? classes)
    {
        var parts = point.Record.Classes.Where(c => classes is not { Count: > 0 } || classes.Contains(c.Class)).Select(c => new ClassPoint(point, c)).ToList();
        return new ReserveState(parts, [.. (classes ?? []).Distinct().Order().Except(parts.Select(p => p.DataClass))]);
    }

    private ReserveState Until(int count, IReadOnlyList<DataClass>? classes)
    {
        var found = new List<ClassPoint>();
        var missing = new List<DataClass>();
        IReadOnlyList<DataClass> wanted = classes is { Count: > 0 } ? [.. classes.Distinct().Order()] : OwnClasses;
        foreach (var dataClass in wanted)
        {
            if (Newest(count, dataClass) is { } point)
            {
                found.Add(point);
            }
            else
            {
                missing.Add(dataClass);
            }
        }
        return new ReserveState(found, missing);
    }

    /// <summary>Data classes that some point of the reserve's own holds, ascending.</summary>
    private IReadOnlyList<DataClass> OwnClasses => [.. _backups.Where(p => !p.Record.IsImported).SelectMany(p => p.Record.Classes).Select(c => c.Class).Distinct().Order()];

    /// <summary>The newest point of a data class of the reserve's own among the first <paramref name="count"/> runs.</summary>
    private ClassPoint? Newest(int count, DataClass dataClass)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            if (!_backups[i].Record.IsImported && _backups[i].Record.Classes.FirstOrDefault(c => c.Class == dataClass) is { } part)
            {
                return new ClassPoint(_backups[i], part);
            }
        }
        return null;
    }

    private StingException NotFound(string target, string message) => new("BackupNotFound", FailureKind.NotFound, message, target,
        _backups.Count == 0 ? "Make one with Invoke-StingBackup (sting-backup incremental)." : "Get-StingRestorePoint (sting-backup list) shows every restore point.");
}
