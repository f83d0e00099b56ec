using System.Collections;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes whose anomalies may be open: people, honey jars, and the reserve as a whole.</summary>
public sealed class AnomalyCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        [.. UserCompleter.Of(configuration), .. JarCompleter.Of(configuration), ("all", "the reserve as a whole")];
}
