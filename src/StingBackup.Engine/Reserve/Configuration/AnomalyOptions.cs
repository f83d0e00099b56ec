namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How runs are watched for ransomware and mass damage.</summary>
/// <param name="IsOn">Whether they are.</param>
/// <param name="Honeypots">Paths within the reserve that nobody touches.</param>
/// <param name="Hold">How long after a suspicious run the restore points before it do not expire; zero for not at all.</param>
public sealed record AnomalyOptions(bool IsOn, IReadOnlyList<string> Honeypots, TimeSpan Hold)
{
    /// <summary>What holds where nothing is configured.</summary>
    public static AnomalyOptions Default { get; } = new(AnomalySettings.Enabled.Default, AnomalySettings.Honeypots.Default, TimeSpan.FromDays(AnomalySettings.HoldDays.Default));

    /// <summary>The data classes that are watched: what people and jars own as files. Rows, captures of servers and temporary files change as a whole by their nature.</summary>
    internal static IReadOnlySet<DataClass> Watched { get; } = new HashSet<DataClass> { DataClass.UserFiles, DataClass.HoneyJars, DataClass.Reports, DataClass.Settings };
}
