using System.Globalization;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>The strategy's recovery objectives against what is reached: times by the last tests, losses by the restore points of the last day and the capture of the log.</summary>
public static class TargetReader
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly (string Name, DataClass Class, TimeSpan Target)[] Losses =
    [
        ("User uploads", DataClass.UserFiles, TimeSpan.FromMinutes(15)), ("Honey jars", DataClass.HoneyJars, TimeSpan.FromMinutes(15)),
        ("Metadata", DataClass.Metadata, TimeSpan.Zero), ("Reports", DataClass.Reports, TimeSpan.FromHours(1)),
    ];

    /// <summary>Reads them. Opens no further tier, reads no pack, asks for no key.</summary>
    public static async ValueTask<IReadOnlyList<RecoveryObjective>> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRecoveryTarget");
        var book = await DrillBook.LoadAsync(installation, cancel).ConfigureAwait(false);
        var points = (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Where(p => !p.IsImported && !p.IsVoid).OrderBy(p => p.TimeNs).ToList();
        var targets = DrillKind.All.Select(kind => OfTime(installation, kind, book, points)).ToList();
        foreach (var (name, dataClass, target) in Losses)
        {
            targets.Add(dataClass == DataClass.Metadata ? await OfMetadataAsync(installation, name, target, points, cancel).ConfigureAwait(false) : OfLoss(installation, name, dataClass, target, points));
        }
        return [.. targets];
    }

    private static RecoveryObjective OfTime(Installation installation, DrillKind kind, DrillBook book, List<PointRecord> points)
    {
        var last = book.All.LastOrDefault(e => e.Counts && e.Record.Type == kind.Type && e.Record.Length > 0);
        var (forecast, basis) = kind.Type == RecoveryTestType.Full ? Forecast(installation, book, points) : (null, "");
        return new RecoveryObjective
        {
            Objective = "RTO", Name = kind.Scenario, Target = kind.Target, Reached = last?.Record.Reached, Time = last is null ? null : TimeZoneInfo.ConvertTime(last.Time, installation.Zone),
            Source = last is null ? "" : last.Name[DrillRecord.Prefix.Length..][..16], Forecast = forecast,
            Basis = basis.Length > 0 ? basis : last is null ? $"no test yet: Test-StingRecovery -Type {kind.Type}" : $"the last test, from the {last.Record.Tier} tier, {last.Record.Verdict}",
        };
    }

    /// <summary>
    /// What the whole reserve would take now: its length at the rate of the last test of the complete system, or of what else was restored where there was none; and thawing, as long as that took or as the
    /// archive's slowest class at standard speed promises.
    /// </summary>
    private static (TimeSpan? Time, string Basis) Forecast(Installation installation, DrillBook book, List<PointRecord> points)
    {
        var length = points.SelectMany(p => p.Classes.Select(c => (Point: p, Part: c))).Where(p => p.Part.Class is not (DataClass.Physical or DataClass.Secrets)).GroupBy(p => p.Part.Class).Sum(g => g.Last().Part.Length);
        var measured = book.All.LastOrDefault(e => e.Counts && e.Record.Type == RecoveryTestType.Full && e.Record is { Length: > 0, Recovery.Ticks: > 0 })
            ?? book.All.Where(e => e.Counts && e.Record is { Length: > 0, Recovery.Ticks: > 0 }).MaxBy(e => e.Record.Length);
        if (measured is null)
        {
            return (null, "nothing was measured yet");
        }
        var rate = measured.Record.Length / measured.Record.Recovery.TotalSeconds;
        var thaw = !installation.Tiers.Contains(Tier.Archive) ? TimeSpan.Zero
            : measured.Record is { Type: RecoveryTestType.Full } full ? full.Thaw : LongestThaw(installation);
        return (TimeSpan.FromSeconds(length / rate) + thaw, string.Create(CultureInfo.InvariantCulture, $"{Display.Length(length)} at {Display.Length((long)rate)}/s (test {measured.Record.Type} of {Display.Time(measured.Time)} UTC){(thaw > TimeSpan.Zero ? $", thawing {Display.Duration(thaw)}" : "")}"));
    }

    private static TimeSpan LongestThaw(Installation installation)
    {
        if (!installation.LocationOf(Tier.Archive).StartsWith("glacier://", StringComparison.Ordinal) || installation.Archiving.StorageClass is not { } first)
        {
            return TimeSpan.Zero;
        }
        string[] classes = installation.Archiving.ColdestAfterDays > 0 ? [first, ColdClasses.Coldest] : [first];
        return classes.Max(c => ColdClasses.Duration(c, RetrievalSpeed.Standard)?.To ?? TimeSpan.Zero);
    }

    /// <summary>The longest stretch between whole points of the last day, or since the newest of them: what would have been lost at the worst moment.</summary>
    private static RecoveryObjective OfLoss(Installation installation, string name, DataClass dataClass, TimeSpan target, List<PointRecord> points)
    {
        var now = installation.Clock.GetUtcNow();
        var newest = points.FindLast(p => p.Classes.Any(c => c.Class == dataClass && c.Errors == 0));
        var day = ClassHistory.Of(dataClass, points, now - Day, now, target);
        return new RecoveryObjective
        {
            Objective = "RPO", Name = name, Target = target, Reached = day?.ReachedRpo, Time = newest is null ? null : TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(newest.TimeNs, 0), installation.Zone), Source = newest?.Name ?? "",
            Basis = newest is null ? "no whole restore point yet" : "the longest stretch between whole restore points that reaches into the last 24 hours",
        };
    }

    /// <summary>Rows are lost to nobody while the log is captured: what a server acknowledged is durable here. Without that they are as old as their newest point.</summary>
    private static async ValueTask<RecoveryObjective> OfMetadataAsync(Installation installation, string name, TimeSpan target, List<PointRecord> points, CancellationToken cancel)
    {
        var found = OfLoss(installation, name, DataClass.Metadata, target, points);
        if (installation.Configuration is not { } configuration || CapturePlaces.TryOf(configuration) is not { } places)
        {
            return found with { Basis = $"{found.Basis}; nothing captures the database's log (capture.enabled)" };
        }
        var capture = await new CaptureStatusReader(places, installation.Clock).ReadAsync(cancel).ConfigureAwait(false);
        return capture.Alarm == CaptureAlarm.None
            ? found with { Reached = capture.LagBytes == 0 ? TimeSpan.Zero : capture.Lag, Basis = "the capture of the database's log: how long the oldest byte that is not durable here has waited" }
            : found with { Basis = $"{found.Basis}; the capture of the database's log: {capture.Alarm}. {capture.Message}" };
    }
}
