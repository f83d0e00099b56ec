using System.Globalization;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Costs;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>Puts a month's report together, from what is signed: restore points, audit chains, drops, erasures; and from listings of the tiers. Reads no pack, asks for no key, changes nothing.</summary>
public static class ReportReader
{
    /// <summary>Reads a month.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="month"><c>yyyy-MM</c>; null for the month that it is.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>MonthNotUnderstood</c>, <c>MonthNotBegun</c>, <c>StoreUnavailable</c> of the local tier; another tier that is away is an exception within the report.</exception>
    public static async ValueTask<BackupReport> ReadAsync(Installation installation, string? month, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingBackupReport");
        ArgumentNullException.ThrowIfNull(installation);
        var now = TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone);
        var when = ReportMonth.Parse(month, installation.Zone, now);
        var to = when.End < now ? when.End : now;
        // As they were made: what retention let go since was there.
        var points = (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Where(p => !p.IsImported).ToList();
        var runs = RunsOf(points, installation, when.From, to);
        var status = await StatusReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var audit = await AuditReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var exceptions = new List<string>();
        var tiers = await TiersOfAsync(installation, exceptions, cancel).ConfigureAwait(false);
        var book = installation.Keys is { HasKeyDirectory: true } ? ErasureJob.Book(installation) : null;
        var report = new BackupReport
        {
            Month = when.Name, From = when.From, To = to, IsWhole = when.End <= now, CreatedTime = now, ReserveId = installation.Reserve.ToString(), Repository = installation.Store.Location,
            Runs = SumOf(runs), RunList = runs.ToArray(), Classes = ClassesOf(points, installation, when.From, to), Tiers = tiers.ToArray(), DeduplicationRatio = status.DeduplicationRatio, CompressionRatio = status.CompressionRatio,
            LetGo = await LetGoAsync(installation, when.From, to, cancel).ConfigureAwait(false), Erasures = book is null ? null : ErasuresOf(book, when.From, to),
            ErasuresOpen = book?.Erasures.LongCount(erasure => erasure.State is ErasureState.Pending or ErasureState.Incomplete), Access = AccessOf(audit, when.From, to), AuditRecords = audit.Count,
            AuditFaults = audit.LongCount(entry => entry.State != AuditState.Sound), Damage = status.Damage.Count, Regulations = [], Exceptions = [],
            Deduplication = DeduplicationOf(points, when.From, to), Drills = await RecordedDrills.SumAsync(installation, when.From, to, cancel).ConfigureAwait(false),
        };
        return report with { Regulations = RegulationCheck.Of(report, installation, book), Exceptions = [.. ExceptionsOf(report), .. exceptions, .. status.Warnings] };
    }

    internal static List<ReportedRun> RunsOf(IEnumerable<PointRecord> points, Installation installation, DateTimeOffset from, DateTimeOffset to) =>
    [
        .. points.Where(p => StatusReader.TimeOf(p) is var time && time >= from && time < to).OrderBy(p => p.TimeNs).ThenBy(p => p.Sequence).Select(point =>
        {
            var errors = point.Classes.Sum(c => c.Errors);
            return new ReportedRun
            {
                BackupId = point.IsVoid ? null : point.Name, Type = point.IsVoid ? null : point.Type, State = point.IsVoid ? JobState.Failed : StatusReader.StateOf(errors), Time = StatusReader.TimeOf(point), Errors = errors,
                Duration = point.IsVoid ? null : TimeSpan.FromTicks(Math.Max(0, point.CompletedNs - point.TimeNs) / 100), HostName = installation.Writers.Find(point.Writer)?.HostName ?? point.Writer.ToString(), BytesNew = point.Deduplication?.New,
            };
        }),
    ];

    /// <summary>Of the runs that counted, by what they signed.</summary>
    private static ReportedDeduplication? DeduplicationOf(IEnumerable<PointRecord> points, DateTimeOffset from, DateTimeOffset to)
    {
        var counted = points.Where(p => StatusReader.TimeOf(p) is var time && time >= from && time < to).Select(p => p.Deduplication).OfType<PointDeduplication>().ToList();
        return counted.Count == 0 ? null : new ReportedDeduplication { Runs = counted.Count, WholeFiles = counted.Sum(c => c.WholeFiles), Blocks = counted.Sum(c => c.Blocks), New = counted.Sum(c => c.New) };
    }

    internal static ReportedRuns SumOf(List<ReportedRun> runs)
    {
        var durations = runs.Where(run => run.Duration is not null).Select(run => run.Duration!.Value).Order().ToList();
        return new ReportedRuns
        {
            Total = runs.Count, Completed = runs.LongCount(run => run.State == JobState.Completed), WithErrors = runs.LongCount(run => run.State == JobState.CompletedWithErrors),
            Failed = runs.LongCount(run => run.State == JobState.Failed), MedianDuration = durations.Count == 0 ? null : durations[durations.Count / 2], LongestDuration = durations.Count == 0 ? null : durations[^1],
        };
    }

    private static ReportedClass[] ClassesOf(IReadOnlyList<PointRecord> points, Installation installation, DateTimeOffset from, DateTimeOffset to)
    {
        var backups = points.Where(p => !p.IsVoid).ToList();
        return [.. Enum.GetValues<DataClass>().Select(c => ClassHistory.Of(c, backups, from, to, ClassHistory.TargetOf(c, installation.Configuration))).OfType<ReportedClass>()];
    }

    private static async ValueTask<List<ReportedTier>> TiersOfAsync(Installation installation, List<string> exceptions, CancellationToken cancel)
    {
        var tiers = new List<ReportedTier>();
        foreach (var tier in installation.Tiers)
        {
            long? objects = 0, length = 0;
            try
            {
                var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
                await foreach (var item in store.ListAsync("", cancel).ConfigureAwait(false))
                {
                    objects++;
                    length += item.Length;
                }
            }
            catch (StingException e) when (tier != Tier.Local)
            {
                exceptions.Add($"The {tier} tier could not be looked at: {e.Message}");
                (objects, length) = (null, null);
            }
            tiers.Add(new ReportedTier { Tier = tier, Location = installation.LocationOf(tier), Objects = objects, Length = length, PricePerGigabyte = CostReader.PriceOf(installation, tier) });
        }
        return tiers;
    }

    private static async ValueTask<long> LetGoAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        var drops = await DropBook.LoadAsync(installation.Store, installation.Reserve, installation.Writers, [], cancel).ConfigureAwait(false);
        return drops.Records.Where(drop => NanosecondTime.FromNs(drop.TimeNs, 0) is var time && time >= from && time < to).Sum(drop => (long)drop.Parts.Count);
    }

    private static ReportedErasure[] ErasuresOf(ErasureBook book, DateTimeOffset from, DateTimeOffset to) =>
    [
        .. book.Erasures.Where(erasure => erasure.State == ErasureState.Completed).Select(erasure => new ReportedErasure(erasure.Id.ToString(), NanosecondTime.FromNs(erasure.RequestedNs, 0), NanosecondTime.FromNs(erasure.ErasedNs, 0)) { Certificate = book.CertificateOf(erasure.Id) })
            .Where(erasure => erasure.ErasedTime >= from && erasure.ErasedTime < to),
    ];

    private static ReportedAccess[] AccessOf(IReadOnlyList<AuditEntry> audit, DateTimeOffset from, DateTimeOffset to) =>
    [
        .. audit.Where(entry => entry is { State: AuditState.Sound, Time: { } time, Event: not null } && time >= from && time < to).GroupBy(entry => (entry.Command, Event: entry.Event!.Value))
            .Select(group => new ReportedAccess(group.Key.Command, group.Key.Event, group.LongCount(), group.Select(entry => entry.Actor).Distinct(StringComparer.Ordinal).LongCount()))
            .OrderBy(access => access.Command, StringComparer.Ordinal).ThenBy(access => access.Event),
    ];

    private static IEnumerable<string> ExceptionsOf(BackupReport report)
    {
        if (report.Runs.Failed > 0)
        {
            yield return Text($"{report.Runs.Failed:N0} runs committed nothing.");
        }
        if (report.Runs.WithErrors > 0)
        {
            yield return Text($"{report.Runs.WithErrors:N0} runs had items that could not be read: {report.RunList.Sum(run => run.Errors):N0} in all.");
        }
        foreach (var missed in report.Classes.Where(c => !c.IsReached))
        {
            yield return missed.ReachedRpo is { } reached ? Text($"{missed.DataClass}: {(missed.Misses == 1 ? "once" : Text($"{missed.Misses:N0} times"))} more than {Display.Interval(missed.TargetRpo)} lay between two whole restore points, {Display.Duration(reached)} at most.")
                : $"{missed.DataClass}: there is no restore point in which every item could be read.";
        }
        if (report.Drills is { } drills && drills.Succeeded < drills.Count)
        {
            yield return Text($"{drills.Count - drills.Succeeded:N0} of {drills.Count:N0} restore drills failed.");
        }
        if (report.AuditFaults > 0)
        {
            yield return Text($"{report.AuditFaults:N0} records of the audit chains are not sound: Get-StingAuditEvent tells which.");
        }
        if (report.Damage > 0)
        {
            yield return Text($"{report.Damage:N0} objects are damaged or missing: run Test-StingBackupIntegrity.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
