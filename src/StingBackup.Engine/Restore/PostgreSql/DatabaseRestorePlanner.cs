using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>Exactly what a restore of the server reads.</summary>
/// <param name="Base">The base backup's restore.</param>
/// <param name="Logs">The log's, oldest first: a file that a later one has too is the later one's.</param>
/// <param name="Facts">What the base backup is of.</param>
/// <param name="Spool">The spool of this host, whose newest log is used too; null where none is.</param>
internal sealed record DatabaseSelection(RestorePlan Base, IReadOnlyList<RestorePlan> Logs, BaseBackupFacts Facts, string? Spool);

/// <summary>Finds the base backup for a moment, and the runs that hold the log from there to it.</summary>
internal sealed class DatabaseRestorePlanner(Installation installation, RepositoryReading repository)
{
    public async ValueTask<DatabaseRestorePlan> PlanAsync(string? date, string destination, CancellationToken cancel)
    {
        var target = RecoveryMoment.Parse(date, installation.Zone);
        destination = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        CheckDestination(destination);
        var points = repository.Finder.All.Where(p => p.DataClass == DataClass.Physical).ToList();
        var (at, facts) = await FindBaseAsync(points, target, cancel).ConfigureAwait(false);
        var folder = Path.Combine(destination, DatabaseRestoreJob.WorkFolder);
        var logs = await FindLogAsync(points, at, facts, cancel).ConfigureAwait(false);
        var basePlan = await PlanAsync(points[at], ReserveMounts.BaseBackup, folder, cancel).ConfigureAwait(false);
        var logPlans = new List<RestorePlan>();
        foreach (var point in logs.Points)
        {
            logPlans.Add(await PlanAsync(point, ReserveMounts.Wal, folder, cancel).ConfigureAwait(false));
        }
        // The spool of a host that captures reaches further than any run, unless a later base backup ends what is needed.
        var spool = logs.EndsAtBase ? null : SpoolOf(facts);
        var all = logPlans.Prepend(basePlan).ToList();
        return new DatabaseRestorePlan
        {
            Target = target is { } moment ? TimeZoneInfo.ConvertTime(moment, installation.Zone) : null, Destination = destination, BaseBackupId = points[at].BackupId,
            BaseTime = TimeZoneInfo.ConvertTime(facts.Time, installation.Zone), ServerVersion = facts.Version, LogBackupIds = [.. logs.Points.Select(p => p.BackupId)], Spool = spool,
            Files = all.Sum(p => p.Files), Length = all.Sum(p => p.Length), Packs = all.Sum(p => p.Packs), PackBytes = all.Sum(p => p.PackBytes),
            Exact = new DatabaseSelection(basePlan, logPlans, facts, spool),
        };
    }

    private void CheckDestination(string destination)
    {
        RestorePlanner.Check(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination });
        // What an interrupted restore left there is its own to go on with.
        if (File.Exists(destination) || (Directory.Exists(destination) && Directory.EnumerateFileSystemEntries(destination).Any() && !Directory.Exists(Path.Combine(destination, DatabaseRestoreJob.WorkFolder))))
        {
            throw new StingException("DatabaseDestinationNotEmpty", FailureKind.AlreadyExists, $"'{destination}' is not an empty folder.", destination,
                "Name a new or an empty folder: a server is started over what comes there, and nothing of another may be among it.");
        }
    }

    /// <summary>The newest base backup that was whole at the moment.</summary>
    private async ValueTask<(int Index, BaseBackupFacts Facts)> FindBaseAsync(List<ClassPoint> points, DateTimeOffset? target, CancellationToken cancel)
    {
        (ClassPoint Point, BaseBackupFacts Facts)? oldest = null;
        for (var i = points.Count - 1; i >= 0; i--)
        {
            if (await FactsAsync(points[i], cancel).ConfigureAwait(false) is not { } facts)
            {
                continue;
            }
            if (target is null || facts.Time <= target)
            {
                return (i, facts);
            }
            oldest = (points[i], facts);
        }
        throw oldest is { } first
            ? new StingException("DatabaseBackupMissing", FailureKind.NotFound, $"No base backup is as old as that: the oldest, of {first.Point.BackupId}, was whole at {TimeZoneInfo.ConvertTime(first.Facts.Time, installation.Zone):O}.",
                first.Point.BackupId, "Choose a later moment. Rows of an earlier one come back from logical captures, by Restore-StingReserve -DataClass Metadata.")
            : new StingException("DatabaseBackupMissing", FailureKind.NotFound, "The repository holds no base backup of a database server.", installation.Store.Location,
                "Set capture.enabled, run Start-StingMetadataCapture, then Invoke-StingBackup -Type Full.");
    }

    /// <summary>
    /// Every run holds the log since the newest base backup before it. So the newest run up to the next base backup's is enough; should it lack something, those before it are read too.
    /// </summary>
    private async ValueTask<(IReadOnlyList<ClassPoint> Points, bool EndsAtBase)> FindLogAsync(List<ClassPoint> points, int at, BaseBackupFacts facts, CancellationToken cancel)
    {
        var last = at;
        var endsAtBase = false;
        while (last + 1 < points.Count && !endsAtBase)
        {
            if (await FactsAsync(points[last + 1], cancel).ConfigureAwait(false) is { } next)
            {
                if (next.SystemId != facts.SystemId || next.Timeline != facts.Timeline)
                {
                    return (await GatherAsync(points, at, last, facts, cancel).ConfigureAwait(false), true);
                }
                endsAtBase = true;
            }
            last++;
        }
        return (await GatherAsync(points, at, last, facts, cancel).ConfigureAwait(false), endsAtBase);
    }

    private async ValueTask<IReadOnlyList<ClassPoint>> GatherAsync(List<ClassPoint> points, int at, int last, BaseBackupFacts facts, CancellationToken cancel)
    {
        var chosen = new List<ClassPoint>();
        for (var i = last; i >= at; i--)
        {
            var first = await FirstLogAsync(points[i], facts, cancel).ConfigureAwait(false);
            if (first is null)
            {
                continue;
            }
            chosen.Insert(0, points[i]);
            if (first <= facts.LogStart)
            {
                break;
            }
        }
        return chosen;
    }

    /// <summary>Where the log that a run holds begins; null when it holds none.</summary>
    private async ValueTask<Lsn?> FirstLogAsync(ClassPoint point, BaseBackupFacts facts, CancellationToken cancel)
    {
        foreach (var tree in (await repository.Subjects.AllAsync([point], cancel).ConfigureAwait(false)).Trees)
        {
            await foreach (var entry in repository.Walker.WalkAsync(tree.Root, ReserveMounts.Wal, null, cancel).ConfigureAwait(false))
            {
                if (entry.Kind == ItemKind.File && WalFormat.ParseFileName(System.Text.Encoding.UTF8.GetString(entry.Path.Name)) is { } name && name.Timeline == facts.Timeline)
                {
                    return name.Start;
                }
            }
        }
        return null;
    }

    /// <summary>What a run's base backup is of; null when it holds none.</summary>
    private async ValueTask<BaseBackupFacts?> FactsAsync(ClassPoint point, CancellationToken cancel)
    {
        if (point.Point.Record.Type == BackupType.Incremental)
        {
            return null;
        }
        var path = ReserveMounts.BaseBackup.Append(System.Text.Encoding.UTF8.GetBytes(BaseBackupFacts.FileName));
        foreach (var tree in (await repository.Subjects.AllAsync([point], cancel).ConfigureAwait(false)).Trees)
        {
            if (await repository.Walker.FindAsync(tree.Root, path, cancel).ConfigureAwait(false) is { Kind: ItemKind.File } entry)
            {
                using var content = new MemoryStream();
                foreach (var extent in await repository.Walker.ReadExtentsAsync(tree.Row.Pseudonym, entry, cancel).ConfigureAwait(false))
                {
                    using var chunk = await repository.Reader.ReadDataAsync(tree.Row.Pseudonym, extent.Id, cancel).ConfigureAwait(false);
                    content.Write(chunk.Span.Slice(extent.Offset, (int)extent.Length));
                }
                return BaseBackupFacts.Parse(content.ToArray(), point.BackupId);
            }
        }
        return null;
    }

    private ValueTask<RestorePlan> PlanAsync(ClassPoint point, EntryPath what, string folder, CancellationToken cancel) => new RestorePlanner(installation, new RestoreRequest
    {
        Scope = RestoreScope.File, Files = [what.ToString()], Classes = [DataClass.Physical], BackupId = point.BackupId, Destination = folder, Conflict = ConflictAction.Overwrite,
    }, repository).PlanAsync(cancel);

    private string? SpoolOf(BaseBackupFacts facts)
    {
        if (installation.Configuration is not { } configuration || CapturePlaces.TryOf(configuration) is not { } places)
        {
            return null;
        }
        var folder = places.Capture.Spool.Folder;
        return WalSpool.Files(folder).Any(f => f.Identity.SystemId == facts.SystemId && f.Identity.Timeline == facts.Timeline) ? folder : null;
    }
}
