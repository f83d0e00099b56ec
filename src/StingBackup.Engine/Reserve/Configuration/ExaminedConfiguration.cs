namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What reading the configuration gave: every finding, every setting with its source, and, where nothing forbids it, the configuration itself.</summary>
public sealed class ExaminedConfiguration
{
    private readonly FindingList _findings;
    private readonly SettingValues _values;
    private readonly PlatformFolders _folders;

    internal ExaminedConfiguration(string file, FindingList findings, SettingValues values, StingConfiguration? configuration, PlatformFolders folders)
    {
        File = file;
        _findings = findings;
        _values = values;
        Configuration = configuration;
        _folders = folders;
    }

    /// <summary>The file that was read.</summary>
    public string File { get; }

    /// <summary>The configuration, or null when a finding forbids it.</summary>
    public StingConfiguration? Configuration { get; }

    /// <summary>Everything that was found, errors and less.</summary>
    public IReadOnlyList<ConfigurationFinding> Findings => _findings.All;

    /// <summary>Where nobody has a role: that there is one administrator. Told by a look at the configuration, never by a run.</summary>
    public ConfigurationFinding? SingleAdministrator => Configuration is { Access.IsMapped: false } ? AccessContradictions.Unmapped(File) : null;

    /// <summary>The configuration.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c>, naming every error</exception>
    public StingConfiguration Require()
    {
        _findings.ThrowOnError();
        return Configuration!;
    }

    /// <summary>Where a setting's value comes from.</summary>
    public SettingOrigin OriginOf(Setting setting) => _values.OriginOf(setting);

    /// <summary>Every setting as it holds now, in the order of the file.</summary>
    /// <param name="lastRun">What the last run used, to tell what has changed since; or null.</param>
    public IReadOnlyList<ConfigurationSetting> Describe(ConfigurationSnapshot? lastRun = null) => Settings.All.Select(setting =>
    {
        var value = _values.ValueOf(setting);
        var (defaultValue, _) = setting.DefaultOn(_folders);
        var written = Canonical(setting, value);
        var last = lastRun?.Find(setting.Key);
        return new ConfigurationSetting
        {
            Key = setting.Key,
            Value = setting.ToPublic(value),
            Default = setting.ToPublic(defaultValue),
            Source = _values.OriginOf(setting).ToString(),
            Description = $"{setting.Summary} {char.ToUpperInvariant(setting.TypeDescription[0])}{setting.TypeDescription[1..]}.",
            Changed = written != Canonical(setting, defaultValue),
            ChangedSinceLastRun = last is not null && last != written,
            LastRunValue = last is null ? null : last.Length == 0 ? null : last,
        };
    }).ToArray();

    /// <summary>Key and canonical text of every setting: what a snapshot keeps.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Texts() => Settings.All.Select(s => KeyValuePair.Create(s.Key, Canonical(s, _values.ValueOf(s))));

    /// <summary>A file that says what the files that were read say: what is set in them, and no default of this host.</summary>
    internal ConfigurationWriter ToWriter()
    {
        var writer = new ConfigurationWriter();
        foreach (var setting in Settings.All.Where(s => _values.OriginOf(s).File is not null))
        {
            writer.SetValue(setting, _values.ValueOf(setting));
        }
        return writer;
    }

    private static string Canonical(Setting setting, object? value) => value is null ? "" : setting.Write(value);
}
