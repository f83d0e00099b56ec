using System.Text;
using StingBackup.Engine.Reserve;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace StingBackup.Engine.Discovery;

/// <summary>A YAML file that others wrote: anchors, merges and unknown keys are taken as they come, and what is asked for is found or not.</summary>
internal sealed class ForeignYaml
{
    private readonly YamlMappingNode _root;

    private ForeignYaml(YamlMappingNode root) => _root = root;

    /// <summary>Reads a file; null where there is none, or where it cannot be read, which is told.</summary>
    public static ForeignYaml? Read(string path, IHostView host, GapList gaps)
    {
        if (!host.FileExists(path))
        {
            return null;
        }
        try
        {
            var stream = new YamlStream();
            using var reader = new StringReader(Encoding.UTF8.GetString(host.ReadFile(path)));
            stream.Load(new MergingParser(new Parser(reader)));
            return new ForeignYaml(stream.Documents is [{ RootNode: YamlMappingNode root }, ..] ? root : []);
        }
        // Of some files the library says so in words that are meant for programmers.
        catch (Exception e) when (e is YamlException or ArgumentException or InvalidOperationException)
        {
            var line = e is YamlException { Start.Line: var number } ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" (line {number})") : "";
            gaps.Add(Path.GetFileName(path), $"{path} is no YAML that can be read{line}", "Mend the file; what it says was left out.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            gaps.Add(Path.GetFileName(path), $"{path} cannot be read: {e.Message}", "Run this as a user that may read it, such as root.");
        }
        return null;
    }

    /// <summary>A single value at a path of keys, or null.</summary>
    public string? Text(params ReadOnlySpan<string> keys) => Text(Find(_root, keys));

    /// <summary>The entries of a mapping at a path of keys; none where there is no such mapping.</summary>
    public IEnumerable<(string Key, YamlNode Value)> Entries(params ReadOnlySpan<string> keys) => Entries(Find(_root, keys));

    /// <summary>The entries of a mapping; of a list none.</summary>
    public static IEnumerable<(string Key, YamlNode Value)> Entries(YamlNode? node) =>
        node is YamlMappingNode map ? map.Children.Where(c => c.Key is YamlScalarNode).Select(c => (((YamlScalarNode)c.Key).Value ?? "", c.Value)) : [];

    /// <summary>The items of a list at a path of keys.</summary>
    public static IEnumerable<YamlNode> Items(YamlNode node, params ReadOnlySpan<string> keys) => Find(node, keys) is YamlSequenceNode list ? list.Children : [];

    /// <summary>A single value below a node, or null.</summary>
    public static string? Text(YamlNode node, params ReadOnlySpan<string> keys) => Text(Find(node, keys));

    /// <summary>A node's own value where it is a single one.</summary>
    public static string? Text(YamlNode? node) => node is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    private static YamlNode? Find(YamlNode node, ReadOnlySpan<string> keys)
    {
        YamlNode? found = node;
        foreach (var key in keys)
        {
            found = found is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;
        }
        return found;
    }
}
