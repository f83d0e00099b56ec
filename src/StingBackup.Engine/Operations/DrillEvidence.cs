namespace StingBackup.Engine.Operations;

/// <summary>What restore drills have shown, for status, reports, metrics. The one place where these ask: whoever makes drills gives a reader of their evidence here (<see cref="Installation.Drills"/>).</summary>
internal interface IDrillEvidence
{
    /// <summary>Drills that ended from one moment to another.</summary>
    /// <returns>Null where none was ever made, which is told as such and never as a success.</returns>
    ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel);
}

/// <summary>No drill was ever made.</summary>
internal sealed class NoDrills : IDrillEvidence
{
    public ValueTask<DrillSummary?> ReadAsync(Installation installation, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel) => ValueTask.FromResult<DrillSummary?>(null);
}
