namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How runs are watched for ransomware and mass damage.</summary>
public static class AnomalySettings
{
    /// <summary>Whether they are.</summary>
    public static readonly Setting<bool> Enabled = new()
    {
        Key = "anomaly.enabled",
        Type = SettingTypes.Boolean,
        Default = true,
        Summary = "Whether each run looks for ransomware and mass damage, by what it reads anyway. Costs a few percent of a run's time, and a few bytes a file in the host's cache.",
    };

    /// <summary>Files that nobody touches.</summary>
    public static readonly Setting<IReadOnlyList<string>> Honeypots = new()
    {
        Key = "anomaly.honeypots",
        Type = new ListType<string>("a list of paths within the reserve", SettingTypes.Name),
        Default = [],
        Example = """
            - users/0/.keep/account-numbers.docx
            """,
        Summary = "Files of the reserve that nobody has a reason to change, rename or delete: whoever does raises an alert. Paths within the reserve; put them where an encryptor comes early, and tell the people whose folders they are in.",
    };

    /// <summary>The hold.</summary>
    public static readonly Setting<int> HoldDays = new()
    {
        Key = "anomaly.hold_days",
        Type = SettingTypes.Integer(0, 3650),
        Default = 30,
        Summary = "Days after a suspicious run for which no restore point from before it is let go, unless somebody settles it (Confirm-StingAnomaly). 0: retention takes no notice.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All => [Enabled, Honeypots, HoldDays];
}
