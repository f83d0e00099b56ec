using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Tests.Support;
using StingBackup.Module.Tests.Help;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>The reference pages are made from the code: STING_UPDATE_GOLDEN=1 writes them. docs/configuration.md and docs/reference/metrics.md are made by the engine's tests.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void Commands()
    {
        var text = new StringBuilder("""
            # Commands

            <!-- Made from the table of verbs (src/StingBackup.Console/CommandLine/VerbTable*.cs), the table of rights and the help pages. STING_UPDATE_GOLDEN=1 with ReferenceTests writes it. -->

            Every word of the two programs, the cmdlet that it stands for, and the right that it takes where roles are given ([roles](../operations.md#roles)). Each cmdlet's page has its parameters and examples; `--help` behind a word lists its options.

            """);
        foreach (var program in VerbTable.All.GroupBy(v => v.Program))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {program.Key}\n| word | cmdlet | what it does | right |\n|---|---|---|---|\n");
            if (program.Key == VerbTable.Backup)
            {
                text.Append(CultureInfo.InvariantCulture, $"| `{VerbTable.Quickstart}` | — | Show all of it at work on a sample | none |\n");
            }
            foreach (var verb in program)
            {
                text.Append(CultureInfo.InvariantCulture, $"| `{verb.Name}` | [{verb.Cmdlet}](../help/{verb.Cmdlet}.md) | {verb.Summary} | {(AccessTable.Free.Contains(verb.Cmdlet) ? "none" : AccessTable.All.TryGetValue(verb.Cmdlet, out var right) ? right.ToString() : "that of the keys it holds")} |\n");
            }
        }
        text.Append("\n## Options of every command\n| option | |\n|---|---|\n");
        foreach (var (name, value, meaning) in CommonOptions.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `--{name}{(value is null ? "" : $" {value}")}` | {meaning} |\n");
        }
        Golden.Check("docs/reference/commands.md", text.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Exit_codes()
    {
        var code = File.ReadAllText(Path.Combine(Repository.Root, "src", "StingBackup.Console", "ExitCode.cs"));
        var kinds = File.ReadAllText(Path.Combine(Repository.Root, "src", "StingBackup", "StingException.cs"));
        var text = new StringBuilder("""
            # Exit codes

            <!-- Made from src/StingBackup.Console/ExitCode.cs and src/StingBackup/StingException.cs. STING_UPDATE_GOLDEN=1 with ReferenceTests writes it. -->

            Both programs end with one of these, whatever the command.

            | code | meaning | errors of these kinds |
            |---|---|---|

            """);
        foreach (var value in Enum.GetValues<ExitCode>())
        {
            var failures = Enum.GetValues<FailureKind>().Where(k => ExitCodes.Of(new StingException("X", k, "x", null, "x")) == value).Select(k => $"{k} ({Summary(kinds, k.ToString()).Split(". Exit")[0].TrimEnd('.')})");
            text.Append(CultureInfo.InvariantCulture, $"| {(int)value} | {Summary(code, value.ToString())} | {string.Join("; ", failures)} |\n");
        }
        text.Append("""

            Where several hold the worst counts: 5 outweighs 4, then 2, 1, 3, 0. Errors by id: [errors.md](errors.md). What a scheduler does with each: [automation.md](../automation.md).

            """);
        Golden.Check("docs/reference/exit-codes.md", text.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Errors()
    {
        var topic = File.ReadAllText(Path.Combine(Repository.Help, "about_StingBackup_Errors.md")).ReplaceLineEndings("\n");
        var text = new StringBuilder("""
            # Errors

            <!-- Made from the ids in the sources and from docs/help/about_StingBackup_Errors.md. STING_UPDATE_GOLDEN=1 with ReferenceTests writes it. -->

            Every id, the first sentence of what it means, and how a program ends by it. What to do about each: [about_StingBackup_Errors](../help/about_StingBackup_Errors.md), or `Get-Help about_StingBackup_Errors`. A single item that fails by an id ends with 3.

            | id | meaning | exit code |
            |---|---|---|

            """);
        var wrong = new List<string>();
        var kinds = ErrorTopicTests.KindsInSources();
        foreach (var (id, meaning) in Entry().Matches(topic).Select(m => (m.Groups["id"].Value, m.Groups["text"].Value.Trim())))
        {
            var told = Ending().Matches(meaning).SelectMany(m => m.Groups[1].Value.Where(char.IsAsciiDigit).Select(c => c.ToString())).Distinct().Order(StringComparer.Ordinal).ToList();
            // Where the kind is chosen elsewhere than beside the id, the topic alone tells.
            var raised = kinds.GetValueOrDefault(id, []).Select(k => ((int)ExitCodes.Of(new StingException("X", k, "x", null, "x"))).ToString(CultureInfo.InvariantCulture)).ToList();
            wrong.AddRange(raised.Except(told).Where(c => told.Count > 0 && !told.Contains("3")).Select(c => $"{id}: the code ends with {c}, the topic says {string.Join(", ", told)}"));
            text.Append(CultureInfo.InvariantCulture, $"| [{id}](../help/about_StingBackup_Errors.md#{id.ToLowerInvariant()}) | {First(meaning)} | {(told.Count == 0 ? "a warning" : string.Join(", ", told))} |\n");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Golden.Check("docs/reference/errors.md", text.ToString().ReplaceLineEndings("\n"));
    }

    private static string First(string meaning)
    {
        var sentence = Sentence().Match(meaning.Replace('\n', ' ')).Value;
        return sentence.Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string Summary(string source, string member) => Regex.Match(source, $@"<summary>([^<]+)</summary>\s+{member}\b", RegexOptions.CultureInvariant).Groups[1].Value;

    [GeneratedRegex(@"^### (?<id>[A-Z]\w+)\n(?<text>.*?)(?=^#|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"exit code (\d(?:(?:, | or )\d)*)")]
    private static partial Regex Ending();

    [GeneratedRegex(@"^.*?[.:](?= [A-Z(]|$)")]
    private static partial Regex Sentence();
}
