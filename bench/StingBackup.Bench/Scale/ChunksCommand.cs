using System.Globalization;
using StingBackup.Bench.Buckets;
using StingBackup.Engine.Repository;

namespace StingBackup.Bench.Scale;

/// <summary>How many chunks a repository's index names.</summary>
internal static class ChunksCommand
{
    public static async Task<int> RunAsync(string configuration)
    {
        await using var installation = await SweepCommand.OpenAsync(configuration, TimeProvider.System);
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, CancellationToken.None);
        Console.WriteLine(view.Index.Count.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
