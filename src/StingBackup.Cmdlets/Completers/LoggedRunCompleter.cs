using System.Collections;
using StingBackup.Engine.Jobs.Logging;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of runs that this host has logs of, the newest first.</summary>
public sealed class LoggedRunCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        LogReader.Runs(configuration.Log.Directory).Reverse().Select(r => (r, ""));
}
