using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// Fills the archive tier: restore points that are old enough, and what they reach, recut into cold packs. Moves ciphertext and needs no key. Whoever syncs tiers calls it once a day; called again it goes
/// on where it was broken off, and does nothing twice.
/// </summary>
public static class ColdRecut
{
    /// <summary>What would enter now. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="source">Where packs are read: the local tier, or a store that reads through to others; null for the local one.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, <c>NotAllowedToMaintain</c>, <c>LedgerShort</c>, and as the stores' own</exception>
    public static async ValueTask<ArchivePlan> PlanAsync(Installation installation, IObjectStore? source, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        Maintenance.Require(installation.Writers, installation.Writer);
        source ??= installation.Store;
        ColdSurvey? survey = null;
        await foreach (var _ in JobStream.RunAsync(installation.Clock, async (output, token) => survey = await ColdSurvey.TakeAsync(installation, source, output, token).ConfigureAwait(false), cancel).ConfigureAwait(false))
        {
            // Progress of a plan is told to nobody.
        }
        return new ArchivePlan
        {
            Source = source.Location, Archive = survey!.Archive.Store.Location, StorageClass = !survey.Archive.Store.Location.StartsWith("glacier://", StringComparison.Ordinal) ? "" : installation.Archiving.StorageClass ?? "",
            Points = survey.Points.Count, Younger = survey.Younger, Bands = survey.Bands.Select(band => new ArchiveBand(band.End, band.Rows.Length, band.Length)).ToArray(),
            Meta = new PackSum(survey.Meta.Count, survey.Meta.Sum(pack => pack.Length)),
        };
    }

    /// <summary>Fills the tier, as far as it can now. The last event is a <see cref="CompletedEvent"/> with an <see cref="ArchiveResult"/>.</summary>
    /// <inheritdoc cref="PlanAsync"/>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, IObjectStore? source, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        return JobStream.RunAsync(installation, "archive-tier", async (output, token) => await RunAsync(installation, source, output, token).ConfigureAwait(false), cancel);
    }

    /// <summary>The same within another job.</summary>
    internal static Task<ArchiveResult> RunAsync(Installation installation, IObjectStore? source, JobOutput output, CancellationToken cancel)
    {
        Maintenance.Require(installation.Writers, installation.Writer);
        return new ColdRun(installation, source ?? installation.Store, output).RunAsync(cancel);
    }

    /// <summary>What the archive tier holds, for those that let packs of hotter tiers go.</summary>
    internal static ValueTask<ArchiveIndex> LoadIndexAsync(Installation installation, CancellationToken cancel) => ArchiveIndex.LoadAsync(installation, cancel);
}
