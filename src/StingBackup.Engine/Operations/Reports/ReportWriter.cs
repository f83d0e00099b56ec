using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>Writes a report in one of its formats. The same report gives the same text.</summary>
public static class ReportWriter
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter() } };

    /// <summary>The bytes of a report's file.</summary>
    public static byte[] WriteBytes(BackupReport report, ReportFormat format)
    {
        ArgumentNullException.ThrowIfNull(report);
        return format == ReportFormat.Pdf ? PdfReport.Render(ReportPage.Of(report), report) : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(Write(report, format));
    }

    /// <summary>The text of a report, in any format but PDF.</summary>
    public static string Write(BackupReport report, ReportFormat format)
    {
        ArgumentNullException.ThrowIfNull(report);
        return format switch
        {
            ReportFormat.Html => HtmlReport.Render(ReportPage.Of(report), report),
            ReportFormat.Markdown => MarkdownReport.Render(ReportPage.Of(report)),
            ReportFormat.Json => JsonSerializer.Serialize(report, Json) + "\n",
            ReportFormat.Csv => Csv(report),
            _ => throw new ArgumentOutOfRangeException(nameof(format)),
        };
    }

    /// <summary>Every value of the report, a line each: where it stands (<c>classes[0].length</c>) and what it is. One table for figures of every kind.</summary>
    private static string Csv(BackupReport report)
    {
        var lines = new StringBuilder("month,figure,value\r\n");
        Add(JsonSerializer.SerializeToElement(report, Json), "");
        return lines.ToString();

        void Add(JsonElement element, string path)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in element.EnumerateObject())
                    {
                        Add(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}");
                    }
                    break;
                case JsonValueKind.Array:
                    var at = 0;
                    foreach (var item in element.EnumerateArray())
                    {
                        Add(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{at++}]"));
                    }
                    break;
                default:
                    lines.Append(report.Month).Append(',').Append(path).Append(',').Append(Cell(element.ToString())).Append("\r\n");
                    break;
            }
        }
    }

    /// <summary>RFC 4180; and no cell that a spreadsheet would take for a formula.</summary>
    private static string Cell(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '@' ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
