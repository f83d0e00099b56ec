using System.Management.Automation;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StingBackup.Console.Rendering;

/// <summary>Prints JSON: one array where any number of objects may come, else one object. Names in camel case, lengths in bytes, times with their offset.</summary>
/// <param name="terminal">Where to print.</param>
/// <param name="many">Whether an array is printed.</param>
internal sealed class JsonPrinter(Terminal terminal, bool many) : IResultPrinter
{
    /// <summary>How values are written.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
        // Names of files in every script stay legible; the output is no HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private bool _any;

    /// <inheritdoc/>
    public void Print(PSObject item)
    {
        var json = JsonSerializer.Serialize(item.BaseObject, item.BaseObject.GetType(), Options);
        if (many)
        {
            terminal.Write(_any ? ",\n" : "[\n");
        }
        terminal.Write(many ? json : json + "\n");
        _any = true;
    }

    /// <inheritdoc/>
    public void Finish()
    {
        if (many)
        {
            terminal.Write(_any ? "\n]\n" : "[]\n");
        }
    }
}
