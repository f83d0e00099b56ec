using System.Collections;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes jobs of this host that run.</summary>
public sealed class JobCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        JobReader.List(configuration, new JobQuery(), TimeProvider.System).Select(job => (job.Id, job.ToString()));
}
