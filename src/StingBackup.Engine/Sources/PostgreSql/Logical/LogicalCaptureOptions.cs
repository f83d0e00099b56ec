using System.IO.Enumeration;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>What a logical capture takes.</summary>
public sealed record LogicalCaptureOptions
{
    /// <summary>Tables whose rows are left out, <c>database.schema.table</c> with <c>*</c> and <c>?</c>: by default sessions, which nobody wants back.</summary>
    public IReadOnlyList<string> ExcludedRows { get; init; } =
        ["*.*.user_sessions", "*.*.app_sessions", "*.*.passkey_*_challenges", "kratos*.*.sessions", "kratos*.*.session_devices", "kratos*.*.session_token_exchanges"];

    /// <summary>Whether the roles' password hashes are taken too.</summary>
    public bool WithRolePasswords { get; init; }

    /// <summary>Folder below which rows are spooled, in one private file without a name; needs the room of the rows as text.</summary>
    public string SpoolFolder { get; init; } = Path.GetTempPath();

    /// <summary>How long a table's lock is waited for.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the rows of a table are left out.</summary>
    internal bool Excludes(string database, TableInfo table) =>
        ExcludedRows.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, $"{database}.{table.Schema}.{table.Name}", ignoreCase: false));
}
