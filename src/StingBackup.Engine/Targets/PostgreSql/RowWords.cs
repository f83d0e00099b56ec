using StingBackup.Engine.Jobs;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Targets.PostgreSql;

/// <summary>Says what became of rows.</summary>
internal static class RowWords
{
    /// <summary>Tells; what needs somebody's look is a warning.</summary>
    public static void Tell(JobOutput output, string subject, RowReport report)
    {
        var text = $"{report.Database}: {report.Count} rows of {report.Table} of {subject} {Words(report.Outcome)}";
        if (report.Outcome is RowOutcome.Restored or RowOutcome.Equal or RowOutcome.Overwritten)
        {
            output.Tell(text + ".");
            return;
        }
        output.Warn($"{text}{(report.Keys.Count == 0 ? "" : $": {string.Join(", ", report.Keys.Take(5))}{(report.Keys.Count > 5 ? ", …" : "")}")}.");
    }

    private static string Words(RowOutcome outcome) => outcome switch
    {
        RowOutcome.Restored => "restored",
        RowOutcome.Equal => "stood there already",
        RowOutcome.Kept => "left as they stand, with other values (-ConflictAction Overwrite replaces them)",
        RowOutcome.Overwritten => "replaced",
        RowOutcome.Taken => "not restored, because their place is somebody else's now",
        RowOutcome.ParentMissing => "not restored, because a row that they refer to is gone",
        _ => "not restored, because the table is gone",
    };
}
