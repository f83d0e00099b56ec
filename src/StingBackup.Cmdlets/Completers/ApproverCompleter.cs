using System.Collections;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of approvers that are enrolled, each with his name. Needs no key.</summary>
public sealed class ApproverCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound)
    {
        var installation = Installation.OpenAsync(configuration, new InstallationOptions(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        try
        {
            return [.. ApproverJobs.ListAsync(installation, CancellationToken.None).AsTask().GetAwaiter().GetResult().Approvers.Where(a => a.State == ApproverState.Enrolled).Select(a => (a.Id, a.Name))];
        }
        finally
        {
            installation.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
