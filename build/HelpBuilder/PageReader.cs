using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace StingBackup.HelpBuilder;

/// <summary>Reads a page in the schema 2024-05-01 of PlatyPS, and refuses what the schema does not allow.</summary>
internal sealed class PageReader
{
    private const string SchemaVersion = "2024-05-01";
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePreciseSourceLocation().Build();

    private readonly string _path;
    private readonly string _text;
    private readonly List<Block> _blocks;

    private PageReader(string path, string text)
    {
        _path = path;
        _text = text;
        _blocks = [.. Markdown.Parse(text, Pipeline)];
    }

    /// <summary>Reads a page.</summary>
    /// <param name="path">For messages; its file name must be the command's.</param>
    /// <param name="text">The page.</param>
    /// <param name="draft">Whether <c>{{ placeholders }}</c> may stand in it.</param>
    /// <exception cref="PageException">The page breaks the schema.</exception>
    public static CommandPage Read(string path, string text, bool draft = false) => new PageReader(path, text).Read(draft);

    private CommandPage Read(bool draft)
    {
        var front = _blocks.OfType<YamlFrontMatterBlock>().FirstOrDefault() ?? throw Fail(null, "no front matter.");
        var metadata = PageYaml.ReadFrontMatter(front.Lines.ToString());
        if (metadata.GetValueOrDefault("PlatyPS schema version") != SchemaVersion)
        {
            throw Fail(front, $"'PlatyPS schema version' must be {SchemaVersion}.");
        }
        var name = metadata.GetValueOrDefault("title") ?? throw Fail(front, "no 'title'.");
        if (name != Path.GetFileNameWithoutExtension(_path))
        {
            throw Fail(front, $"title '{name}' is not the file's name.");
        }
        if (!draft && _text.Contains("{{", StringComparison.Ordinal))
        {
            throw new PageException(_path, _text[.._text.IndexOf("{{", StringComparison.Ordinal)].Count(c => c == '\n') + 1, "a placeholder is not filled in.");
        }
        var sections = Split(_blocks, 2);
        return new CommandPage
        {
            Name = name,
            Synopsis = Text(Required(sections, "SYNOPSIS").Body),
            Syntax = [.. Children(sections, "SYNTAX").Select(s => new SyntaxForm(s.Title, Code(s)))],
            Description = Text(Required(sections, "DESCRIPTION").Body),
            Examples = [.. Children(sections, "EXAMPLES").Select(s => new PageExample(s.Title, Code(s), Text(s.Body.Where(b => b is not CodeBlock))))],
            Parameters = [.. Children(sections, "PARAMETERS").Where(s => s.Title.StartsWith('-')).Select(Parameter)],
            Inputs = [.. Children(sections, "INPUTS").Select(s => new PageType(s.Title, Text(s.Body)))],
            Outputs = [.. Children(sections, "OUTPUTS").Select(s => new PageType(s.Title, Text(s.Body)))],
            Notes = Text(Required(sections, "NOTES").Body),
            Links = [.. Required(sections, "RELATED LINKS").Body.SelectMany(b => b.Descendants<LinkInline>()).Select(l => new PageLink(LinkText(l), l.Url ?? ""))],
        };
    }

    private PageParameter Parameter(Section section)
    {
        var yaml = section.Body.OfType<FencedCodeBlock>().FirstOrDefault(b => b.Info == "yaml") ?? throw Fail(section.Heading, $"{section.Title} has no yaml block.");
        try
        {
            return PageYaml.ReadParameter(section.Title[1..], Text(section.Body.Where(b => b != yaml)), yaml.Lines.ToString());
        }
        catch (YamlDotNet.Core.YamlException e)
        {
            throw new PageException(_path, yaml.Line + 1 + (int)e.Start.Line, e.InnerException?.Message ?? e.Message);
        }
    }

    private sealed record Section(HeadingBlock Heading, string Title, IReadOnlyList<Block> Body);

    private List<Section> Split(IEnumerable<Block> blocks, int level)
    {
        var sections = new List<Section>();
        List<Block>? body = null;
        foreach (var block in blocks)
        {
            if (block is HeadingBlock heading && heading.Level <= level)
            {
                body = [];
                if (heading.Level == level)
                {
                    sections.Add(new Section(heading, _text.AsSpan(heading.Span.Start, heading.Span.Length).TrimStart('#').Trim().ToString(), body));
                }
            }
            else
            {
                body?.Add(block);
            }
        }
        return sections;
    }

    private Section Required(List<Section> sections, string title) =>
        sections.Find(s => s.Title == title) ?? throw Fail(null, $"no section '## {title}'.");

    private List<Section> Children(List<Section> sections, string title) => Split(Required(sections, title).Body, 3);

    private string Code(Section section) =>
        section.Body.OfType<FencedCodeBlock>().FirstOrDefault()?.Lines.ToString() ?? throw Fail(section.Heading, $"'{section.Title}' has no code block.");

    private string Text(IEnumerable<Block> blocks) => string.Join("\n\n", blocks.Select(b => _text.Substring(b.Span.Start, b.Span.Length).TrimEnd()));

    private static string LinkText(LinkInline link) => string.Concat(link.Descendants<LiteralInline>().Select(l => l.Content.ToString()));

    private PageException Fail(Block? block, string message) => new(_path, (block?.Line ?? 0) + 1, message);
}
