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

    /// <summary>The endpoint.</summary>
    public static readonly Setting<int> MetricsPort = new()
    {
        Key = "metrics.port",
        Type = SettingTypes.Integer(0, 65535),
        Default = 0,
        Summary = "The port at which the daemon gives metrics by HTTP (/metrics), on the loopback address alone. 0: it does not.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [MetricsFile, MetricsPort];
}
