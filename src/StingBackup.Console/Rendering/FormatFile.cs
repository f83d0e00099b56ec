using System.Globalization;
using System.Xml.Linq;

namespace StingBackup.Console.Rendering;

/// <summary>Reads the module's Format.ps1xml. The hosted engine has no Format-Table; what it shows in a PowerShell session, we show here.</summary>
internal static class FormatFile
{
    /// <summary>Every view, by the name of its type.</summary>
    public static IReadOnlyDictionary<string, View> Read(string path) =>
        XDocument.Load(path).Descendants("View").SelectMany(Views).ToDictionary(v => v.TypeName, StringComparer.Ordinal);

    private static IEnumerable<View> Views(XElement view)
    {
        var table = view.Element("TableControl");
        var fields = table is not null ? Columns(table) : view.Element("ListControl") is { } list ? Lines(list) : [];
        return view.Element("ViewSelectedBy")!.Elements("TypeName").Select(t => new View(t.Value, fields, table is not null, Group(view), table?.Descendants("Wrap").Any() == true) { IsScreen = view.Element("CustomControl") is not null });
    }

    private static ViewField? Group(XElement view) =>
        view.Element("GroupBy")?.Element("PropertyName")?.Value is { } property ? new ViewField(property, 0, false, property, null) : null;

    private static List<ViewField> Columns(XElement table) =>
    [
        .. table.Descendants("TableColumnHeader").Zip(table.Descendants("TableColumnItem"), (header, item) => new ViewField(
            header.Element("Label")?.Value ?? item.Value,
            int.Parse(header.Element("Width")?.Value ?? "0", CultureInfo.InvariantCulture),
            header.Element("Alignment")?.Value == "Right",
            item.Element("PropertyName")?.Value,
            item.Element("ScriptBlock")?.Value)),
    ];

    private static List<ViewField> Lines(XElement list) =>
    [
        .. list.Descendants("ListItem").Select(item => new ViewField(
            item.Element("Label")?.Value ?? item.Element("PropertyName")!.Value, 0, false, item.Element("PropertyName")?.Value, item.Element("ScriptBlock")?.Value,
            item.Element("ItemSelectionCondition")?.Element("ScriptBlock")?.Value)),
    ];
}
