namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>A piece of a configuration file, with the line it stands on (from 1).</summary>
public abstract record ConfigurationNode(int Line);

/// <summary>A single value.</summary>
/// <param name="Line">Its line.</param>
/// <param name="Text">The value without quotes.</param>
/// <param name="Quoted">True when it stood in quotes, so that an empty one is meant.</param>
public sealed record ScalarNode(int Line, string Text, bool Quoted) : ConfigurationNode(Line)
{
    /// <summary>True for a key without a value: the setting is not set.</summary>
    public bool IsUnset => !Quoted && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
public sealed record ListNode(int Line, IReadOnlyList<ConfigurationNode> Items) : ConfigurationNode(Line);

/// <summary>Keys with values, in the order of the file.</summary>
public sealed record MapNode(int Line, IReadOnlyList<MapEntry> Entries) : ConfigurationNode(Line);

/// <summary>A key with its value.</summary>
public sealed record MapEntry(string Key, int Line, ConfigurationNode Value);
