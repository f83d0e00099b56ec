namespace StingBackup.Engine.Operations.Metrics;

/// <summary>The strategy's thresholds.</summary>
internal static class MetricThresholds
{
    public static MetricRating SuccessRate(double? value) => new("backup_success_rate", value, 0.95, 0.90);

    public static MetricRating Duration(TimeSpan? value) => new("backup_duration", value?.TotalSeconds, TimeSpan.FromHours(2).TotalSeconds, TimeSpan.FromHours(4).TotalSeconds);

    public static MetricRating Storage(double? value) => new("storage_usage", value, 0.80, 0.90);

    public static MetricRating RecoveryTests(double? value) => new("recovery_test_success", value, 0.95, 0.90);
}
