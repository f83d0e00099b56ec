namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How often each data class is backed up.</summary>
public static class ScheduleSettings
{
    /// <summary>How much time may lie between two restore points of a class, as long as runs come often enough. Zero: none.</summary>
    public static readonly IReadOnlyDictionary<DataClass, Setting<TimeSpan>> ClassIntervals = new Dictionary<DataClass, Setting<TimeSpan>>
    {
        [DataClass.UserFiles] = Every("user_files", TimeSpan.FromMinutes(15), "what people upload"),
        [DataClass.HoneyJars] = Every("honey_jars", TimeSpan.FromMinutes(15), "documents of honey jars"),
        [DataClass.Metadata] = Every("metadata", TimeSpan.Zero, "databases"),
        [DataClass.Embeddings] = Every("embeddings", TimeSpan.FromHours(1), "document chunks and their vectors"),
        [DataClass.AuditLogs] = Every("audit_logs", TimeSpan.FromDays(1), "audit logs"),
        [DataClass.Reports] = Every("reports", TimeSpan.FromHours(1), "generated reports"),
        [DataClass.Settings] = Every("settings", TimeSpan.FromHours(1), "preferences and settings"),
        [DataClass.TempFiles] = Every("temp_files", TimeSpan.FromHours(1), "temporary files"),
        [DataClass.Secrets] = Every("secrets", TimeSpan.FromDays(1), "keys and tokens of the installation"),
        [DataClass.Physical] = Every("physical", TimeSpan.FromMinutes(15), "the database server's write-ahead log, Chroma's folder, and with full runs the server as a whole,"),
    };

    /// <summary>User data before system data: the strategy's order.</summary>
    public static readonly Setting<IReadOnlyList<DataClass>> Priority = new()
    {
        Key = "schedule.priority",
        Type = new ListType<DataClass>("a list of data classes", RuleType.ClassName),
        Default = [DataClass.UserFiles, DataClass.HoneyJars, DataClass.Metadata, DataClass.Embeddings, DataClass.Reports, DataClass.TempFiles, DataClass.Settings, DataClass.Secrets, DataClass.AuditLogs, DataClass.Physical],
        Summary = "Which data classes go first when a run has several: what waits to be read and stored is taken in this order, as far as the run looks ahead (16,384 items). User data comes before system data. "
            + "Classes that are not named here come behind those that are. Databases are read after the files that their rows name, whatever stands here.",
    };

    /// <summary>Every class, the first one first.</summary>
    internal static IReadOnlyList<DataClass> OrderOf(IEnumerable<DataClass> first) => [.. first.Concat(Priority.Default).Distinct()];

    private static Setting<TimeSpan> Every(string name, TimeSpan interval, string what) => new()
    {
        Key = $"schedule.{name}",
        Type = SettingTypes.Interval,
        Default = interval,
        Summary = $"How often {what} are backed up by runs with -Due (--due).",
    };
}
