using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>What of the settings storage depends on.</summary>
/// <param name="Retention">Days and thinning.</param>
/// <param name="Archiving">How the archive is filled.</param>
/// <param name="PruneGrace">How long what is condemned stays.</param>
/// <param name="MaxWaste">Share of a pack, 0 to 1, that may be unneeded.</param>
/// <param name="HasRemote">Whether there is a remote tier.</param>
/// <param name="HasArchive">Whether there is an archive.</param>
/// <param name="Every">Time between two runs.</param>
internal sealed record ForecastPolicy(RetentionSettings Retention, ArchiveOptions Archiving, TimeSpan PruneGrace, double MaxWaste, bool HasRemote, bool HasArchive, TimeSpan Every)
{
    /// <summary>How long packs become.</summary>
    public PackSizes Sizes { get; init; } = PackSizes.Default;

    /// <summary>Bytes of a segment's header and its place in a footer or fragment: most of it the sealed key.</summary>
    public double SegmentLength { get; init; } = ForecastMeasure.AssumedSegment;

    /// <summary>In which order a run takes data classes: what is taken one after the other shares packs.</summary>
    public IReadOnlyList<DataClass> Priority { get; init; } = ScheduleSettings.Priority.Default;

    /// <summary>That of an installation.</summary>
    public static ForecastPolicy Of(Installation installation, TimeSpan every) => new(installation.Retention, installation.Archiving, installation.PruneGrace, installation.MaxWaste,
        installation.FurtherTiers.ContainsKey(Tier.Remote), installation.FurtherTiers.ContainsKey(Tier.Archive), every) { Sizes = installation.PackSizes, Priority = installation.Priority };
}
