namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What is told to monitoring.</summary>
public static class MonitoringSettings
{
    /// <summary>The textfile.</summary>
    public static readonly Setting<string?> MetricsFile = new()
    {
        Key = "metrics.file",
        Type = SettingTypes.Path,
        Example = "/var/lib/prometheus/node-exporter/sting-backup.prom",
        DefaultDescription = "none is written",
        Summary = "A file for the textfile collector of Prometheus' node_exporter, whose name must end in .prom. Each backup, sync, verification and repair writes it anew, whether it did well or not.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [MetricsFile];
}
