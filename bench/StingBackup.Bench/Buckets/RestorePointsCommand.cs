using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Bench.Trees;
using StingBackup.Engine.Restore;

namespace StingBackup.Bench.Buckets;

/// <summary>
/// Restores run after run from a repository, each into a folder of its own, and compares it with the copy of the reserve that was taken beside the run. Who was erased is left out on both sides, and must not come back.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class RestorePointsCommand
{
    /// <param name="configuration">Whose repository.</param>
    /// <param name="copies">A folder of copies, each named by its run.</param>
    /// <param name="erasedFile">Erased people, a line each.</param>
    /// <param name="scratch">Where to restore to.</param>
    public static async Task<int> RunAsync(string configuration, string copies, string erasedFile, string scratch)
    {
        var erased = File.ReadAllLines(erasedFile).Where(l => l.Length > 0).Select(l => $"users/{l}").ToArray();
        int good = 0, bad = 0;
        await using var installation = await SweepCommand.OpenAsync(configuration, TimeProvider.System);
        foreach (var copy in Directory.GetDirectories(copies).Order(StringComparer.Ordinal))
        {
            var (id, target) = (Path.GetFileName(copy), Path.Join(scratch, "restored"));
            Directory.CreateDirectory(target);
            var problem = await LookAsync(installation, id, copy, target, erased);
            if (problem is not null)
            {
                bad++;
                Console.WriteLine($"{id}: {problem}");
            }
            else
            {
                good++;
            }
            Directory.Delete(target, recursive: true);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{good} restored as they were, {bad} not"));
        return bad == 0 && good > 0 ? 0 : 1;
    }

    private static async Task<string?> LookAsync(Engine.Installation installation, string id, string copy, string target, string[] erased)
    {
        try
        {
            var errors = new List<StingException>();
            var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, BackupId = id, Destination = target }, default);
            await SweepCommand.ResultOfAsync(RestoreJob.RunAsync(installation, plan, default), errors.Add);
            if (errors.Find(e => e.ErrorId != "SubjectErased") is { } error)
            {
                return error.Message;
            }
            var (expected, actual) = (Lines(copy), Lines(target));
            if (actual.Keys.FirstOrDefault(path => erased.Any(e => IsBelow(path, e))) is { } back)
            {
                return $"'{back}' is of somebody who was erased";
            }
            var lacking = expected.Where(e => !erased.Any(gone => IsBelow(e.Key, gone)) && actual.GetValueOrDefault(e.Key) != e.Value).ToList();
            return lacking.Count > 0 ? $"{lacking.Count} items differ, such as '{lacking[0].Key}': {lacking[0].Value} | {actual.GetValueOrDefault(lacking[0].Key) ?? "missing"}"
                : actual.Keys.Except(expected.Keys).FirstOrDefault() is { } more ? $"'{more}' was not there" : null;
        }
        catch (StingException e)
        {
            return $"{e.ErrorId}: {e.Message}";
        }
    }

    private static bool IsBelow(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static Dictionary<string, string> Lines(string root) =>
        TreeHash.Items(root).Select(i => (Path: Encoding.UTF8.GetString(i.Path), i.Line)).ToDictionary(i => i.Path, i => i.Line, StringComparer.Ordinal);
}
