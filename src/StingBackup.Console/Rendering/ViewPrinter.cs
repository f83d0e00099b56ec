using System.Management.Automation;

namespace StingBackup.Console.Rendering;

/// <summary>Prints tables and lists, as the module's views say, within the terminal's width.</summary>
/// <param name="views">Views by type.</param>
/// <param name="terminal">Where to print.</param>
internal sealed class ViewPrinter(IReadOnlyDictionary<string, View> views, Terminal terminal) : IResultPrinter
{
    private const string Gap = " ";
    private readonly FieldReader _reader = new();
    private View? _current;
    private string? _group;

    /// <inheritdoc/>
    public void Print(PSObject item)
    {
        var view = item.TypeNames.Select(views.GetValueOrDefault).FirstOrDefault(v => v is not null);
        if (view is null)
        {
            terminal.WriteLine(item.ToString());
            return;
        }
        if (view.IsScreen && item.BaseObject is BackupStatus status)
        {
            terminal.Write(ShellWords.Commands(StatusScreen.Render(status, terminal.Width ?? 0, terminal.HasColors)));
        }
        else if (view.IsTable)
        {
            Table(view, item);
        }
        else
        {
            List(view, item);
        }
        _current = view;
    }

    /// <inheritdoc/>
    public void Finish()
    {
    }

    private void Table(View view, PSObject item)
    {
        // In a pipe each line stands for itself, so what a title would say is its last column.
        var fields = terminal.Width is null && view.GroupBy is { } last ? [.. view.Fields, last] : view.Fields;
        var group = terminal.Width is not null && view.GroupBy is { } by ? _reader.Read(item, by) : null;
        if (view != _current || group != _group)
        {
            Header(view with { Fields = fields }, group);
            _group = group;
        }
        foreach (var line in Rows(view with { Fields = fields }, [.. fields.Select(f => _reader.Read(item, f))]))
        {
            terminal.WriteLine(line);
        }
    }

    private void Header(View view, string? group)
    {
        if (_current is not null)
        {
            terminal.WriteLine("");
        }
        if (group is not null)
        {
            terminal.WriteLine($"{view.GroupBy!.Label}: {group}");
        }
        terminal.WriteLine(Row(view, [.. view.Fields.Select(f => f.Label)]));
        terminal.WriteLine(Row(view, [.. view.Fields.Select(f => new string('-', TextLayout.Width(f.Label)))]));
    }

    private IEnumerable<string> Rows(View view, IReadOnlyList<string> texts)
    {
        if (!view.Wraps || Left(view) is not { } left)
        {
            yield return Row(view, texts);
            yield break;
        }
        var before = texts.SkipLast(1).ToList();
        foreach (var part in TextLayout.Wrap(texts[^1], left))
        {
            yield return Row(view, [.. before, part]);
            before = [.. before.Select(_ => "")];
        }
    }

    // Columns that are left for the open one, or null in a pipe.
    private int? Left(View view) => terminal.Width is { } width ? Math.Max(width - view.Fields.Sum(f => f.Width) - (view.Fields.Count - 1) * Gap.Length, 8) : null;

    private string Row(View view, IReadOnlyList<string> texts)
    {
        var left = Left(view);
        var cells = view.Fields.Zip(texts, (field, text) => (Field: field, Text: text.ReplaceLineEndings(" "))).Select(c =>
            // In a pipe nothing is cut: whoever reads it wants the whole value, and columns only look ragged there.
            left is null ? TextLayout.Fit(c.Text, Math.Max(c.Field.Width, TextLayout.Width(c.Text)), c.Field.Right)
            : c.Field.Width > 0 ? TextLayout.Fit(c.Text, c.Field.Width, c.Field.Right)
            : TextLayout.Cut(c.Text, left.Value));
        return string.Join(Gap, cells).TrimEnd();
    }

    private void List(View view, PSObject item)
    {
        if (_current is not null)
        {
            terminal.WriteLine("");
        }
        var labels = view.Fields.Max(f => TextLayout.Width(f.Label));
        foreach (var field in view.Fields)
        {
            var text = _reader.Shows(item, field) ? _reader.Read(item, field) : "";
            if (text.Length == 0)
            {
                continue;
            }
            var title = $"{TextLayout.Fit(field.Label, labels)} : ";
            foreach (var line in terminal.Width is { } width ? TextLayout.Wrap(text, Math.Max(width - labels - 3, 20)) : text.ReplaceLineEndings("\n").Split('\n'))
            {
                terminal.WriteLine(title + line);
                title = new string(' ', labels + 3);
            }
        }
    }
}
