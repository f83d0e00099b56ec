using System.Management.Automation;
using StingBackup.HelpBuilder;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Module.Tests.Module;

namespace StingBackup.Module.Tests.Help;

public sealed class HelpTests : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Every_command_has_a_page_and_every_page_a_command()
    {
        var pages = Directory.EnumerateFiles(Repository.Help, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(n => !n.StartsWith("about_", StringComparison.Ordinal));
        Assert.Equal(Commands.All(_shell).Select(c => c.Name), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_page_is_what_the_built_module_says()
    {
        foreach (var command in Commands.All(_shell))
        {
            var path = Path.Combine(Repository.Help, $"{command.Name}.md");
            var text = File.ReadAllText(path);
            var fresh = PageWriter.Write(PageRefresher.Refresh(command, PageReader.Read(path, text)));
            Assert.True(fresh == text, $"{command.Name}.md is not up to date. Run build.ps1 -Task Help.");
        }
    }

    [Fact]
    public void Get_Help_finds_text_for_every_command_and_parameter_offline()
    {
        foreach (var command in Commands.All(_shell))
        {
            dynamic help = _shell.Run("param($name) Get-Help $name -Full", ("name", command.Name)).Succeeded().Output.Single();
            Assert.EndsWith(".", (string)help.Synopsis, StringComparison.Ordinal);
            Assert.True(Paragraphs(help.description).Length > 80, $"{command.Name} has no description.");
            var described = _shell.Run("param($name) Get-Help $name -Parameter *", ("name", command.Name)).Succeeded().Output.ToDictionary(found => (string)((dynamic)found).name.ToString(), found => (string)Paragraphs(((dynamic)found).description), StringComparer.Ordinal);
            Assert.All(Commands.Parameters(command), parameter => Assert.True(described.GetValueOrDefault(parameter.Name, "").Length > 10, $"{command.Name} -{parameter.Name} is not described."));
        }
    }

    [Fact]
    public void Every_page_has_examples_that_use_its_command()
    {
        foreach (var page in Pages())
        {
            Assert.NotEmpty(page.Examples);
            Assert.All(page.Examples, e => Assert.False(string.IsNullOrWhiteSpace(e.Remarks), $"{page.Name}: '{e.Title}' does not say what it does."));
            Assert.All(page.Examples, e => Assert.Contains(page.Name, e.Code, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        foreach (var page in Pages())
        {
            Assert.NotEmpty(page.Links);
            Assert.All(page.Links, l => Assert.True(File.Exists(Path.Combine(Repository.Help, l.Target)), $"{page.Name} links to {l.Target}."));
        }
    }

    public static TheoryData<string> Topics => new(Directory.EnumerateFiles(Repository.Help, "about_*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Topics))]
    public void Topics_are_found_by_Get_Help_and_fit_eighty_columns(string topic)
    {
        var text = _shell.Run("param($topic) Get-Help $topic", ("topic", topic)).Succeeded().Output.Single().ToString()!;
        Assert.Contains("SHORT DESCRIPTION", text, StringComparison.Ordinal);
        Assert.Contains("LONG DESCRIPTION", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, $"{topic} is too wide: {line}"));
    }

    private static IEnumerable<CommandPage> Pages() => Directory.EnumerateFiles(Repository.Help, "*-*.md").Select(f => PageReader.Read(f, File.ReadAllText(f)));

    private static string Paragraphs(object? description) => description switch
    {
        PSObject { BaseObject: object[] many } => string.Concat(many.Select(Paragraphs)),
        object[] many => string.Concat(many.Select(Paragraphs)),
        PSObject one => one.Properties["Text"]?.Value?.ToString() ?? "",
        _ => "",
    };
}
