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

    /// <summary>The collector.</summary>
    public static readonly Setting<string?> OtlpEndpoint = new()
    {
        Key = "metrics.otlp_endpoint",
        Type = SettingTypes.Location("https", "http"),
        Example = "http://127.0.0.1:4318/v1/metrics",
        DefaultDescription = "nothing is sent",
        Summary = "The whole address at which a collector of OpenTelemetry takes metrics (OTLP over HTTP, protobuf). Each backup, sync, verification and repair sends them, and the daemon every five minutes.",
    };

    /// <summary>Its token.</summary>
    public static readonly Setting<string?> OtlpTokenFile = new()
    {
        Key = "metrics.otlp_token_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/otlp.token",
        DefaultDescription = "none is sent",
        Summary = "A file that holds the token for metrics.otlp_endpoint, sent as a bearer token; by https alone, but to this host.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [MetricsFile, MetricsPort, OtlpEndpoint, OtlpTokenFile];
}

/// <summary>Where metrics are sent.</summary>
/// <param name="Endpoint">The collector's whole address.</param>
/// <param name="TokenFile">The file of its token; null for none.</param>
public sealed record OtlpTarget(string Endpoint, string? TokenFile);
