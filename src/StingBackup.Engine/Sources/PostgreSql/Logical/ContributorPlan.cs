using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// How SQL finds who brought a row of a jar: by the table's own columns; for a document also by the owner of the file that it names, and by the audit row of its upload. NULL where nothing tells.
/// </summary>
/// <param name="Expression">Text over the alias <c>t</c> and the joins' aliases; NULL where nobody is named.</param>
/// <param name="Joins">LEFT JOINs, each of one row a key.</param>
internal sealed record ContributorPlan(string Expression, string Joins)
{
    private const string Assets = "file_assets", Audit = "audit_logs";

    /// <summary>The plan of a table that has a jar's column; null where no column and no other table can tell.</summary>
    public static ContributorPlan? Of(TableInfo table, TableCatalog catalog)
    {
        var isDocuments = OwnerRules.IsDocuments(table);
        var parts = (isDocuments ? OwnerRules.DocumentOwnerColumns : OwnerRules.ContributorColumns).Where(c => table.Column(c) is not null)
            .Select(c => $"nullif(t.{SqlText.Name(c)}::text, '')").ToList();
        var joins = new StringBuilder();
        if (isDocuments)
        {
            if (catalog.Find(table.Schema, Assets) is { } assets && assets.Column("owner_id") is not null)
            {
                JoinAssets(table, assets, parts, joins);
            }
            if (catalog.Find(table.Schema, Audit) is { } audit && table.Column("id") is not null)
            {
                JoinAudit(audit, parts, joins);
            }
        }
        return parts.Count == 0 ? null : new ContributorPlan(parts.Count == 1 ? parts[0] : $"coalesce({string.Join(", ", parts)})", joins.ToString());
    }

    private static void JoinAssets(TableInfo table, TableInfo assets, List<string> parts, StringBuilder joins)
    {
        if (OwnerRules.DocumentAssetColumns.Select(table.Column).FirstOrDefault(c => c is not null) is { } link
            && ((string[])["file_id", "id"]).Select(assets.Column).FirstOrDefault(c => c is not null && (c.Type == link.Type || !c.Type.StartsWith("int", StringComparison.Ordinal))) is { } key)
        {
            Join(assets, key.Name, "owner_id", "true", $"t.{SqlText.Name(link.Name)}::text", parts, joins);
        }
        if (table.Column("file_path") is not null && assets.Column("storage_path") is not null)
        {
            Join(assets, "storage_path", "owner_id", "true", "t.\"file_path\"::text", parts, joins);
        }
    }

    /// <summary>The audit row of an upload names the document by its id. Only where every such row names the same person does it tell anything.</summary>
    private static void JoinAudit(TableInfo audit, List<string> parts, StringBuilder joins)
    {
        string? First(IReadOnlyList<string> columns) => columns.FirstOrDefault(c => audit.Column(c) is not null);
        if (First(OwnerRules.AuditTargetColumns) is { } target && First(OwnerRules.ActorColumns) is { } actor && First(OwnerRules.AuditActionColumns) is { } action)
        {
            Join(audit, target, actor, $"t.{SqlText.Name(action)}::text ~* '(upload|add|creat|ingest)'", "t.\"id\"::text", parts, joins);
        }
    }

    private static void Join(TableInfo other, string key, string person, string condition, string mine, List<string> parts, StringBuilder joins)
    {
        var alias = string.Create(CultureInfo.InvariantCulture, $"c{parts.Count}");
        var who = $"t.{SqlText.Name(person)}::text COLLATE \"C\"";
        joins.Append(CultureInfo.InvariantCulture, $" LEFT JOIN (SELECT t.{SqlText.Name(key)}::text AS k, CASE WHEN min({who}) = max({who}) THEN nullif(min({who}), '') END AS o FROM {other.Sql} AS t")
            .Append(CultureInfo.InvariantCulture, $" WHERE t.{SqlText.Name(key)} IS NOT NULL AND {condition} GROUP BY 1) AS {alias} ON {alias}.k = {mine}");
        parts.Add($"{alias}.o");
    }
}
