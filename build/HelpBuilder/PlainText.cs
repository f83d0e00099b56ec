using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace StingBackup.HelpBuilder;

/// <summary>Markdown as text for a terminal: paragraphs, lists, code and tables, without marks.</summary>
internal static class PlainText
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().Build();

    /// <summary>One string a block; a list item is a block that starts with <c>- </c>, a code line keeps its place.</summary>
    public static List<string> Blocks(string markdown) => [.. Markdown.Parse(markdown, Pipeline).SelectMany(b => Blocks(b))];

    /// <summary>A whole topic, wrapped.</summary>
    /// <param name="markdown">The topic.</param>
    /// <param name="width">Columns.</param>
    public static string Topic(string markdown, int width)
    {
        var text = new StringBuilder();
        var indent = 0;
        foreach (var block in Markdown.Parse(markdown, Pipeline))
        {
            if (block is HeadingBlock heading)
            {
                indent = heading.Level switch { 1 => 0, 2 => 4, _ => 8 };
                var title = Inlines(heading.Inline);
                text.Append(' ', heading.Level > 2 ? 4 : 0).Append(heading.Level == 2 ? title.ToUpperInvariant() : title).Append('\n');
                text.Append(heading.Level == 1 ? "\n" : "");
                continue;
            }
            var blocks = Blocks(block);
            foreach (var (lines, i) in blocks.Select((b, i) => (b, i)))
            {
                var literal = block is CodeBlock or Table;
                foreach (var line in literal ? lines.Split('\n') : Wrap(lines, width - indent, lines.StartsWith("- ", StringComparison.Ordinal) ? 2 : 0))
                {
                    text.Append(' ', line.Length == 0 ? 0 : indent + (block is CodeBlock ? 4 : 0)).Append(line).Append('\n');
                }
                text.Append(block is ListBlock && i + 1 < blocks.Count ? "" : "\n");
            }
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static List<string> Blocks(Block block) => block switch
    {
        LeafBlock and CodeBlock code => [code.Lines.ToString()],
        LeafBlock leaf => [Inlines(leaf.Inline)],
        Table table => [TableText(table)],
        ListBlock list => [.. list.Cast<ListItemBlock>().Select(i => $"- {string.Join(' ', i.SelectMany(Blocks))}")],
        ContainerBlock container => [.. container.SelectMany(Blocks)],
        _ => [],
    };

    private static string TableText(Table table)
    {
        var rows = table.Cast<TableRow>().Select(r => r.Cast<TableCell>().Select(c => string.Join(' ', c.SelectMany(Blocks))).ToList()).ToList();
        var widths = Enumerable.Range(0, rows.Max(r => r.Count)).Select(i => rows.Max(r => i < r.Count ? r[i].Length : 0)).ToList();
        return string.Join('\n', rows.Select(r => string.Join("  ", r.Select((c, i) => c.PadRight(widths[i]))).TrimEnd()));
    }

    private static string Inlines(ContainerInline? container)
    {
        var text = new StringBuilder();
        foreach (var inline in container ?? Enumerable.Empty<Inline>())
        {
            text.Append(inline switch
            {
                LiteralInline literal => literal.Content.ToString(),
                CodeInline code => code.Content,
                LineBreakInline => " ",
                LinkInline { Url: { } url } link when url.StartsWith("http", StringComparison.Ordinal) => $"{Inlines(link)} ({url})",
                ContainerInline inner => Inlines(inner),
                HtmlEntityInline entity => entity.Transcoded.ToString(),
                _ => inline.ToString() ?? "",
            });
        }
        return text.ToString();
    }

    private static IEnumerable<string> Wrap(string text, int width, int hang)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear().Append(' ', hang);
            }
            else if (line.Length > 0)
            {
                line.Append(' ');
            }
            line.Append(word);
        }
        yield return line.ToString();
    }
}
