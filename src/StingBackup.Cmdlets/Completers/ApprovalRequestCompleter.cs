using System.Collections;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of open requests, each with what it asks. Needs no repository.</summary>
public sealed class ApprovalRequestCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) => ApprovalDesk.Open(configuration.StateDirectory);
}
