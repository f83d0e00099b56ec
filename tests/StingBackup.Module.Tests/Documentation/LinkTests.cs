using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>Links within the documentation lead to files and headings that are there, and every page is reached from another one.</summary>
public sealed class LinkTests
{
    private static bool IsOutward(string target) => target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    private static IEnumerable<(DocPage Page, int Line, string Target, string File, string Anchor)> Links => DocPage.All.SelectMany(p => p.Links.Where(l => !IsOutward(l.Target)).Select(l =>
    {
        var (path, anchor) = l.Target.IndexOf('#', StringComparison.Ordinal) is >= 0 and var at ? (l.Target[..at], l.Target[(at + 1)..]) : (l.Target, "");
        var file = path.Length == 0 ? p.Path : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Join(Repository.Root, Path.GetDirectoryName(p.Path), path)));
        return (p, l.Line, l.Target, file, anchor);
    }));

    [Fact]
    public void Every_link_leads_to_a_file_and_a_heading()
    {
        var pages = DocPage.All.ToDictionary(p => p.Path, StringComparer.Ordinal);
        var dead = Links.Where(l => !Path.Exists(Path.Join(Repository.Root, l.File)) || (l.Anchor.Length > 0 && pages.TryGetValue(l.File, out var page) && !page.Anchors.Contains(l.Anchor)))
            .Select(l => $"{l.Page.Path}:{l.Line}: {l.Target}").ToList();
        Assert.True(dead.Count == 0, $"Links that lead nowhere:\n{string.Join('\n', dead)}");
    }

    [Fact]
    public void Every_page_is_reached_from_the_README()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { "README.md" };
        var links = Links.ToLookup(l => l.Page.Path, l => l.File, StringComparer.Ordinal);
        for (var last = 0; last != reached.Count;)
        {
            last = reached.Count;
            reached.UnionWith(reached.SelectMany(p => links[p]).ToList());
        }
        var lost = DocPage.All.Select(p => p.Path).Where(p => !reached.Contains(p)).ToList();
        Assert.True(lost.Count == 0, $"Nothing leads to {string.Join(", ", lost)}.");
    }
}
