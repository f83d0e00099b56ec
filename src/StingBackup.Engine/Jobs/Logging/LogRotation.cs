using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>Deletes old logs: those older than the days kept, then the oldest until count and room fit. Touches only files that carry a log's name.</summary>
internal static class LogRotation
{
    /// <summary>Deletes, and returns what could not be deleted and why.</summary>
    public static IReadOnlyList<string> Apply(LogSettings settings, DateTimeOffset now)
    {
        var problems = new List<string>();
        var kept = new List<(FileInfo File, LogFileName Name)>();
        foreach (var (file, name) in Files(settings.Directory))
        {
            if (name.Started < now.AddDays(-settings.KeepDays))
            {
                Delete(file, problems);
            }
            else
            {
                kept.Add((file, name));
            }
        }
        var count = kept.Count;
        var total = kept.Sum(k => k.File.Length);
        foreach (var (file, _) in kept)
        {
            if (count <= settings.KeepFiles && total <= settings.MaxTotalSize)
            {
                break;
            }
            count--;
            total -= file.Length;
            Delete(file, problems);
        }
        return problems;
    }

    /// <summary>Log files, oldest first, the parts of a run in order.</summary>
    public static IEnumerable<(FileInfo File, LogFileName Name)> Files(string directory) =>
        Directory.Exists(directory)
            ? new DirectoryInfo(directory).EnumerateFiles("*" + LogFileName.Ending)
                .Select(file => (file, IsLog: LogFileName.TryParse(file.Name, out var name), name))
                .Where(f => f.IsLog)
                .Select(f => (f.file, f.name))
                .OrderBy(f => f.name.Started).ThenBy(f => f.name.Process).ThenBy(f => f.name.Label, StringComparer.Ordinal).ThenBy(f => f.name.Part)
            : [];

    private static void Delete(FileInfo file, List<string> problems)
    {
        try
        {
            file.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{file.FullName}: {e.Message}");
        }
    }
}
