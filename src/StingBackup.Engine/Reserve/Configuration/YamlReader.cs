using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>
/// Reads YAML into nodes that know their lines. Takes mappings, lists and single values; tags, anchors, aliases and further documents are refused by line,
/// since a setting must stand where a person looks for it.
/// </summary>
internal sealed class YamlReader
{
    private const int DeepestLevel = 16;

    private readonly Parser _parser;
    private readonly string _file;
    private readonly FindingList _findings;

    private YamlReader(string text, string file, FindingList findings)
    {
        _parser = new Parser(new StringReader(text));
        _file = file;
        _findings = findings;
    }

    /// <summary>The file's top mapping; empty for an empty file; null when it cannot be read, with an error in the findings.</summary>
    public static MapNode? Read(string text, string file, FindingList findings)
    {
        var reader = new YamlReader(text, file, findings);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            findings.Error(null, file, LineOf(e, text), $"this is not YAML: {e.Message}",
                "Mend the line: two spaces a level, 'key: value', text with ':' or '#' in quotes. A tab may not indent.");
            return null;
        }
        catch (InvalidOperationException)   // what the library says of some plain texts
        {
            findings.Error(null, file, (int)Math.Max(1, reader._parser.Current?.End.Line ?? 1), "this is not YAML from here on", "Mend the lines that follow: put texts in quotes.");
            return null;
        }
    }

    private MapNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            return new MapNode(1, []);
        }
        _parser.Consume<DocumentStart>();
        var node = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            Refuse(second, "a second document begins here", "Keep one document: remove the '---' and join what follows.");
            return null;
        }
        switch (node)
        {
            case MapNode map:
                return map;
            case ScalarNode { IsUnset: true }:
                return new MapNode(node.Line, []);
            case null:
                return null;
            default:
                _findings.Error(null, _file, node.Line, "the file does not hold sections with keys", "Write 'section:' with 'key: value' lines below it; 'init' writes an example with every key.");
                return null;
        }
    }

    private ConfigurationNode? ReadNode(int depth)
    {
        const string noAnchors = "anchors and aliases (&name, *name) are not read here", writeValue = "Write the value itself; put text that starts with '&' or '*' in quotes.";
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            Refuse(alias, noAnchors, writeValue);
            return null;
        }
        var current = _parser.Consume<NodeEvent>();
        if (depth > DeepestLevel)
        {
            throw new YamlException(current.Start, current.End, $"more than {DeepestLevel} levels");
        }
        if (!current.Anchor.IsEmpty)
        {
            Refuse(current, noAnchors, writeValue);
            SkipRest(current);
            return null;
        }
        if (!current.Tag.IsEmpty && !current.Tag.IsNonSpecific)
        {
            Refuse(current, $"the tag {current.Tag.Value} is not read here", "Write the value without a tag; put text that starts with '!' in quotes.");
            SkipRest(current);
            return null;
        }
        return current switch
        {
            Scalar scalar => new ScalarNode(LineOf(scalar), scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart start => ReadList(start, depth),
            MappingStart start => ReadMap(start, depth),
            _ => throw new YamlException(current.Start, current.End, "this cannot stand here"),
        };
    }

    private ListNode ReadList(SequenceStart start, int depth)
    {
        var items = new List<ConfigurationNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            if (ReadNode(depth + 1) is { } item)
            {
                items.Add(item);
            }
        }
        return new ListNode(LineOf(start), items);
    }

    private MapNode ReadMap(MappingStart start, int depth)
    {
        var entries = new List<MapEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is not ScalarNode name)
            {
                if (key is not null)
                {
                    _findings.Error(null, _file, key.Line, "a key must be a single word", "Write 'key: value'.");
                }
                continue;
            }
            if (!lines.TryAdd(name.Text, name.Line))
            {
                _findings.Error(name.Text, _file, name.Line, $"'{name.Text}' stands here a second time; the first is on line {lines[name.Text]}", "Keep one of the two.");
                continue;
            }
            if (value is not null)
            {
                entries.Add(new MapEntry(name.Text, name.Line, value));
            }
        }
        return new MapNode(LineOf(start), entries);
    }

    private void SkipRest(NodeEvent refused)
    {
        if (refused is not (MappingStart or SequenceStart))
        {
            return;
        }
        for (var open = 1; open > 0;)
        {
            open += _parser.Consume<ParsingEvent>().NestingIncrease;
        }
    }

    private void Refuse(ParsingEvent place, string problem, string remedy) => _findings.Error(null, _file, LineOf(place), problem, remedy);

    /// <summary>A tab that indents makes the parser complain of the section that it began, or of the file's first line: the tab's own line is the one to mend.</summary>
    private static int LineOf(YamlException e, string text)
    {
        var tab = Array.FindIndex(text.Split('\n'), line => line.AsSpan().TrimStart(' ').StartsWith("\t") && !line.AsSpan().Trim().IsEmpty);
        return tab >= 0 ? tab + 1 : (int)Math.Max(1, e.Start.Line);
    }

    private static int LineOf(ParsingEvent e) => (int)e.Start.Line;
}
