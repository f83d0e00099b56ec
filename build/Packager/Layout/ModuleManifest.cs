using System.Text.RegularExpressions;

namespace StingBackup.Packager.Layout;

/// <summary>What <c>StingBackup.psd1</c> says, as far as packages say it too.</summary>
internal sealed record ModuleManifest
{
    /// <summary>Who made it.</summary>
    public required string Author { get; init; }
    /// <summary>Whose it is.</summary>
    public required string Copyright { get; init; }
    /// <summary>What it is.</summary>
    public required string Description { get; init; }
    /// <summary>Where to look.</summary>
    public required string ProjectUri { get; init; }
    /// <summary>What is new.</summary>
    public required string ReleaseNotes { get; init; }
    /// <summary>Words to find it by.</summary>
    public required IReadOnlyList<string> Tags { get; init; }
    /// <summary>Its cmdlets and functions.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>Reads one: a text of ours, whose shape is known.</summary>
    /// <exception cref="PackageException">Something is not there.</exception>
    public static ModuleManifest Read(string path)
    {
        var text = File.ReadAllText(path);
        string Value(string key) => Regex.Match(text, $@"^\s*{key}\s*=\s*'(?<value>(?:[^']|'')*)'\s*$", RegexOptions.Multiline) is { Success: true } match
            ? match.Groups["value"].Value.Replace("''", "'", StringComparison.Ordinal) : throw new PackageException($"{path} has no {key}.");
        IReadOnlyList<string> List(string key) => Regex.Match(text, $@"^\s*{key}\s*=\s*@\((?<items>[^)]*)\)", RegexOptions.Multiline) is { Success: true } match
            ? [.. Regex.Matches(match.Groups["items"].Value, "'([^']+)'").Select(m => m.Groups[1].Value)] : throw new PackageException($"{path} has no {key}.");
        return new ModuleManifest
        {
            Author = Value("Author"), Copyright = Value("Copyright"), Description = Value("Description"), ProjectUri = Value("ProjectUri"), ReleaseNotes = Value("ReleaseNotes"),
            Tags = List("Tags"), Commands = [.. List("CmdletsToExport"), .. List("FunctionsToExport")],
        };
    }
}
