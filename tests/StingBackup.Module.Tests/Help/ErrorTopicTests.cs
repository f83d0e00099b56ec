using System.Text.RegularExpressions;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Help;

/// <summary>about_StingBackup_Errors lists exactly the ids that the sources can raise.</summary>
public sealed partial class ErrorTopicTests
{
    // An id stands right before its kind; the kind may be chosen by a condition.
    [GeneratedRegex(@"""(?<id>[A-Z][A-Za-z0-9]+)"",\s*[^;""]{0,80}?FailureKind\.")]
    private static partial Regex Raised();

    [GeneratedRegex(@"^### (?<id>[A-Z][A-Za-z0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Listed();

    private static string Topic => File.ReadAllText(Path.Combine(Repository.Help, "about_StingBackup_Errors.md"));

    // Where an id is chosen by a condition or a table, it is one of the file's compound words in Pascal case.
    [GeneratedRegex(@"new StingException\(\s*[^""\s)]")]
    private static partial Regex Chosen();

    [GeneratedRegex(@"""(?<id>[A-Z][a-z]+(?:[A-Z][a-z]+)+)""")]
    private static partial Regex Word();

    private static IEnumerable<string> Sources => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText);

    [GeneratedRegex(@"new (?:StingException)?\(\s*""(?<id>[A-Z][A-Za-z0-9]+)"",\s*FailureKind\.(?<kind>\w+)")]
    private static partial Regex Plain();

    /// <summary>The kinds of each id, where they stand right behind it.</summary>
    internal static Dictionary<string, IReadOnlyList<FailureKind>> KindsInSources() => Sources.SelectMany(text => Plain().Matches(text)).GroupBy(m => m.Groups["id"].Value, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => (IReadOnlyList<FailureKind>)[.. g.Select(m => Enum.Parse<FailureKind>(m.Groups["kind"].Value)).Distinct()], StringComparer.Ordinal);

    private static SortedSet<string> IdsInSources() =>
        new(Sources.SelectMany(text => Raised().Matches(text).Concat(Chosen().IsMatch(text) ? Word().Matches(text) : [])).Select(m => m.Groups["id"].Value)
            .Where(id => id != nameof(StingException)), StringComparer.Ordinal);   // which comments name

    [Fact]
    public void Every_id_is_explained_and_every_explanation_has_an_id()
    {
        var listed = Listed().Matches(Topic).Select(m => m.Groups["id"].Value).ToList();
        var raised = IdsInSources();
        Assert.True(raised.Except(listed).ToList() is [], $"Not in about_StingBackup_Errors: {string.Join(", ", raised.Except(listed))}");
        Assert.True(listed.Except(raised).ToList() is [], $"Raised nowhere: {string.Join(", ", listed.Except(raised))}");
        Assert.Equal(listed.Order(StringComparer.Ordinal), listed);
    }
}
