using System.Text;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A report as text with tables, which reads well as it is.</summary>
internal static class MarkdownReport
{
    public static string Render(ReportPage page)
    {
        var text = new StringBuilder().Append("# ").Append(page.Title).Append("\n\n").Append(page.Summary).Append('\n');
        if (page.Exceptions.Count > 0)
        {
            text.Append("\n## What was not as it should be\n");
            foreach (var exception in page.Exceptions)
            {
                text.Append("- ").Append(Escape(exception)).Append('\n');
            }
        }
        foreach (var table in page.Tables.Where(table => table.Rows.Count > 0))
        {
            text.Append("\n## ").Append(table.Title).Append("\n\n");
            Row(text, table.Columns);
            Row(text, [.. table.Columns.Select(static _ => "---")]);
            foreach (var row in table.Rows)
            {
                Row(text, [.. row.Select(Escape)]);
            }
        }
        foreach (var regulation in page.Regulations)
        {
            text.Append("\n## ").Append(regulation.Name).Append("\n\n");
            foreach (var item in regulation.Items)
            {
                text.Append("- **").Append(Escape(item.Requirement)).Append("**: ").Append(ReportPage.Word(item.State)).Append(". ").Append(Escape(item.Evidence))
                    .AppendJoin("", item.Links.Select(link => $" [{Escape(link.Text)}](<{link.Target}>)")).Append('\n');
            }
        }
        return text.ToString();
    }

    private static void Row(StringBuilder text, IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Escape(string cell) => cell.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' ').Replace("<", "&lt;", StringComparison.Ordinal);
}
