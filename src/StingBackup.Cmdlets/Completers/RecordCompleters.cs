using System.Collections;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes erasures that can be stopped.</summary>
public sealed class ErasureCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        ErasureJob.List(configuration).Where(erasure => erasure.State == ErasureState.Pending).Select(erasure => (erasure.Id, $"{erasure.Subject}, due {Display.Time(erasure.DueTime)}"));
}

/// <summary>Completes legal holds that stand.</summary>
public sealed class LegalHoldCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        LegalHolds.List(configuration).Select(hold => (hold.Id, $"{hold.Subject}: {hold.Reason}"));
}

/// <summary>Completes retrievals from the archive tier that this host has asked for.</summary>
public sealed class RetrievalCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        RetrievalJob.List(configuration).Select(retrieval => (retrieval.Id, $"{retrieval.Scope}, {Display.Time(retrieval.Created)}"));
}
