using System.Collections;
using StingBackup.Engine;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes ids of runs, the newest first, each with its type, time and data classes. Needs no key.</summary>
public sealed class BackupIdCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound)
    {
        // Nobody can be asked while a word is completed, and a list of points needs nobody.
        var installation = Installation.OpenAsync(configuration, new InstallationOptions(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        try
        {
            using var catalog = new Catalog(installation, static _ => { });
            return [.. catalog.PointsAsync(new PointQuery(), CancellationToken.None).ToBlockingEnumerable()
                .GroupBy(p => p.BackupId)
                .Select(g => (g.Key, $"{g.First().Type}, {Display.Time(g.First().Time)}: {string.Join(", ", g.Select(p => p.DataClass))}"))
                .Reverse()];
        }
        finally
        {
            installation.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
