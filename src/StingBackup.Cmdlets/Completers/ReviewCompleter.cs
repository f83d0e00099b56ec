using System.Collections;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of what was done on this host without its approvals. Needs no repository.</summary>
public sealed class ReviewCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) => ApprovalDesk.Broken(configuration.StateDirectory);
}
