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

    /// <inheritdoc/>
    public void Print(PSObject item)
    {
        var view = item.TypeNames.Select(views.GetValueOrDefault).FirstOrDefault(v => v is not null);
        if (view is null)
        {
            terminal.WriteLine(item.ToString());
            return;
        }
        if (view.IsTable)
        {
            if (view != _current)
            {
                Header(view);
            }
            terminal.WriteLine(Row(view, [.. view.Fields.Select(f => _reader.Read(item, f))]));
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

    private void Header(View view)
    {
        if (_current is not null)
        {
            terminal.WriteLine("");
        }
        terminal.WriteLine(Row(view, [.. view.Fields.Select(f => f.Label)]));
        terminal.WriteLine(Row(view, [.. view.Fields.Select(f => new string('-', TextLayout.Width(f.Label)))]));
    }

    private string Row(View view, IReadOnlyList<string> texts)
    {
        var left = terminal.Width is { } width ? Math.Max(width - view.Fields.Sum(f => f.Width) - (view.Fields.Count - 1) * Gap.Length, 8) : (int?)null;
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
            var text = _reader.Read(item, field);
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
