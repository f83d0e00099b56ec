using System.Text.RegularExpressions;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Documentation;

/// <summary>What the project's sources offer: settings, commands, options, tests. Read from the tree, so that a page of the docs cannot name what is not there.</summary>
internal sealed partial class ProjectTree
{
    private readonly HashSet<string> _settings = Settings.All.Select(s => s.Key).Concat(Settings.All.Select(s => s.ShellVariable).OfType<string>()).ToHashSet(StringComparer.Ordinal);
    private readonly HashSet<string> _words;
    private readonly Dictionary<string, string> _commands;
    private readonly string _abstractions;
    private readonly HashSet<string> _tests;

    public ProjectTree()
    {
        _words = Word().Matches(Joined("src/StingBackup.Console/CommandLine", "VerbTable*.cs"))
            .Select(m => $"{(m.Groups[1].Value == "Backup" ? "sting-backup" : "sting-restore")} {m.Groups[2].Value}").ToHashSet(StringComparer.Ordinal);
        _commands = Sources("src/StingBackup.Cmdlets/Commands").Select(File.ReadAllText)
            .SelectMany(text => Cmdlet().Matches(text).Select(m => ($"{m.Groups[1].Value}-{m.Groups[2].Value}", text)))
            .Concat(Function().Matches(Joined("module", "*.ps*1")).Select(m => (m.Groups[1].Value, Joined("module", "*.ps*1"))))
            .ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
        _abstractions = string.Concat(Sources("src/StingBackup.Cmdlets/Abstractions").Select(File.ReadAllText));
        _tests = Sources("tests").Select(File.ReadAllText)
            .SelectMany(text => Class().Matches(text).SelectMany(c => Method().Matches(text).Select(m => $"{c.Groups[1].Value}.{m.Groups[1].Value}"))).ToHashSet(StringComparer.Ordinal);
    }

    public static string Read(string path) => File.ReadAllText(Path.Join(Golden.Root(), path));

    /// <summary>Whether there is such a setting, variable, word of a program, cmdlet (with these parameters), or file.</summary>
    public bool Has(string name)
    {
        var words = name.Split(' ');
        return _settings.Contains(name)
            || (words.Length > 1 && _words.Contains($"{words[0]} {words[1]}"))
            || (_commands.TryGetValue(words[0], out var source) && words.Where(w => w.StartsWith('-')).All(p => HasParameter(source, p[1..])))
            || (name.StartsWith("docs/", StringComparison.Ordinal) && File.Exists(Path.Join(Golden.Root(), name)));
    }

    /// <summary>Whether there is such a test, as <c>Class.Method</c>.</summary>
    public bool HasTest(string name) => _tests.Contains(name);

    private bool HasParameter(string source, string parameter) =>
        new[] { source, _abstractions }.Any(text => Regex.IsMatch(text, $@"\b{Regex.Escape(parameter)}\s*\{{\s*get|\${Regex.Escape(parameter)}\b", RegexOptions.CultureInvariant));

    private static string Joined(string folder, string pattern) => string.Concat(Directory.EnumerateFiles(Path.Join(Golden.Root(), folder), pattern).Order(StringComparer.Ordinal).Select(File.ReadAllText));

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Join(Golden.Root(), folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex("new\\((Backup|Restore), \"([a-z-]+)\"")]
    private static partial Regex Word();

    [GeneratedRegex("\\[Cmdlet\\(Verbs\\w+\\.(\\w+), \"(\\w+)\"")]
    private static partial Regex Cmdlet();

    [GeneratedRegex("^function ([A-Z]\\w+-\\w+)", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex("\\bclass (\\w+)")]
    private static partial Regex Class();

    // A test's name reads as a sentence, so it has an underscore; helpers have none.
    [GeneratedRegex("\\bpublic (?:async )?(?:void|Task) (\\w+_\\w+)\\(")]
    private static partial Regex Method();
}
