namespace StingBackup.Engine.Operations.Drills;

/// <summary>Reads the signed evidence in the repository. What is damaged, or no evidence of its kind, does not count.</summary>
internal sealed class RecordedDrills : IDrillEvidence
{
    /// <summary>What an installation's drills have shown.</summary>
    public static ValueTask<DrillSummary?> SumAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel) =>
        (installation.Drills ?? new RecordedDrills()).ReadAsync(installation, from, to, cancel);

    public async ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        var counted = (await DrillBook.LoadAsync(installation, cancel).ConfigureAwait(false)).All.Where(e => e.Counts && e.Time < to).ToList();
        if (counted.Count == 0)
        {
            return null;
        }
        DateTimeOffset? Time(DrillEvidence? evidence) => evidence is null ? null : TimeZoneInfo.ConvertTime(evidence.Time, installation.Zone);
        var within = counted.Where(e => e.Time >= from).ToList();
        return new DrillSummary(within.Count, within.Count(Passed), Time(counted[^1]), Time(counted.FindLast(Passed)));
    }

    private static bool Passed(DrillEvidence evidence) => evidence.Record.Verdict == RecoveryVerdict.Passed;
}
