using System.Text;
using StingBackup.Engine.Reserve;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace StingBackup.Engine.Discovery;

/// <summary>A YAML file that others wrote: anchors, merges and unknown keys are taken as they come, and what is asked for is found or not.</summary>
internal sealed class ForeignYaml
{
    /// <summary>Most parts that a file may have with all that its aliases stand for, and levels: far beyond what anybody writes, and little enough to read. The library bounds neither.</summary>
    private const int MostParts = 200_000, DeepestLevel = 100;

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
            var text = Encoding.UTF8.GetString(host.ReadFile(path));
            CheckSize(text);
            using var reader = new StringReader(text);
            stream.Load(new MergingParser(new Parser(reader)));
            return new ForeignYaml(stream.Documents is [{ RootNode: YamlMappingNode root }, ..] ? root : []);
        }
        // Of some files the library says so in words that are meant for programmers.
        catch (Exception e) when (e is YamlException or ArgumentException or InvalidOperationException or KeyNotFoundException)
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

    /// <summary>A page of anchors, each of which stands for the one before twice, would become a million pages.</summary>
    private static void CheckSize(string text)
    {
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        var sizes = new Dictionary<AnchorName, long>();
        var open = new Stack<(AnchorName Anchor, long Before)>();
        for (long parts = 0; parser.MoveNext();)
        {
            var part = parser.Current!;
            parts += part is AnchorAlias alias ? sizes.GetValueOrDefault(alias.Value, 1) : 1;
            if (parts > MostParts || open.Count > DeepestLevel)
            {
                throw new YamlException(part.Start, part.End, "it is too large, or too deep");
            }
            if (part.NestingIncrease > 0)
            {
                open.Push(((part as NodeEvent)?.Anchor ?? AnchorName.Empty, parts));
            }
            else if (part.NestingIncrease < 0 && open.TryPop(out var closed) && !closed.Anchor.IsEmpty)
            {
                sizes[closed.Anchor] = parts - closed.Before + 1;
            }
        }
    }

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
