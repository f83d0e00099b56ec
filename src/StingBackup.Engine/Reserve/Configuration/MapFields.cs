namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Reads a small mapping whose keys are known.</summary>
/// <param name="noun">What it is: <c>rule</c>.</param>
/// <param name="required">Keys that it must have.</param>
/// <param name="optional">Keys that it may have.</param>
/// <param name="example">One, for people.</param>
internal sealed class MapFields(string noun, string[] required, string[] optional, string example)
{
    private readonly string[] _keys = [.. required, .. optional];

    /// <summary>The values by key, unset ones left out; null with an error in the findings when the node is not such a mapping.</summary>
    public IReadOnlyDictionary<string, ConfigurationNode>? Read(ConfigurationNode node, ReadContext context)
    {
        if (node is not MapNode map)
        {
            context.Findings.Error(context.Key, context.File, node.Line, $"a {noun} is written with its keys", $"Write - {example}.");
            return null;
        }
        var fields = new Dictionary<string, ConfigurationNode>(StringComparer.Ordinal);
        var sound = true;
        foreach (var (key, line, entry) in map.Entries)
        {
            if (!_keys.Contains(key))
            {
                context.Findings.Error(context.Key, context.File, line, $"a {noun} has no key '{key}'", $"{NearestNames.Question(key, _keys)} It has {string.Join(", ", _keys)}.".TrimStart());
                sound = false;
            }
            else if (entry is not ScalarNode { IsUnset: true })
            {
                fields[key] = entry;
            }
        }
        foreach (var missing in required.Where(k => sound && !fields.ContainsKey(k)).Take(1))
        {
            context.Findings.Error(context.Key, context.File, map.Line, $"the {noun} has no {missing}", $"Write - {example}.");
            sound = false;
        }
        return sound ? fields : null;
    }
}
