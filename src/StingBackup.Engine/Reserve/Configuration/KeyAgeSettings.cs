namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How old keys may become.</summary>
public static class KeyAgeSettings
{
    /// <summary>The age from which the status warns.</summary>
    public static readonly Setting<int> RotateDays = new()
    {
        Key = "keys.rotate_days",
        Type = SettingTypes.Integer(0, 3650),
        Default = 90,
        Summary = "Age in days from which a key should be renewed with Update-StingKey: Get-StingKey shows when, and the status warns when it is past. 0: never.",
    };
}
