using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace StingBackup.Console.Rendering;

/// <summary>Reads a field of an object as text. On the pipeline's thread only, since scripts run in its session.</summary>
internal sealed class FieldReader
{
    private readonly Dictionary<string, ScriptBlock> _scripts = new(StringComparer.Ordinal);

    /// <summary>The text; empty for null. What to do next is told in the programs' words.</summary>
    public string Read(PSObject item, ViewField field)
    {
        var text = ToText(field.Script is { } script ? Evaluate(script, item) : item.Properties[field.Property]?.Value);
        return field.Property switch
        {
            nameof(ConfigurationFinding.Remedy) => ShellWords.Of(text),
            nameof(ConfigurationFinding.Problem) or nameof(BackupStatus.Warnings) => ShellWords.Commands(text),
            _ => text,
        };
    }

    /// <summary>Whether a list has a line for the field.</summary>
    public bool Shows(PSObject item, ViewField field) => field.Condition is null || LanguagePrimitives.IsTrue(Evaluate(field.Condition, item));

    private object? Evaluate(string script, PSObject item)
    {
        if (!_scripts.TryGetValue(script, out var block))
        {
            _scripts.Add(script, block = ScriptBlock.Create(script));
        }
        var values = block.InvokeWithContext(null, [new PSVariable("_", item)]);
        return values.Count == 1 ? values[0] : values;
    }

    private static string ToText(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => "",
        string text => text,
        DateTimeOffset time => Display.Time(time),
        TimeSpan span => Display.Duration(span),
        IEnumerable many => string.Join(", ", many.Cast<object?>().Select(ToText)),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString() ?? "",
    };
}
