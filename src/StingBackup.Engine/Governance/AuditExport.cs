using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Engine.Governance;

/// <summary>Writes audit records for other programs. Names of fields are a contract: none goes, none changes its meaning.</summary>
public static class AuditExport
{
    private const string SchemaVersion = "1.3.0";
    private const int ApiActivity = 6003, ApplicationActivity = 6, Success = 1, Failure = 2, Other = 99;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Name, Func<AuditEntry, string> Value)[] Columns =
    [
        ("time", e => TimeOf(e) ?? ""), ("event", e => e.Event?.ToString() ?? ""), ("command", e => e.Command), ("actor", e => e.Actor), ("outcome", e => e.Outcome), ("request_id", e => e.RequestId ?? ""),
        ("plan_digest", e => e.PlanDigest ?? ""), ("subjects", e => string.Join(' ', e.Subjects)), ("approvers", e => string.Join(' ', e.Approvers)), ("state", e => e.State.ToString()), ("problem", e => e.Problem ?? ""),
        ("writer", e => e.Writer), ("writer_name", e => e.WriterName), ("sequence", e => e.Sequence.ToString(CultureInfo.InvariantCulture)), ("object", e => e.Object),
    ];

    /// <summary>Records as text, each line ended.</summary>
    public static string Write(IEnumerable<AuditEntry> entries, AuditFormat format)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var text = new StringBuilder();
        if (format == AuditFormat.Csv)
        {
            text.Append(string.Join(',', Columns.Select(c => c.Name))).Append("\r\n");
        }
        foreach (var entry in entries)
        {
            text.Append(format switch
            {
                AuditFormat.Csv => string.Join(',', Columns.Select(c => Quote(c.Value(entry)))) + "\r\n",
                AuditFormat.Ocsf => ToOcsf(entry).ToJsonString(Json) + "\n",
                _ => ToJson(entry).ToJsonString(Json) + "\n",
            });
        }
        return text.ToString();
    }

    private static JsonObject ToJson(AuditEntry entry) => new()
    {
        ["time"] = TimeOf(entry), ["event"] = entry.Event?.ToString(), ["command"] = entry.Command, ["actor"] = entry.Actor, ["outcome"] = entry.Outcome, ["request_id"] = entry.RequestId,
        ["plan_digest"] = entry.PlanDigest, ["subjects"] = Array(entry.Subjects), ["approvers"] = Array(entry.Approvers), ["state"] = entry.State.ToString(), ["problem"] = entry.Problem,
        ["writer"] = entry.Writer, ["writer_name"] = entry.WriterName, ["sequence"] = entry.Sequence, ["object"] = entry.Object,
    };

    /// <summary>Class API Activity: who called which command, and how it ended.</summary>
    private static JsonObject ToOcsf(AuditEntry entry)
    {
        var (user, host) = entry.Actor.LastIndexOf('@') is > 0 and var at ? (entry.Actor[..at], entry.Actor[(at + 1)..]) : (entry.Actor, entry.WriterName);
        var activity = ActivityOf(entry.Command);
        var failed = entry.State != AuditState.Sound || entry.Event is AuditEvent.Refused or AuditEvent.Failed or AuditEvent.Denied;
        return new JsonObject
        {
            ["category_uid"] = ApplicationActivity, ["class_uid"] = ApiActivity, ["activity_id"] = activity, ["type_uid"] = (ApiActivity * 100) + activity,
            ["time"] = entry.Time?.ToUnixTimeMilliseconds() ?? 0,
            // Informational, medium, high, critical: what was done without approval and what was tampered with come first.
            ["severity_id"] = entry.State != AuditState.Sound ? 5 : entry.Event == AuditEvent.BrokeGlass ? 4 : failed ? 3 : 1,
            ["status_id"] = failed ? Failure : Success, ["status"] = failed ? "Failure" : "Success", ["status_detail"] = entry.Problem ?? entry.Outcome,
            ["message"] = $"{entry.Command}: {entry.Event?.ToString() ?? entry.State.ToString()}",
            ["actor"] = new JsonObject { ["user"] = new JsonObject { ["name"] = user } },
            ["api"] = new JsonObject { ["operation"] = entry.Command, ["request"] = new JsonObject { ["uid"] = entry.RequestId ?? entry.Object } },
            ["src_endpoint"] = new JsonObject { ["hostname"] = host },
            ["metadata"] = new JsonObject
            {
                ["version"] = SchemaVersion, ["uid"] = entry.Object, ["sequence"] = entry.Sequence, ["log_name"] = "audit",
                ["product"] = new JsonObject { ["name"] = "StingBackup", ["vendor_name"] = "The StingBackup authors" },
            },
            ["unmapped"] = new JsonObject
            {
                ["event"] = entry.Event?.ToString(), ["state"] = entry.State.ToString(), ["plan_digest"] = entry.PlanDigest, ["subjects"] = Array(entry.Subjects), ["approvers"] = Array(entry.Approvers),
                ["writer"] = entry.Writer,
            },
        };
    }

    private static int ActivityOf(string command) => command.Split('-')[0] switch
    {
        "Add" or "New" or "Register" or "Invoke" or "Import" or "Initialize" => 1, "Get" or "Find" or "Test" or "Export" or "Restore" or "Compare" => 2,
        "Set" or "Update" or "Sync" or "Repair" or "Complete" => 3, "Remove" or "Unregister" or "Optimize" => 4, _ => Other,
    };

    private static JsonArray Array(IEnumerable<string> values) => [.. values.Select(value => (JsonNode?)value)];

    private static string? TimeOf(AuditEntry entry) => entry.Time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    // A cell that a spreadsheet would take for a formula is none.
    private static string Quote(string value)
    {
        var safe = value.Length > 0 && "=+-@".Contains(value[0], StringComparison.Ordinal) ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
