using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace StingBackup.HelpBuilder;

/// <summary>Writes pages as MAML, the format that Get-Help reads.</summary>
internal static class MamlWriter
{
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>One document for all pages.</summary>
    public static XDocument Write(IEnumerable<CommandPage> pages) => new(
        new XDeclaration("1.0", "utf-8", null),
        new XElement((XNamespace)"http://msh" + "helpItems", new XAttribute("schema", "maml"), pages.Select(Page)));

    /// <summary>The document's text, the same on every platform.</summary>
    public static string ToText(XDocument document)
    {
        using var buffer = new MemoryStream();
        using (var writer = XmlWriter.Create(buffer, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(false) }))
        {
            document.Save(writer);
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static XElement Page(CommandPage page) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Maml), new XAttribute(XNamespace.Xmlns + "command", Command), new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XElement(Command + "details",
            new XElement(Command + "name", page.Name),
            new XElement(Command + "verb", page.Name[..page.Name.IndexOf('-', StringComparison.Ordinal)]),
            new XElement(Command + "noun", page.Name[(page.Name.IndexOf('-', StringComparison.Ordinal) + 1)..]),
            Text(Maml + "description", page.Synopsis)),
        Text(Maml + "description", page.Description),
        new XElement(Command + "syntax", page.Syntax.Select(s => SyntaxItem(page, s))),
        new XElement(Command + "parameters", page.Parameters.Select(p => Parameter(p, p.ParameterSets[0]))),
        new XElement(Command + "inputTypes", page.Inputs.Select(t => TypeItem("inputType", t))),
        new XElement(Command + "returnValues", page.Outputs.Select(t => TypeItem("returnValue", t))),
        // An empty one would be shown as a heading over nothing.
        string.IsNullOrWhiteSpace(page.Notes) ? null : new XElement(Maml + "alertSet", Text(Maml + "alert", page.Notes)),
        new XElement(Command + "examples", page.Examples.Select(Example)),
        new XElement(Command + "relatedLinks", page.Links.Select(Link)));

    private static XElement SyntaxItem(CommandPage page, SyntaxForm form)
    {
        var set = form.Title.Replace(" (Default)", "", StringComparison.Ordinal);
        var own = page.Parameters
            .Select(p => (Parameter: p, Set: p.ParameterSets.FirstOrDefault(s => s.Name == set || s.Name == "(All)")))
            .Where(p => p.Set is not null)
            .OrderBy(p => int.TryParse(p.Set!.Position, out var position) ? position : int.MaxValue)
            .ThenByDescending(p => p.Set!.IsRequired);
        return new XElement(Command + "syntaxItem", new XElement(Maml + "name", page.Name), own.Select(p => Parameter(p.Parameter, p.Set!)));
    }

    private static XElement Parameter(PageParameter parameter, PageParameterSet set)
    {
        var typeName = parameter.Type[(parameter.Type.LastIndexOf('.') + 1)..];
        var element = new XElement(
            Command + "parameter",
            new XAttribute("required", set.IsRequired ? "true" : "false"),
            new XAttribute("variableLength", parameter.Type.EndsWith("[]", StringComparison.Ordinal) ? "true" : "false"),
            new XAttribute("globbing", parameter.SupportsWildcards ? "true" : "false"),
            new XAttribute("pipelineInput", PipelineInput(set)),
            new XAttribute("position", set.Position == "Named" ? "named" : set.Position),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(Maml + "name", parameter.Name),
            Text(Maml + "description", parameter.Description));
        if (parameter.AcceptedValues.Count > 0)
        {
            element.Add(new XElement(Command + "parameterValueGroup", parameter.AcceptedValues.Select(v => Value(v, required: false))));
        }
        if (typeName != "SwitchParameter")
        {
            element.Add(Value(typeName, required: true));
        }
        element.Add(
            new XElement(Dev + "type", new XElement(Maml + "name", typeName), new XElement(Maml + "uri")),
            new XElement(Dev + "defaultValue", parameter.DefaultValue.Length == 0 ? "None" : parameter.DefaultValue));
        return element;
    }

    private static XElement Value(string text, bool required) => new(
        Command + "parameterValue", new XAttribute("required", required ? "true" : "false"), new XAttribute("variableLength", "false"), text);

    private static string PipelineInput(PageParameterSet set) => (set.ValueFromPipeline, set.ValueFromPipelineByPropertyName) switch
    {
        (true, true) => "True (ByPropertyName, ByValue)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };

    private static XElement TypeItem(string name, PageType type) => new(
        Command + name, new XElement(Dev + "type", new XElement(Maml + "name", type.Name)), Text(Maml + "description", type.Description));

    private static XElement Example(PageExample example)
    {
        var remarks = Text(Dev + "remarks", example.Remarks);
        // Get-Help puts nothing between an example and the next one.
        remarks.Add(new XElement(Maml + "para"));
        return new XElement(Command + "example", new XElement(Maml + "title", $"--- {example.Title} ---"), new XElement(Dev + "code", example.Code), remarks);
    }

    private static XElement Link(PageLink link) => new(
        Maml + "navigationLink",
        new XElement(Maml + "linkText", link.Text),
        new XElement(Maml + "uri", link.Target.StartsWith("http", StringComparison.Ordinal) ? link.Target : ""));

    private static XElement Text(XName name, string markdown) => new(name, PlainText.Blocks(markdown).Select(b => new XElement(Maml + "para", b)));
}
