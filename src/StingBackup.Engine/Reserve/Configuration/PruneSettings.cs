namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How the room of what no restore point reaches is given back.</summary>
public static class PruneSettings
{
    /// <summary>The readers' time.</summary>
    public static readonly Setting<int> GraceHours = new()
    {
        Key = "prune.grace_hours",
        Type = SettingTypes.Integer(1, 8784, "a restore that runs now may need what is marked now"),
        Default = 48,
        Summary = "Hours between the moment when nothing can use a pack any more and its deletion. A restore or verification that takes longer may miss packs; no backup ever does.",
    };

    /// <summary>Waste.</summary>
    public static readonly Setting<int> MaxWaste = new()
    {
        Key = "prune.max_waste",
        Type = SettingTypes.Integer(1, 100),
        Default = 25,
        Summary = "Percent of a pack that may be unneeded before the rest of it is written anew. 100: packs go only when nothing of them is needed.",
    };
}
