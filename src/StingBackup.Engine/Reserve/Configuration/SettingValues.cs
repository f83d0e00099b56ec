namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The value of every setting, with where it comes from.</summary>
internal sealed class SettingValues
{
    private readonly Dictionary<Setting, (object? Value, SettingOrigin Origin)> _values = [];
    private readonly HashSet<Setting> _refused = [];

    /// <summary>True when a file sets it.</summary>
    public bool IsSet(Setting setting) => _values.ContainsKey(setting);

    /// <summary>True when a file gives a value that cannot be read.</summary>
    public bool IsRefused(Setting setting) => _refused.Contains(setting);

    public void Set(Setting setting, object? value, SettingOrigin origin) => _values[setting] = (value, origin);

    public void Refuse(Setting setting) => _refused.Add(setting);

    /// <summary>Fills in what no file sets.</summary>
    public void FillDefaults(PlatformFolders folders)
    {
        foreach (var setting in Settings.All)
        {
            var (value, variable) = setting.DefaultOn(folders);
            _values.TryAdd(setting, (value, variable is null ? SettingOrigin.Default : new SettingOrigin(null, 0, variable)));
        }
    }

    public T Get<T>(Setting<T> setting) => (T)_values[setting].Value!;

    public object? ValueOf(Setting setting) => _values[setting].Value;

    public SettingOrigin OriginOf(Setting setting) => _values[setting].Origin;
}
