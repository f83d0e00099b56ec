using System.Globalization;
using System.Text;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// How SQL finds whom a row belongs to. The expression gives <c>u</c> and a person's value, or <c>j</c>, a jar's id, a unit separator and a contributor's value; NULL is the system's. Owners of
/// other tables are joined as one row a key, so that no row of the table itself can come twice or be lost.
/// </summary>
/// <param name="Expression">Text over the alias <c>t</c> and the joins' aliases.</param>
/// <param name="Joins">LEFT JOINs.</param>
internal sealed record OwnerPlan(string Expression, string Joins)
{
    private const char Separator = '\x1f';
    private const int Depth = 4;

    /// <summary>All rows are the system's.</summary>
    public static OwnerPlan System { get; } = new("NULL::text", "");

    /// <summary>Whether it knows no owner.</summary>
    public bool IsSystem => this == System;

    /// <summary>The plan of a table.</summary>
    public static OwnerPlan Of(TableInfo table, TableCatalog catalog) => Find(table, catalog, []) ?? System;

    /// <summary>The subject that a value of the expression names.</summary>
    public static string Subject(string? value, KnownPeople people)
    {
        if (string.IsNullOrEmpty(value) || value.Length < 2)
        {
            return SubjectNames.System;
        }
        if (value[0] == 'u')
        {
            return people.Resolve(value[1..]) ?? SubjectNames.System;
        }
        var separator = value.IndexOf(Separator, StringComparison.Ordinal);
        var id = separator < 0 ? value[1..] : value[1..separator];
        if (id.Contains('/', StringComparison.Ordinal) || id is "." or "..")
        {
            return SubjectNames.System;   // no jar's id, and no name of a folder
        }
        var contributor = separator < 0 ? null : people.Resolve(value[(separator + 1)..]);
        // Only people with a UUID can be contributors; another's rows are the jar's.
        return contributor?.StartsWith("user:", StringComparison.Ordinal) == true ? $"{SubjectNames.OfJar(id)}/{contributor}" : SubjectNames.OfJar(id);
    }

    private static OwnerPlan? Find(TableInfo table, TableCatalog catalog, HashSet<uint> above)
    {
        if (OwnerRules.IsUsers(table))
        {
            var id = table.Column("kratos_id") is null ? "t.\"id\"::text" : "CASE WHEN t.\"kratos_id\"::text ~* '^[0-9a-f-]{36}$' THEN t.\"kratos_id\"::text ELSE t.\"id\"::text END";
            return new OwnerPlan($"'u' || {id}", "");
        }
        if (OwnerRules.IsIdentities(table))
        {
            return new OwnerPlan("'u' || t.\"id\"::text", "");
        }
        if (OwnerRules.IsJars(table))
        {
            return new OwnerPlan("'j' || t.\"id\"::text", "");
        }
        if (OwnerRules.JarColumns.FirstOrDefault(c => table.Column(c) is not null) is { } jar)
        {
            var contributor = ContributorPlan.Of(table, catalog);
            return new OwnerPlan($"'j' || t.{SqlText.Name(jar)}::text{(contributor is null ? "" : $" || coalesce(E'\\x1f' || {contributor.Expression}, '')")}", contributor?.Joins ?? "");
        }
        return ByLink(table, catalog, above)
            ?? (OwnerRules.PersonColumns.FirstOrDefault(c => table.Column(c) is not null) is { } person ? new OwnerPlan($"'u' || nullif(t.{SqlText.Name(person)}::text, '')", "") : null)
            ?? ByForeignKey(table, catalog, above);
    }

    /// <summary>A known link; where the row it points at is gone or has no owner, the table's own columns speak.</summary>
    private static OwnerPlan? ByLink(TableInfo table, TableCatalog catalog, HashSet<uint> above)
    {
        if (OwnerRules.LinkOf(table) is not { } link || catalog.Find(table.Schema, link.Table) is not { } parent)
        {
            return null;
        }
        var type = table.Column(link.Column)!.Type;
        var target = link.TargetColumns.Select(parent.Column).FirstOrDefault(c => c is not null && (c.Type == type || !c.Type.StartsWith("int", StringComparison.Ordinal)));
        var own = OwnerRules.PersonColumns.FirstOrDefault(c => table.Column(c) is not null);
        return target is null ? null : Join(table, link.Column, parent, target.Name, catalog, above, own is null ? null : $"'u' || nullif(t.{SqlText.Name(own)}::text, '')");
    }

    /// <summary>Through the first foreign key of one column that leads to an owner; those that say who made or approved something are none.</summary>
    private static OwnerPlan? ByForeignKey(TableInfo table, TableCatalog catalog, HashSet<uint> above)
    {
        if (above.Count >= Depth || !above.Add(table.Oid))
        {
            return null;
        }
        foreach (var key in table.ForeignKeys)
        {
            if (key.Columns.Count == 1 && !above.Contains(key.Target) && !key.Columns[0].EndsWith("_by", StringComparison.Ordinal) && catalog.Find(key.Target) is { } parent
                && Join(table, key.Columns[0], parent, key.TargetColumns[0], catalog, [.. above], null) is { } plan)
            {
                return plan;
            }
        }
        return null;
    }

    private static OwnerPlan? Join(TableInfo table, string column, TableInfo parent, string parentColumn, TableCatalog catalog, HashSet<uint> above, string? otherwise)
    {
        if (Find(parent, catalog, [.. above, table.Oid]) is not { } plan)
        {
            return null;
        }
        var joined = string.Create(CultureInfo.InvariantCulture, $"o{above.Count}");
        var join = new StringBuilder().Append(CultureInfo.InvariantCulture,
            $" LEFT JOIN (SELECT t.{SqlText.Name(parentColumn)}::text AS k, min(({plan.Expression}) COLLATE \"C\") AS o FROM {parent.Sql} AS t{plan.Joins} GROUP BY 1) AS {joined} ON {joined}.k = t.{SqlText.Name(column)}::text");
        return new OwnerPlan(otherwise is null ? $"{joined}.o" : $"coalesce({joined}.o, {otherwise})", join.ToString());
    }
}
