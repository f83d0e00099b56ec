using System.Text;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Reads configuration files: a YAML file, the strategy's <c>backup-config.sh</c>, or both where they stand in one folder.</summary>
/// <param name="host">The host whose files and folders count.</param>
public sealed class ConfigurationLoader(IHostView host)
{
    private const int LargestFile = 1 << 20;

    private static readonly UTF8Encoding Strict = new(false, true);
    private static readonly Dictionary<string, Setting> ByKey = Settings.All.ToDictionary(s => s.Key, StringComparer.Ordinal);
    private static readonly Dictionary<string, Setting> ByVariable = Settings.All.Where(s => s.ShellVariable is not null).ToDictionary(s => s.ShellVariable!, StringComparer.Ordinal);

    /// <summary>The configuration, for a run.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c>, naming every error; <c>ConfigurationNotFound</c></exception>
    public StingConfiguration Load(string path) => Examine(path).Require();

    /// <summary>Reads a file (and the <c>backup-config.sh</c> beside a YAML one) and tells everything that is wrong with it.</summary>
    /// <exception cref="StingException"><c>ConfigurationNotFound</c>, <c>ConfigurationUnreadable</c></exception>
    public ExaminedConfiguration Examine(string path)
    {
        var full = Path.GetFullPath(path, host.CurrentDirectory);
        if (!host.FileExists(full))
        {
            throw new StingException("ConfigurationNotFound", FailureKind.NotFound, $"There is no configuration file {full}.", full,
                "Name another with -ConfigPath (--config), or make one: Initialize-StingRepository (sting-backup init).");
        }
        var findings = new FindingList();
        var values = new SettingValues();
        var text = ReadText(full, findings);
        if (text is not null && IsShell(full))
        {
            ReadShell(text, full, values, findings);
        }
        else if (text is not null)
        {
            ReadYaml(text, full, values, findings);
            ReadBeside(full, values, findings);
        }
        return Finish(full, values, findings);
    }

    /// <summary>Examines a YAML text as if it stood in a file of this name, a <c>backup-config.sh</c> beside it included; the file need not exist.</summary>
    public ExaminedConfiguration ExamineText(string yaml, string path)
    {
        var findings = new FindingList();
        var values = new SettingValues();
        ReadYaml(yaml, path, values, findings);
        ReadBeside(path, values, findings);
        return Finish(path, values, findings);
    }

    private void ReadBeside(string yaml, SettingValues values, FindingList findings)
    {
        var beside = Path.Join(Path.GetDirectoryName(yaml), ConfigurationLocator.ShellName);
        if (host.FileExists(beside) && ReadText(beside, findings) is { } shell)
        {
            ReadShell(shell, beside, values, findings);
        }
    }

    private ExaminedConfiguration Finish(string file, SettingValues values, FindingList findings)
    {
        var folders = PlatformFolders.Of(host);
        foreach (var setting in Settings.All.Where(s => s.IsRequired && !values.IsSet(s) && !values.IsRefused(s)))
        {
            findings.Error(setting.Key, file, 0, $"'{setting.Key}' is not set", IsShell(file)
                ? $"Write it into a {ConfigurationLocator.YamlName} beside this file: {setting.Section}: then {setting.Name}: {setting.Example} below it."
                : $"Write it: {setting.Section}: then {setting.Name}: {setting.Example} below it.");
        }
        values.FillDefaults(folders);
        new ContradictionCheck(values, host, findings, file).Run();
        return new ExaminedConfiguration(file, findings, values, findings.HasErrors ? null : ConfigurationBinder.Bind(values, file), folders);
    }

    private string? ReadText(string file, FindingList findings)
    {
        try
        {
            var bytes = host.ReadFile(file);
            if (bytes.Length > LargestFile)
            {
                findings.Error(null, file, 0, $"the file is larger than {LargestFile} bytes", "This cannot be a configuration file; name another.");
                return null;
            }
            var start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
            return Strict.GetString(bytes.AsSpan(start));
        }
        catch (DecoderFallbackException)
        {
            findings.Error(null, file, 0, "the file is not UTF-8", "Save it as UTF-8.");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ConfigurationUnreadable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"The configuration file {file} cannot be read: {e.Message}", file, "Give this user the right to read it, or run as the user that owns it.", e);
        }
    }

    private void ReadYaml(string text, string file, SettingValues values, FindingList findings)
    {
        if (YamlReader.Read(text, file, findings) is not { } top)
        {
            // What could not be read is not missing besides.
            foreach (var setting in Settings.All.Where(s => s.IsRequired && findings.HasErrors))
            {
                values.Refuse(setting);
            }
            return;
        }
        foreach (var (key, line, node) in top.Entries)
        {
            var isSection = key.Length > 0 && Settings.Sections.Any(s => s.Name == key);
            if (!isSection)
            {
                Take(key, line, node, file, values, findings);
            }
            else if (node is MapNode section)
            {
                foreach (var (name, nameLine, value) in section.Entries)
                {
                    Take($"{key}.{name}", nameLine, value, file, values, findings);
                }
            }
            else if (node is not ScalarNode { IsUnset: true })
            {
                findings.Error(key, file, node.Line, $"'{key}' is a section: its keys stand below it, indented", $"Write {key}: and below it, with two spaces, key: value.");
            }
        }
    }

    private void Take(string key, int line, ConfigurationNode node, string file, SettingValues values, FindingList findings)
    {
        if (!ByKey.TryGetValue(key, out var setting))
        {
            findings.Error(key, file, line, $"there is no setting '{key}'", $"{Nearest(key)} Get-StingBackupConfig lists every setting.".TrimStart());
            return;
        }
        if (node is not ScalarNode { IsUnset: true })
        {
            Read(setting, node, file, values, findings);
        }
    }

    private void ReadShell(string text, string file, SettingValues values, FindingList findings)
    {
        foreach (var (name, value, line) in ShellAssignments.Read(text, file, findings))
        {
            if (!ByVariable.TryGetValue(name, out var setting))
            {
                findings.Error(name, file, line, $"there is no setting for the variable {name}",
                    $"{NearestNames.Question(name, ByVariable.Keys)} Known are {string.Join(", ", ByVariable.Keys)}; everything else goes into {ConfigurationLocator.YamlName}.".TrimStart());
            }
            else if (value.Length > 0)
            {
                Read(setting, new ScalarNode(line, value, true), file, values, findings);
            }
        }
    }

    private void Read(Setting setting, ConfigurationNode node, string file, SettingValues values, FindingList findings)
    {
        var context = new ReadContext(setting.Key, file, Path.GetDirectoryName(file) ?? host.CurrentDirectory, host, findings);
        if (!setting.TryRead(node, context, out var value))
        {
            values.Refuse(setting);
        }
        else if (!values.IsSet(setting))
        {
            values.Set(setting, value, new SettingOrigin(file, node.Line, null));
        }
        else if (setting.Write(value) != setting.Write(values.ValueOf(setting)))
        {
            var other = values.OriginOf(setting);
            findings.Error(setting.Key, file, node.Line, $"{setting.ShellVariable} says {setting.Write(value)}, but {other} says {setting.Key}: {setting.Write(values.ValueOf(setting))}",
                $"Keep one of the two, or make them agree. Both {Path.GetFileName(file)} and {Path.GetFileName(other.File)} are read, since they stand in one folder.");
        }
    }

    /// <summary>The same name in another section first, then what is spelled alike.</summary>
    private static string Nearest(string key)
    {
        var name = key[(key.LastIndexOf('.') + 1)..];
        var same = Settings.All.Where(s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(s => s.Key).ToArray();
        return same.Length > 0 ? $"Did you mean {string.Join(" or ", same.Select(s => $"'{s}'"))}?"
            : NearestNames.Question(key, ByKey.Keys) is { Length: > 0 } question ? question
            : NearestNames.Of(name, Settings.All.Select(s => s.Name), 1) is [var near] ? $"Did you mean '{Settings.All.First(s => s.Name == near).Key}'?" : "";
    }

    private static bool IsShell(string file) => file.EndsWith(".sh", StringComparison.OrdinalIgnoreCase);
}
