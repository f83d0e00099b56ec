using StingBackup.Engine.Changes;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Operations;

/// <summary>Puts together how backups stand: from listings, points and the index. Reads no pack, asks for no key, changes nothing.</summary>
public static class StatusReader
{
    /// <summary>Free room below this share of the disk is worth a warning.</summary>
    private const double LowRoom = 0.1;

    /// <summary>Reads the status. Damaged objects are shown, not thrown.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c></exception>
    public static async ValueTask<BackupStatus> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingBackupStatus");
        ArgumentNullException.ThrowIfNull(installation);
        var book = new FaultBook();
        var probe = new ObjectProbe(installation.Store, book);
        foreach (var fault in installation.OpeningFaults.Concat(installation.Writers.Faults))
        {
            book.Add(fault.Target ?? installation.Store.Location, fault);
        }
        var census = await Census.TakeAsync(installation.Store, book, cancel).ConfigureAwait(false);
        var points = new PointCheck(probe, census, installation.Writers, installation.Reserve, book);
        await points.RunAsync(cancel).ConfigureAwait(false);
        var index = await ReadIndexAsync(installation, probe, census, cancel).ConfigureAwait(false);
        foreach (var pack in TierWatch.MissingOf(installation, index, census))
        {
            book.Add(pack.Name, "it is missing");
        }
        var backups = points.Valid.Where(p => !p.Record.IsVoid).Select(p => p.Record).ToList();
        var now = TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone);
        // How old the newest backup of a class is, imported archives do not tell.
        var classes = ClassesOf([.. backups.Where(p => !p.IsImported)], now);
        var lastRun = await new LastRunReader(installation, points, probe).ReadAsync(cancel).ConfigureAwait(false);
        var room = installation.HostView.RoomOf(installation.Store.Location);
        var spares = (installation.Host?.Subjects as SubjectWriter)?.Spares;
        var warnings = new List<string>(installation.Keys?.Warnings ?? []);
        var protection = ProtectionOf(installation.Keys, warnings);
        EscrowState? escrow = installation.Keys is { HasKeyDirectory: true } keys ? KeyEscrowJob.StateOf(keys) : null;
        AddWarnings(installation, lastRun, classes, room, spares, warnings);
        warnings.AddRange(Recovery.TierIsolation.Warnings(installation));
        warnings.AddRange(await TierWatch.WarningsAsync(installation, cancel).ConfigureAwait(false));
        warnings.AddRange(from c in classes
                          from part in backups.First(p => p.Name == c.BackupId).Carried
                          where part.Class == c.DataClass
                          select $"{part.Class} of {c.BackupId} holds what {part.Source} fed into it in {part.From}: {part.Source} failed since.");
        warnings.AddRange(KeyEscrowJob.WarningOf(escrow) is { } unready ? [unready] : []);
        warnings.AddRange(TierCheckReader.Alarms(installation));
        var journal = installation.Journal is null ? null : JournalView.Of(installation.StateFolder);
        warnings.AddRange(journal?.Warning is { } untrusted ? [untrusted] : []);
        var reviews = await ReviewJob.ListAsync(installation, remember: false, cancel).ConfigureAwait(false);
        warnings.AddRange(reviews.Select(r => $"{r.Command} was done WITHOUT its approvals by {r.Actor} on {Display.Time(r.Time)} UTC. Another identity must review it: Complete-StingReview -Id {r.Id}."));
        var damage = book.ToRecords(static _ => null);
        var (deduplication, compression) = RatiosOf(backups, index);
        return new BackupStatus
        {
            Health = HealthOf(lastRun, classes, warnings, damage), Time = now, ConfigurationFile = installation.Configuration?.File, Repository = installation.Store.Location,
            ReservePath = installation.ReserveRoot, ReserveId = installation.Reserve.ToString(), Writer = installation.Host?.Writer.ToString(), LastRun = lastRun,
            Classes = classes, Points = backups.Count, Imported = backups.Count(p => p.IsImported), Store = StoreOf(census), StoreLength = census.Objects.Values.Sum(), RoomFree = room?.Free, RoomTotal = room?.Total,
            DeduplicationRatio = deduplication, CompressionRatio = compression, SparesLeft = spares?.Left, SparesTarget = spares?.Target, KeyProtection = protection, Escrow = escrow,
            ChangeJournal = journal?.Text,
            Contributors = installation.Host is null ? null : installation.Contributors?.Status(),
            Checks = TierCheckReader.Read(installation), OpenReviews = reviews, RolesGiven = installation.Access.IsMapped, Warnings = [.. warnings.Distinct()], Damage = [.. damage],
        };
    }

    private static async ValueTask<RepositoryIndex> ReadIndexAsync(Installation installation, ObjectProbe probe, Census census, CancellationToken cancel)
    {
        var fragments = new List<IndexFragment>();
        foreach (var name in census.Fragments)
        {
            await probe.CheckAsync(name, bytes => fragments.Add(IndexFragment.Read(name, bytes, installation.Reserve, installation.Writers.SigningKeyOf)), cancel).ConfigureAwait(false);
        }
        return new RepositoryIndex(fragments);
    }

    private static ClassStatus[] ClassesOf(List<PointRecord> backups, DateTimeOffset now) =>
    [
        .. backups.SelectMany(p => p.Classes.Select(c => (Point: p, Part: c))).GroupBy(p => p.Part.Class).OrderBy(g => g.Key).Select(group =>
        {
            var (point, part) = group.Last();
            return new ClassStatus
            {
                DataClass = group.Key, BackupId = point.Name, Time = TimeOf(point), Age = now - TimeOf(point), State = StateOf(part.Errors),
                LastSuccess = group.Where(p => p.Part.Errors == 0).Select(p => (DateTimeOffset?)TimeOf(p.Point)).LastOrDefault(), Points = group.LongCount(),
                Subjects = part.Subjects, Items = part.Items, Length = part.Length, Errors = part.Errors,
            };
        }),
    ];

    private static StoreUse[] StoreOf(Census census) =>
    [
        .. census.Objects.GroupBy(o => o.Key[..Math.Max(0, o.Key.IndexOf('/', StringComparison.Ordinal))])
            .Select(g => new StoreUse(g.Key.Length == 0 ? "other" : g.Key, g.LongCount(), g.Sum(o => o.Value))).OrderByDescending(u => u.Length),
    ];

    /// <summary>A chunk that stands in two packs counts twice: it takes the room twice.</summary>
    private static (double? Deduplication, double? Compression) RatiosOf(List<PointRecord> backups, RepositoryIndex index)
    {
        long raw = 0, stored = 0;
        for (var rank = 0; rank < index.Count; rank++)
        {
            if (index.TryPlaceAt(rank, out var place) && place.Segment.Pack.Kind == ObjectKind.DataPack)
            {
                raw += place.Entry.RawLength;
                stored += place.Entry.StoredLength;
            }
        }
        return raw == 0 || stored == 0 ? (null, null) : (backups.Sum(p => p.Classes.Sum(c => (double)c.Length)) / raw, (double)raw / stored);
    }

    private static KeyProtection ProtectionOf(ReserveKeys? keys, List<string> warnings)
    {
        try
        {
            return keys is null ? KeyProtection.NotHere : keys.Protection switch
            {
                KeyFileProtection.Open => KeyProtection.Open,
                KeyFileProtection.KeyVault => KeyProtection.KeyVault,
                _ => KeyProtection.Passphrase,
            };
        }
        catch (StingException e) when (e.ErrorId == "KeyDirectoryMissing")
        {
            return KeyProtection.NotHere;
        }
        catch (StingException e)
        {
            warnings.Add($"{e.Message} {e.Remedy}");
            return KeyProtection.Unknown;
        }
    }

    private static void AddWarnings(
        Installation installation, LastRun? lastRun, ClassStatus[] classes, (long Free, long Total)? room, SpareState? spares, List<string> warnings)
    {
        if (installation.Configuration is { } configuration)
        {
            var options = Installation.KeyOptionsOf(configuration);
            warnings.AddRange(KeyPlaces.CheckVolumes(options));
            warnings.AddRange(KeyPlaces.CheckBesideBackups(options));
            warnings.AddRange(KeyAges.Overdue(installation.Keys, configuration.Keys.RotateDays, installation.Clock.GetUtcNow()));
        }
        if (spares is { IsLow: true })
        {
            warnings.Add(spares.TopsUpItself
                ? $"{spares.Left} of {spares.Target} spare keys are left; this host mints more when a backup needs them."
                : installation.Keys is { HasKeyDirectory: false }
                ? $"{spares.Left} of {spares.Target} spare keys are left for new people and jars. Run Register-StingHost -TopUp on the key role's machine, and take its package in here."
                : $"{spares.Left} of {spares.Target} spare keys are left for new people and jars. Run Repair-StingRepository with the key file's passphrase: it mints more.");
        }
        if (room is var (free, total) && total > 0 && (double)free / total < LowRoom)
        {
            warnings.Add($"Only {Display.Length(free)} of {Display.Length(total)} are free where the repository lies.");
        }
        if (lastRun is { State: JobState.Failed })
        {
            warnings.Add($"Run {lastRun.Sequence} of writer {lastRun.Writer} did not finish. Get-StingBackupLog may say why; the next run uses what it stored.");
        }
        warnings.AddRange(classes.Where(c => c.Errors > 0).Select(c => $"{c.Errors} items of {c.DataClass} could not be read in {c.BackupId}."));
    }

    private static Health HealthOf(LastRun? lastRun, ClassStatus[] classes, List<string> warnings, IReadOnlyList<IntegrityFault> damage) =>
        classes.Length == 0 || damage.Count > 0 || lastRun is { State: JobState.Failed } ? Health.Bad
        : warnings.Count > 0 || lastRun is { State: JobState.CompletedWithErrors } ? Health.Warning
        : Health.Good;

    internal static JobState StateOf(long errors) => errors > 0 ? JobState.CompletedWithErrors : JobState.Completed;

    internal static DateTimeOffset TimeOf(PointRecord point) => NanosecondTime.FromNs(point.TimeNs, point.OffsetMinutes);
}
