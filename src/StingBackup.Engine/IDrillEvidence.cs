namespace StingBackup.Engine;

/// <summary>What restore drills have shown, for status and reports (<see cref="Installation.Drills"/>); a test gives its own, and the repository has the others.</summary>
internal interface IDrillEvidence
{
    /// <summary>Drills that count and were held from one moment to another, and when the last one was until then.</summary>
    /// <returns>Null where none was ever held, which is told as such and never as a success.</returns>
    ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel);
}
