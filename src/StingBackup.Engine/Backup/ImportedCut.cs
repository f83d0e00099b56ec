using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>What a run reads instead of the configured sources: something that was captured earlier, by something else.</summary>
/// <param name="Source">Its only source.</param>
/// <param name="Time">The moment that it shows.</param>
/// <param name="Origin">What the point says it was made of.</param>
internal sealed record ImportedCut(ReserveSource Source, DateTimeOffset Time, PointOrigin Origin);
