using System.Collections;
using StingBackup.Engine;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of recovery tests, the newest first, each with its type, time and verdict. Needs no key.</summary>
public sealed class RecoveryTestCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound)
    {
        var installation = Installation.OpenAsync(configuration, new InstallationOptions(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        try
        {
            return [.. DrillReader.ReadAsync(installation, new RecoveryTestQuery(), static _ => { }, CancellationToken.None).ToBlockingEnumerable().Select(t => (t.Id, t.ToString()))];
        }
        finally
        {
            installation.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
