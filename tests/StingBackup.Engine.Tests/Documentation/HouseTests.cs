using System.Text;
using System.Text.RegularExpressions;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Documentation;

/// <summary>What docs/architecture.md says of the house: no long file, and which arrows between the engine's folders still run up.</summary>
public sealed class HouseTests
{
    /// <summary>The engine's own folder.</summary>
    internal const string Top = "(top)";

    private const int MostLines = 400;

    /// <summary>From the ground up: a folder should use only what stands before it.</summary>
    private static readonly string[] Floors =
    [
        "Platform", "Basics", "Chunking", "Cryptography", "Chroma", "Vault", "Storage", "Reserve", "Jobs", "Limits", "Sources", "Repository", "Keys", "Keeping", "Changes", "Targets", Top, "Governance", "Recovery", "Discovery", "Capture",
        "Guardian", "Integrity", "Tiering", "Restore", "Backup", "Lifecycle", "Operations", "People", "Legacy",
    ];

    [Fact]
    public void No_source_file_is_longer_than_400_lines()
    {
        var separator = Path.DirectorySeparatorChar;
        var files = new[] { "src", "tests", "bench", "build", "module" }.SelectMany(folder => Directory.EnumerateFiles(Path.Join(Golden.Top, folder), "*", SearchOption.AllDirectories))
            .Where(f => Path.GetExtension(f) is ".cs" or ".cshtml" or ".ps1" or ".psm1" or ".sh" or ".bash" or ".py")
            .Where(f => !f.Split(separator).Any(part => part is "bin" or "obj" or "node_modules")).ToList();
        Assert.True(files.Count > 1500);
        Assert.Empty(files.Where(f => File.ReadLines(f).Count() > MostLines).Select(f => Path.GetRelativePath(Golden.Top, f)));
    }

    [Fact]
    public void The_page_of_the_house_has_the_floors_in_their_order()
    {
        var page = File.ReadAllText(Path.Join(Golden.Top, "docs", "architecture.md"));
        var list = page[page.IndexOf("src/StingBackup.Engine/  ", StringComparison.Ordinal)..page.IndexOf("src/StingBackup.Cmdlets/  ", StringComparison.Ordinal)];
        Assert.Equal(Floors, Regex.Matches(list, @"(?<=\n    |  )(?:([A-Z]\w+)/(?=  )|Installation\.cs)").Select(m => m.Groups[1].Success ? m.Groups[1].Value : Top));
    }

    [Fact]
    public void Every_arrow_between_folders_of_the_engine_that_runs_up_is_written_down()
    {
        var arrows = new HouseArrows();
        Assert.Empty(arrows.All.SelectMany(a => new[] { a.From, a.To }).Distinct().Except(Floors));
        var up = arrows.All.Where(a => Array.IndexOf(Floors, a.From) < Array.IndexOf(Floors, a.To)).ToList();
        var page = new StringBuilder($"""
            # Arrows that run up
            The engine's folders, from the ground up; each should use only what stands before it: {string.Join(", ", Floors)}.

            These {up.Sum(a => a.Types.Count)} uses run up all the same. `HouseTests` reads them from the built assembly and fails when one comes or goes without this page.

            | from | to | what uses what |
            |---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var (from, to, types) in up)
        {
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {from} | {to} | {string.Join(", ", types)} |\n");
        }
        Golden.Check("docs/arrows.md", page.ToString());
    }
}
