using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Writes the configuration file that <c>init</c> leaves: every setting with what it means, those given set, the others as comments that show the default or an example.</summary>
public sealed class ConfigurationWriter
{
    private const int Width = 110;

    private readonly Dictionary<Setting, object?> _given = [];
    private readonly List<string> _notes = [];

    /// <summary>Gives a setting a value.</summary>
    public ConfigurationWriter Set<T>(Setting<T> setting, T value)
    {
        _given[setting] = value;
        return this;
    }

    /// <summary>Gives a setting a value of its type.</summary>
    internal ConfigurationWriter SetValue(Setting setting, object? value)
    {
        _given[setting] = value;
        return this;
    }

    /// <summary>Puts a comment at the file's head.</summary>
    internal ConfigurationWriter Note(string words)
    {
        _notes.Add(words);
        return this;
    }

    /// <summary>The file's text.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        Comment(text, "", "The configuration of StingBackup. Every setting stands here with what it means. One that is commented out shows its default, or an example where it has none: "
            + "remove the mark before it to set it. An unknown key, a bad value and two that contradict each other are refused with file, line and key; Test-StingBackupConfig tells all of them at once.");
        foreach (var note in _notes)
        {
            text.Append('\n');
            Comment(text, "", note);
        }
        foreach (var (section, summary) in Settings.Sections)
        {
            text.Append('\n');
            Comment(text, "", summary);
            var indent = section.Length > 0 ? "  " : "";
            if (section.Length > 0)
            {
                text.Append(section).Append(":\n");
            }
            foreach (var setting in Settings.All.Where(s => s.Section == section))
            {
                Write(text, setting, indent);
            }
        }
        return text.ToString();
    }

    /// <summary>What was given and nothing else, without comments: a text that is the same as long as the settings are.</summary>
    internal string RenderGiven()
    {
        var text = new StringBuilder();
        // A key at the top would belong to the section before it: these come first.
        foreach (var (section, _) in Settings.Sections.OrderBy(s => s.Name.Length > 0))
        {
            var given = Settings.All.Where(s => s.Section == section && _given.GetValueOrDefault(s) is not null).ToList();
            if (given.Count > 0 && section.Length > 0)
            {
                text.Append(section).Append(":\n");
            }
            given.ForEach(setting => WriteValue(text, section.Length > 0 ? "  " : "", setting.Name, setting.WriteItems(_given[setting]), setting.Write(_given[setting])));
        }
        return text.ToString();
    }

    /// <summary>Writes a new file, readable by its owner and group.</summary>
    /// <exception cref="StingException"><c>ConfigurationExists</c>, <c>ConfigurationNotWritable</c></exception>
    public void WriteNew(string path)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }
            const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            if (!Durable.WriteFile(path, Encoding.UTF8.GetBytes(Render()), replace: false, mode))
            {
                throw new StingException("ConfigurationExists", FailureKind.AlreadyExists, $"There is a configuration file {path} already; it was left as it is.", path,
                    "Change it by hand, or name another place with -ConfigPath (--config).");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ConfigurationNotWritable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"The configuration file {path} cannot be written: {e.Message}", path, "Name another place with -ConfigPath (--config), or run as a user that may write there.", e);
        }
    }

    private void Write(StringBuilder text, Setting setting, string indent)
    {
        text.Append('\n');
        Comment(text, indent, setting.Summary);
        Comment(text, indent, Facts(setting));
        if (_given.TryGetValue(setting, out var given) && given is not null)
        {
            WriteValue(text, indent, setting.Name, setting.WriteItems(given), setting.Write(given));
            return;
        }
        var shown = setting.FixedDefault;
        var items = setting.Example is { } example && example.StartsWith("- ", StringComparison.Ordinal)
            ? example.ReplaceLineEndings("\n").Split('\n').Select(i => i[2..]).ToArray()
            : shown is null ? null : setting.WriteItems(shown);
        WriteValue(text, indent + "# ", setting.Name, items, setting.Example ?? setting.Write(shown));
    }

    /// <summary>What a value looks like, what holds without one, and its name in the strategy's file.</summary>
    internal static string Facts(Setting setting)
    {
        var facts = new StringBuilder($"{char.ToUpperInvariant(setting.TypeDescription[0])}{setting.TypeDescription[1..]}.");
        if (setting.IsRequired)
        {
            facts.Append(" Required.");
        }
        else
        {
            facts.Append(" Default: ").Append(DefaultText(setting)).Append('.');
        }
        if (setting.ShellVariable is not null)
        {
            facts.Append(" In backup-config.sh: ").Append(setting.ShellVariable).Append('.');
        }
        return facts.ToString();
    }

    internal static string DefaultText(Setting setting)
    {
        if (setting.DefaultDescription is not null)
        {
            return setting.DefaultDescription;
        }
        var value = setting.FixedDefault;
        return value is null ? "none" : setting.WriteItems(value) is { Count: > 3 } items ? $"the {items.Count} {setting.TypeDescription["a list of ".Length..]} below" : setting.Write(value) is var one && one == "[]" ? "none" : one;
    }

    private static void WriteValue(StringBuilder text, string indent, string name, IReadOnlyList<string>? items, string value)
    {
        if (items is null)
        {
            text.Append(indent).Append(name).Append(": ").Append(value).Append('\n');
            return;
        }
        text.Append(indent).Append(name).Append(":\n");
        foreach (var item in items)
        {
            text.Append(indent).Append("  - ").Append(item).Append('\n');
        }
    }

    private static void Comment(StringBuilder text, string indent, string words)
    {
        var line = new StringBuilder(indent + "#");
        foreach (var word in words.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                text.Append(line).Append('\n');
                line.Clear().Append(indent).Append('#');
            }
            line.Append(' ').Append(word);
        }
        text.Append(line).Append('\n');
    }
}
