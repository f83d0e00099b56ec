namespace StingBackup.Engine.Operations.Drills;

/// <summary>What restore drills have shown, for status and reports (<see cref="Installation.Drills"/>); a test gives its own.</summary>
internal interface IDrillEvidence
{
    /// <summary>Drills that count and were held from one moment to another, and when the last one was until then.</summary>
    /// <returns>Null where none was ever held, which is told as such and never as a success.</returns>
    ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel);
}

/// <summary>Reads the signed evidence in the repository. What is damaged, or no evidence of its kind, does not count.</summary>
internal sealed class RecordedDrills : IDrillEvidence
{
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
