using StingBackup.Console.CommandLine;

namespace StingBackup.Console.Quickstart;

/// <summary>What the quickstart was asked.</summary>
/// <param name="Reserve">A reserve of one's own, which is read and never written; null for a sample.</param>
/// <param name="Into">The folder in which its own folder is made.</param>
/// <param name="Clean">Whether to remove what earlier ones left.</param>
/// <param name="DryRun">Whether to say only what would be done.</param>
internal sealed record QuickstartOptions(string? Reserve, string Into, bool Clean, bool DryRun)
{
    private static readonly Dictionary<string, (string Name, bool TakesValue, bool IsList)> Known = new(StringComparer.Ordinal)
    {
        ["reserve"] = ("reserve", true, false), ["into"] = ("into", true, false), ["clean"] = ("clean", false, false),
    };

    /// <summary>The help.</summary>
    public static string Help => $"""
        {VerbTable.Backup} {VerbTable.Quickstart} [--reserve DIR] [--into DIR]
        {VerbTable.Backup} {VerbTable.Quickstart} --clean [--into DIR]

        Shows all of it at work: makes a repository, backs up, changes something, backs
        up again, verifies, restores and compares. Needs no server, no key and no right.

        Options:
          --reserve DIR  Your own reserve instead of a sample; it is only read
          --into DIR     Where its folder is made; without it the temporary folder
          --clean        Remove what earlier ones left there
          --dry-run      Say what would be done, and do nothing

        """;

    /// <summary>Reads the words after the command.</summary>
    /// <exception cref="UsageException">They contradict each other, or name no folder.</exception>
    public static QuickstartOptions Read(IEnumerable<string> words)
    {
        var arguments = Arguments.Read(words, Known);
        string? Value(string name) => arguments.Values.TryGetValue(name, out var values) ? Path.GetFullPath(values[0]) : null;
        var options = new QuickstartOptions(Value("reserve"), Value("into") ?? QuickstartFolder.DefaultParent, arguments.Values.ContainsKey("clean"), arguments.Common.DryRun);
        if (options is { Clean: true, Reserve: not null })
        {
            throw new UsageException("--clean and --reserve do not go together.");
        }
        if (options.Reserve is { } reserve && !Directory.Exists(reserve))
        {
            throw new UsageException($"There is no folder {reserve}.");
        }
        if (options.Reserve is { } own && IsWithin(options.Into, own))
        {
            throw new UsageException($"{options.Into} lies in {own}, and the quickstart never writes there. Name another folder with --into.");
        }
        return options;
    }

    // Through links too: a folder by another name is the same folder.
    private static bool IsWithin(string path, string folder)
    {
        var host = new Engine.Reserve.HostView();
        return (host.RealPath(path) + Path.DirectorySeparatorChar).StartsWith(Path.TrimEndingDirectorySeparator(host.RealPath(folder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }
}
