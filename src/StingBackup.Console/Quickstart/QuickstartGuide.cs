using StingBackup.Console.CommandLine;
using StingBackup.Engine.Reserve;

namespace StingBackup.Console.Quickstart;

/// <summary>Where to look next: commands that can be copied as they stand.</summary>
internal static class QuickstartGuide
{
    /// <summary>The text.</summary>
    public static string Of(string folder, string configuration, string first, string second, bool isSample)
    {
        var next = new List<(string Title, string Command)>
        {
            ("See what changed between the two backups", Command(VerbTable.Backup, "diff", $"--from={first}", $"--to={second}", $"--config={configuration}")),
            ("Look into the first one", Command(VerbTable.Backup, "browse", $"--backup-id={first}", "--recurse", $"--config={configuration}")),
            (isSample ? "Bring one kind of file back from it" : "Bring it back, into a folder of its own", isSample
                ? Command(VerbTable.Restore, "file", "--file=*.csv", $"--backup-id={first}", $"--destination={Path.Join(folder, "again")}", $"--config={configuration}")
                : Command(VerbTable.Restore, "full", $"--backup-id={first}", $"--destination={Path.Join(folder, "again")}", "--confirm", $"--config={configuration}")),
        };
        var lines = next.SelectMany(n => new[] { $"  # {n.Title}", $"  {n.Command}" });
        return $"""
            Where to look next:
            {string.Join('\n', lines)}

            The configuration file explains every setting: {configuration}
            To remove all of it: {CleanUp(folder)}
            """;
    }

    /// <summary>The command that removes what quickstarts left where this one was.</summary>
    public static string CleanUp(string folder) => Path.GetDirectoryName(folder) is var parent && parent == QuickstartFolder.DefaultParent
        ? Command(VerbTable.Backup, VerbTable.Quickstart, "--clean") : Command(VerbTable.Backup, VerbTable.Quickstart, "--clean", $"--into={parent}");

    private static string Command(string program, params string[] arguments) => string.Join(' ', arguments.Select(Quote).Prepend(Quote(ProgramPath(program))));

    // Shortest from where the person stands; a bare name would need the folder on the path.
    private static string ProgramPath(string program)
    {
        var path = Path.Join(AppContext.BaseDirectory, program);
        // What a package put on the path outlives the folder that runs today.
        var packaged = Path.Join("/usr/bin", program);
        if (File.Exists(packaged) && Path.GetDirectoryName(new HostView().RealPath(packaged)) == Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))
        {
            return program;
        }
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : Path.Join(".", relative);
    }

    private static string Quote(string word) =>
        word.All(c => char.IsLetterOrDigit(c) || c is '/' or '\\' or '.' or '-' or '_' or '=' or ':' or '@' or '+') ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
