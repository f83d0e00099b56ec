using System.Diagnostics;
using System.Globalization;
using StingBackup.Fixtures.PostgreSql;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Bench.Sites;

/// <summary>
/// Keeps an imitated STING installation up, for scripts and by hand: its servers, its folders, and a repository with a configuration beside it. Reads commands, a line each, and
/// answers each with a line; ends with its input.
/// </summary>
internal static class SiteCommand
{
    public static async Task<int> RunAsync(string folder, StingSiteOptions options)
    {
        if (PostgresBinaries.Missing is { } missing)
        {
            Console.Error.WriteLine(missing);
            return 1;
        }
        var watch = Stopwatch.StartNew();
        await using var site = await StingSite.CreateAsync(Path.Join(folder, "site"), options);
        var configuration = await site.ProtectAsync(Path.Join(folder, "backup"), TimeProvider.System);
        var plan = site.Plan;
        Say($"ready in {watch.Elapsed.TotalSeconds:F1} s: {plan.People.Count} people, {plan.Uploads.Count} uploads of {plan.Uploads.Sum(u => u.Size) / 1e6:F1} MB, {plan.Jars.Count} jars with {plan.Documents.Count} documents of {plan.Documents.Sum(d => d.Size) / 1e6:F1} MB");
        Say($"configuration {configuration}");
        Say($"vault {site.Vault.Address}");
        Say($"postgresql {site.Cluster.Root} {site.Cluster.Port}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case ["tick", var seed]:
                    await TickAsync(site, seed, "0.05");
                    break;
                case ["tick", var seed, var share]:
                    await TickAsync(site, seed, share);
                    break;
                case ["reads"]:
                    // Since it was last asked.
                    Say($"reads {site.Vault.DataReads} values, {site.Vault.Log.Count} requests");
                    site.Vault.Log.Clear();
                    break;
                case []:
                    break;
                default:
                    Say($"error '{line}' is no command: tick SEED [SHARE], reads");
                    break;
            }
        }
        return 0;
    }

    private static async Task TickAsync(StingSite site, string seed, string share)
    {
        var tick = await site.TickAsync(int.Parse(seed, CultureInfo.InvariantCulture), double.Parse(share, CultureInfo.InvariantCulture));
        site.Vault.Log.Clear();
        Say($"ticked {tick.Secrets} secrets of {tick.SecretBytes / 1e6:F1} MB, {tick.Files} files of {tick.FileBytes / 1e6:F1} MB, {tick.Rows} rows of {tick.RowGroups} owners' tables");
    }

    private static void Say(FormattableString text)
    {
        Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        Console.Out.Flush();
    }
}
