using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StingBackup.Engine.Operations.Schedules;

/// <summary>The line in a file of a schedule that says what it was made from, so that a later command can change one thing and keep the rest.</summary>
internal static class ScheduleMark
{
    private const string Begin = "# sting-backup-schedule ";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = { new JsonStringEnumConverter() } };

    public static string Write(BackupSchedule schedule) =>
        Begin + JsonSerializer.Serialize(new Mark(schedule.Task, schedule.Kind, schedule.At, schedule.TimeZone, schedule.JitterSeconds, schedule.IsEnabled, schedule.User, schedule.Program, schedule.ConfigurationFile), Json);

    /// <summary>Null for a line that is none.</summary>
    public static BackupSchedule? Read(string line)
    {
        var at = line.IndexOf(Begin, StringComparison.Ordinal);
        try
        {
            return at < 0 || JsonSerializer.Deserialize<Mark>(line[(at + Begin.Length)..].Replace("-->", "", StringComparison.Ordinal), Json) is not { } mark ? null : new BackupSchedule
            {
                Task = mark.Task, Kind = mark.Kind, At = mark.At, TimeZone = mark.Zone, JitterSeconds = mark.Jitter, IsEnabled = mark.Enabled, User = mark.User, Program = mark.Program, ConfigurationFile = mark.Config,
            };
        }
        catch (JsonException)
        {
            return null;   // somebody wrote it by hand
        }
    }

    private sealed record Mark(ScheduledTask Task, ScheduleKind Kind, string At, string Zone, int Jitter, bool Enabled, string User, string Program, string? Config);
}
