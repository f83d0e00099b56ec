namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// Which columns say whom a row belongs to. STING's own tables are known by name; any other table by the names of its columns and by its foreign keys, since
/// migrations differ between installations. A table of which nothing is known belongs to <c>system</c>: no row is ever lost for that.
/// </summary>
internal static class OwnerRules
{
    /// <summary>Columns that hold a person, best first. Who merely made or changed a row (created_by, approved_by) does not own it.</summary>
    public static readonly IReadOnlyList<string> PersonColumns =
        ["owner_id", "kratos_id", "kratos_identity_id", "identity_id", "user_id", "subject_user_id", "sender_id", "author_id", "recipient_user_id", "user_uuid", "user_email", "owner_email", "owner"];

    /// <summary>Columns that hold a jar.</summary>
    public static readonly IReadOnlyList<string> JarColumns = ["honey_jar_id", "jar_id"];

    /// <summary>Columns that hold who brought something into a jar.</summary>
    public static readonly IReadOnlyList<string> ContributorColumns = ["uploaded_by", "uploader_id", "contributor_id", "uploaded_by_id"];

    /// <summary>Columns of <c>documents</c> that say it too; in any other table they say who made a row.</summary>
    public static readonly IReadOnlyList<string> DocumentOwnerColumns = [.. ContributorColumns, "uploaded_by_user_id", "owner_id", "user_id", "kratos_id", "user_email", "added_by", "created_by"];

    /// <summary>Columns of <c>documents</c> that name a row of <c>file_assets</c>, whose owner brought the document.</summary>
    public static readonly IReadOnlyList<string> DocumentAssetColumns = ["file_asset_id", "asset_id", "file_id"];

    /// <summary>Columns of <c>audit_logs</c> that name what was done something to; who did it stands in one of <see cref="PersonColumns"/> or <see cref="ActorColumns"/>.</summary>
    public static readonly IReadOnlyList<string> AuditTargetColumns = ["document_id", "resource_id", "target_id", "entity_id", "object_id"];

    /// <summary>Columns of <c>audit_logs</c> that hold who acted.</summary>
    public static readonly IReadOnlyList<string> ActorColumns = ["actor_id", "user_id", "kratos_id", "user_uuid", "actor", "user_email", "performed_by"];

    /// <summary>Columns of <c>audit_logs</c> that say what was done.</summary>
    public static readonly IReadOnlyList<string> AuditActionColumns = ["action", "event_type", "event", "operation"];

    /// <summary>Tables that hold what the installation itself needs; belonging to <c>system</c> is right for them, and nothing to tell.</summary>
    private static readonly HashSet<string> OfTheSystem = new(StringComparer.Ordinal)
    {
        "organization_preferences", "pii_retention_policies", "compliance_events", "alembic_version", "schema_migration", "networks", "identity_credential_types", "system_settings", "settings", "roles",
    };

    // Where a table's own columns would mislead: a permission goes with the file that it opens, not with whom it lets in.
    private static readonly Dictionary<string, SoftLink> Links = new(StringComparer.Ordinal)
    {
        ["file_permissions"] = new("file_id", "file_assets", ["file_id", "id"]),
        ["reports"] = new("result_file_id", "file_assets", ["file_id", "id"]),
    };

    /// <summary>Tables that the rules know by name; one that is gone was renamed, as far as they can tell.</summary>
    public static readonly IReadOnlyList<string> KnownTables = ["honey_jars", "documents", "file_assets", "file_permissions", "reports", "user_settings"];

    /// <summary>Whether a table is the one of people.</summary>
    public static bool IsUsers(TableInfo table) => table.Name == "users" && table.Column("id") is not null && (table.Column("kratos_id") ?? table.Column("email")) is not null;

    /// <summary>Whether a table is Kratos's of identities.</summary>
    public static bool IsIdentities(TableInfo table) => table.Name == "identities" && table.Column("id") is { Type: "uuid" } && table.Column("traits") is not null;

    /// <summary>Whether a table is the one of jars.</summary>
    public static bool IsJars(TableInfo table) => table.Name == "honey_jars" && table.Column("id") is not null;

    /// <summary>Whether a table is the one of jars' documents.</summary>
    public static bool IsDocuments(TableInfo table) => table.Name == "documents" && JarColumns.Any(c => table.Column(c) is not null);

    /// <summary>Whether to tell when a table's rows belong to the system.</summary>
    public static bool IsOfTheSystem(TableInfo table) => OfTheSystem.Contains(table.Name);

    /// <summary>A link that no foreign key tells of, or null.</summary>
    public static SoftLink? LinkOf(TableInfo table) => Links.GetValueOrDefault(table.Name) is { } link && table.Column(link.Column) is not null ? link : null;
}

/// <summary>A column that holds a key of another table.</summary>
/// <param name="Column">The column.</param>
/// <param name="Table">The other table, in the same schema.</param>
/// <param name="TargetColumns">Its column; the first of these that it has and that holds the same type.</param>
internal sealed record SoftLink(string Column, string Table, IReadOnlyList<string> TargetColumns);
