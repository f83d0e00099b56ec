namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How erasures are carried out.</summary>
public static class ErasureSettings
{
    /// <summary>The delay in which an erasure can be stopped.</summary>
    public static readonly Setting<int> DelayDays = new()
    {
        Key = "erasure.delay_days",
        Type = SettingTypes.Integer(0, DataClasses.ErasurePromiseDays - 1, "an erasure must be done within the days that are promised for it"),
        Default = 7,
        Summary = "Days between a request for erasure and the destruction of the key, in which Stop-StingErasure can stop it. 0: it is due at once.",
    };
}
