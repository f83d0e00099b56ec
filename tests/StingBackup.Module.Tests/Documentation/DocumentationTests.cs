using System.Text.RegularExpressions;
using StingBackup.Module.Tests.Hosting;
using Xunit.Abstractions;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>
/// Every command block of the documentation runs: those of a page in order, in a folder of its own, the shell's in one and PowerShell's in another. What cannot run here says why behind its fence (<c>untested: why</c>); its commands must exist all the same.
/// </summary>
public sealed partial class DocumentationTests(ITestOutputHelper output)
{
    private static readonly string[] Shells = ["sh", "console"], Checked = ["cron", "ini"], Others = ["", "yaml", "json", "hcl", "sql", "text", "mermaid", "xml"];

    public static TheoryData<string> ShellPages => PagesWith(b => Shells.Contains(b.Language));

    public static TheoryData<string> PowerShellPages => PagesWith(b => b.Language == "powershell");

    private static TheoryData<string> PagesWith(Func<DocBlock, bool> chosen) => new(DocPage.All.Where(p => p.Blocks.Any(b => chosen(b) && b.Untested is null)).Select(p => p.Path));

    private static IEnumerable<DocBlock> Blocks => DocPage.All.SelectMany(p => p.Blocks);

    [UnixTheory]
    [MemberData(nameof(ShellPages))]
    public void What_a_shell_is_told_runs(string page)
    {
        using var folder = new DocFolder(page);
        using var shell = new DocShell(folder);
        var transcript = new Transcript();
        var wrong = new List<string>();
        foreach (var line in Runnable(page, Shells).SelectMany(ShellLines.Of))
        {
            var result = shell.Run(transcript.Named(line.Text), shown: line.Shown is not null);
            if (line.Ends != result.Code)
            {
                wrong.Add($"{page}:{line.Line}: '{line.Text}' ended with {result.Code}:\n{result.Output}");
            }
            else if (line.Shown is not null && transcript.Compare(line.Shown, result.Output) is { } difference)
            {
                wrong.Add($"{page}:{line.Line}: '{line.Text}' {difference}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [MemberData(nameof(PowerShellPages))]
    public void What_PowerShell_is_told_runs(string page)
    {
        using var folder = new DocFolder(page);
        using var shell = folder.OpenShell();
        var wrong = new List<string>();
        foreach (var block in Runnable(page, ["powershell"]))
        {
            // Where a command asks, a person would say yes.
            shell.Host.Answers.Clear();
            for (var i = 0; i < 5; i++)
            {
                shell.Host.Answers.Enqueue("y");
            }
            var result = shell.Run(folder.Inwards(block.Text));
            var ended = result.Failure is { } failure ? failure.ErrorRecord.FullyQualifiedErrorId.Split(',')[0] : "";
            if (ended != (EndsWith().Match(block.Text) is { Success: true } told ? told.Groups[1].Value : "") || result.Errors.Count > 0)
            {
                wrong.Add($"{block}: {result.Failure?.Message}{string.Join('\n', result.Errors)}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<DocBlock> Runnable(string page, string[] languages) => DocPage.All.Single(p => p.Path == page).Blocks.Where(b => languages.Contains(b.Language) && b.Untested is null);

    [Fact]
    public void What_cannot_run_here_says_why_and_names_commands_that_exist()
    {
        using var check = new CommandCheck();
        var wrong = Blocks.Where(b => b.Untested is not null || Checked.Contains(b.Language)).SelectMany(b =>
            (b.Language == "powershell" ? check.OfScript(b.Text) : b.Language == "console" || Checked.Contains(b.Language) || b.Language == "sh" ? Typed(b).SelectMany(check.OfLine) : [$"of language '{b.Language}' nothing is run"])
            .Select(fault => $"{b}: {fault}")).ToList();
        wrong.AddRange(Blocks.Where(b => b.Untested is not null).SelectMany(b => Named().Matches(b.Untested!).Where(m => !IsThere(m.Value)).Select(m => $"{b}: there is no {m.Value}")));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        foreach (var block in Blocks.Where(b => b.Untested is not null))
        {
            output.WriteLine($"not run: {block}: {block.Untested}");
        }
        output.WriteLine($"not looked at: {DocPage.Strategy}, which is the strategy's own text; StrategyTests hold its commands");
        int Count(Func<DocBlock, bool> chosen) => Blocks.Count(chosen);
        output.WriteLine($"{Count(b => Shells.Contains(b.Language) && b.Untested is null)} blocks of a shell and {Count(b => b.Language == "powershell" && b.Untested is null)} of PowerShell are run; {Count(b => b.Untested is not null)} are not, and {Count(b => Checked.Contains(b.Language))} of crontabs and units are read");
    }

    // A test that does what the block shows, by the name of its class or the path of its script.
    private static bool IsThere(string name) => name.Contains('/', StringComparison.Ordinal) ? File.Exists(Path.Combine(Repository.Root, name))
        : Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), $"{name}.cs", SearchOption.AllDirectories).Any();

    private static IEnumerable<string> Typed(DocBlock block) => Checked.Contains(block.Language) ? block.Lines : ShellLines.Of(block).Select(l => l.Text);

    [Fact]
    public void A_block_without_commands_has_none_and_every_language_is_known()
    {
        Assert.All(Blocks, b => Assert.True(Shells.Concat(Checked).Concat(Others).Append("powershell").Contains(b.Language), $"{b}: '{b.Language}' is no language that is looked at."));
        var hidden = Blocks.Where(b => Others.Contains(b.Language)).SelectMany(b => b.Lines.Where(l => Command().IsMatch(l)).Select(l => $"{b}: {l}")).ToList();
        Assert.True(hidden.Count == 0, $"Commands that nothing runs; their fence says sh, console, powershell or cron:\n{string.Join('\n', hidden)}");
    }

    [Fact]
    public void Every_command_that_the_text_names_is_there()
    {
        using var check = new CommandCheck();
        var wrong = DocPage.All.SelectMany(p => p.Spans.SelectMany(s => (s.Code.StartsWith("sting-", StringComparison.Ordinal) ? check.OfLine(s.Code) : Cmdlet().IsMatch(s.Code) ? check.OfScript(s.Code.Replace("…", "", StringComparison.Ordinal)) : [])
            .Select(fault => $"{p.Path}:{s.Line}: {fault}"))).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_error_that_a_how_to_page_tells_a_remedy_for_is_one()
    {
        var topic = File.ReadAllText(Path.Combine(Repository.Help, "about_StingBackup_Errors.md"));
        var pages = DocPage.All.Where(p => p.Path.StartsWith("docs/how-to/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(pages);
        Assert.All(pages, p => Assert.Contains("## When it goes wrong", p.Text.Select(t => t.Text)));
        var told = pages.SelectMany(p => p.Text.Select(t => (p.Path, t.Line, Id: ErrorRow().Match(t.Text).Groups[1].Value))).Where(t => t.Id.Length > 0).ToList();
        var unknown = told.Where(t => !topic.Contains($"\n### {t.Id}\n", StringComparison.Ordinal)).Select(t => $"{t.Path}:{t.Line}: {t.Id}").ToList();
        Assert.True(unknown.Count == 0, $"No error has this id:\n{string.Join('\n', unknown)}");
    }

    [Fact]
    public void A_wrong_block_is_noticed()
    {
        using var check = new CommandCheck();
        Assert.NotEmpty(check.OfLine("0 4 * * * sting-backup retentoin --confirm"));
        Assert.NotEmpty(check.OfLine("sting-backup verify && sting-restore file --fil=x"));
        Assert.NotEmpty(check.OfScript("Restore-StingFile -Nmae x"));
        Assert.Empty(check.OfLine("*/15 * * * * root sting-backup incremental --due --quiet"));
        var transcript = new Transcript();
        Assert.NotNull(transcript.Compare(["Health : Good"], "Health : Warning\n"));
        Assert.NotNull(transcript.Compare(["one"], "one\ntwo\n"));
        Assert.NotNull(transcript.Compare(["one", "two"], "one\n"));
        Assert.Null(transcript.Compare(["one", "…", "three 5 B backup_20240115_020000"], "one\ntwo\nthree 600 KB backup_20260102_030405\n"));
        Assert.Equal("list backup_20260102_030405", transcript.Named("list backup_20240115_020000"));
    }

    [GeneratedRegex(@"^\s*(\$ )?(\./\S*/)?(sting-(backup|restore) [a-z]|[A-Z][a-z]+-Sting\w+)|\d \* .*sting-")]
    private static partial Regex Command();

    [GeneratedRegex(@"^\| `([A-Z][a-z]+(?:[A-Z][a-z]+)+)`")]
    private static partial Regex ErrorRow();

    [GeneratedRegex(@"\b[A-Z]\w+Tests\b|tests/\S+\.(sh|ps1)")]
    private static partial Regex Named();

    // In PowerShell a comment at the end of the last line names the error that ends a block.
    [GeneratedRegex(@"# ends with ([A-Z]\w+)")]
    private static partial Regex EndsWith();

    [GeneratedRegex(@"^[A-Z][a-z]+-Sting\w+( |$)")]
    private static partial Regex Cmdlet();
}

/// <summary>Needs a shell and named pipes.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "needs bash" : null;
}
