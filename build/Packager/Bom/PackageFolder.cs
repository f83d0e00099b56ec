using System.Xml.Linq;

namespace StingBackup.Packager.Bom;

/// <summary>The folder in which NuGet keeps what the registry gave, with what each package says of itself.</summary>
/// <param name="path">The folder.</param>
/// <param name="sharedTexts">The project's folder with texts of licences, by their SPDX name.</param>
internal sealed class PackageFolder(string path, string sharedTexts)
{
    private static readonly string[] TextNames = ["LICENSE", "LICENCE", "NOTICE", "THIRD-PARTY-NOTICES", "COPYING"];

    /// <summary>The folder of this user.</summary>
    public static string Default => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named ? named
        : Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>A part with licence, owner and texts.</summary>
    /// <exception cref="PackageException">It does not say under which licence it is.</exception>
    public Component Describe(Component component)
    {
        var folder = Path.Join(path, component.Name.ToLowerInvariant(), component.Version.ToLowerInvariant());
        var nuspec = Path.Join(folder, $"{component.Name.ToLowerInvariant()}.nuspec");
        if (!File.Exists(nuspec))
        {
            throw new PackageException($"{component.Name} {component.Version} is not at {folder}: nothing tells its licence.");
        }
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single(e => e.Name.LocalName == "metadata");
        string Value(string name) => metadata.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim() ?? "";
        var licence = metadata.Elements().FirstOrDefault(e => e.Name.LocalName == "license" && (string?)e.Attribute("type") == "expression")?.Value.Trim();
        var own = Directory.EnumerateFiles(folder).Concat(Directory.Exists(Path.Join(folder, "runtimes")) ? Directory.EnumerateFiles(Path.Join(folder, "runtimes")) : [])
            .Where(f => TextNames.Contains(Path.GetFileNameWithoutExtension(f).ToUpperInvariant())).Order(StringComparer.Ordinal).ToList();
        return component with
        {
            Licence = licence ?? throw new PackageException($"{component.Name} {component.Version} does not name its licence as SPDX does."),
            Copyright = Value("copyright") is { Length: > 0 } owner ? owner : Value("authors"),
            Site = Value("projectUrl"),
            Texts = own.Any(f => Path.GetFileName(f).StartsWith("LICEN", StringComparison.OrdinalIgnoreCase)) ? [.. own.Select(Text)] : [Shared(licence), .. own.Select(Text)],
        };
    }

    /// <summary>A licence's text, where a package brings none.</summary>
    /// <exception cref="PackageException">There is none: somebody has to read the licence first.</exception>
    public string Shared(string licence)
    {
        var file = Path.Join(sharedTexts, $"{licence}.txt");
        return File.Exists(file) ? Text(file) : throw new PackageException($"A part is under {licence}, whose text is not in {sharedTexts}.");
    }

    private static string Text(string file) => File.ReadAllText(file).ReplaceLineEndings("\n").Trim('\uFEFF', '\n', ' ') + "\n";
}
