using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace StingBackup.HelpBuilder;

/// <summary>The YAML of a page: its front matter, and one block a parameter.</summary>
internal static class PageYaml
{
    /// <summary>Reads the front matter's scalars.</summary>
    public static Dictionary<string, string> ReadFrontMatter(string yaml) =>
        Load(yaml).Children.Where(c => c.Value is YamlScalarNode).ToDictionary(c => Scalar(c.Key), c => Scalar(c.Value), StringComparer.Ordinal);

    /// <summary>Reads a parameter's block. Every key of the schema must be there.</summary>
    public static PageParameter ReadParameter(string name, string description, string yaml)
    {
        var map = Load(yaml);
        return new PageParameter
        {
            Name = name,
            Description = description,
            Type = Scalar(Get(map, "Type")),
            DefaultValue = Scalar(Get(map, "DefaultValue")),
            SupportsWildcards = Flag(map, "SupportsWildcards"),
            Aliases = List(map, "Aliases"),
            ParameterSets = [.. ((YamlSequenceNode)Get(map, "ParameterSets")).Children.Cast<YamlMappingNode>().Select(Set)],
            DontShow = Flag(map, "DontShow"),
            AcceptedValues = List(map, "AcceptedValues"),
            HelpMessage = Scalar(Get(map, "HelpMessage")),
        };
    }

    /// <summary>Writes a parameter's block.</summary>
    public static string WriteParameter(PageParameter parameter)
    {
        var lines = new List<string>
        {
            $"Type: {parameter.Type}",
            $"DefaultValue: {Quote(parameter.DefaultValue)}",
            $"SupportsWildcards: {Word(parameter.SupportsWildcards)}",
        };
        AddList(lines, "Aliases", parameter.Aliases);
        lines.Add("ParameterSets:");
        foreach (var set in parameter.ParameterSets)
        {
            lines.Add($"- Name: {set.Name}");
            lines.Add($"  Position: {set.Position}");
            lines.Add($"  IsRequired: {Word(set.IsRequired)}");
            lines.Add($"  ValueFromPipeline: {Word(set.ValueFromPipeline)}");
            lines.Add($"  ValueFromPipelineByPropertyName: {Word(set.ValueFromPipelineByPropertyName)}");
            lines.Add($"  ValueFromRemainingArguments: {Word(set.ValueFromRemainingArguments)}");
        }
        lines.Add($"DontShow: {Word(parameter.DontShow)}");
        AddList(lines, "AcceptedValues", parameter.AcceptedValues);
        lines.Add($"HelpMessage: {Quote(parameter.HelpMessage)}");
        return string.Join('\n', lines);
    }

    private static void AddList(List<string> lines, string key, IReadOnlyList<string> values)
    {
        lines.Add(values.Count == 0 ? $"{key}: []" : $"{key}:");
        lines.AddRange(values.Select(v => $"- {v}"));
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static string Quote(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static PageParameterSet Set(YamlMappingNode map) => new(
        Scalar(Get(map, "Name")), Scalar(Get(map, "Position")), Flag(map, "IsRequired"), Flag(map, "ValueFromPipeline"),
        Flag(map, "ValueFromPipelineByPropertyName"), Flag(map, "ValueFromRemainingArguments"));

    private static YamlMappingNode Load(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static YamlNode Get(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(key, out var value) ? value : throw new YamlException(map.Start, map.End, $"no '{key}'.");

    private static string Scalar(YamlNode node) =>
        (node as YamlScalarNode)?.Value ?? throw new YamlException(node.Start, node.End, "not a single value.");

    private static bool Flag(YamlMappingNode map, string key) => Scalar(Get(map, key)) == "true";

    private static List<string> List(YamlMappingNode map, string key) => [.. ((YamlSequenceNode)Get(map, key)).Children.Select(Scalar)];
}
