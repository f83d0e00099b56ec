namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>A table as the catalogue of its database describes it.</summary>
/// <param name="Oid">Its number in this cluster.</param>
/// <param name="Schema">Schema.</param>
/// <param name="Name">Name.</param>
/// <param name="IsPartitioned">Whether it is a parent of partitions, which hold its rows.</param>
internal sealed record TableInfo(uint Oid, string Schema, string Name, bool IsPartitioned)
{
    /// <summary>Columns in their order; generated ones, which nobody may write, left out.</summary>
    public List<ColumnInfo> Columns { get; } = [];
    /// <summary>Columns of the primary key, in its order; empty where there is none.</summary>
    public List<string> Key { get; } = [];
    /// <summary>Foreign keys.</summary>
    public List<ForeignKey> ForeignKeys { get; } = [];

    /// <summary>For SQL.</summary>
    public string Sql => SqlText.Name(Schema, Name);
    /// <summary>For people.</summary>
    public string Display => $"{Schema}.{Name}";

    /// <summary>The column of a name, or null.</summary>
    public ColumnInfo? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);
}

/// <summary>A column.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type as SQL writes it.</param>
internal sealed record ColumnInfo(string Name, string Type);

/// <summary>A foreign key.</summary>
/// <param name="Name">The constraint's name.</param>
/// <param name="Columns">Columns that refer.</param>
/// <param name="Target">Table referred to.</param>
/// <param name="TargetColumns">Its columns, in the order of <paramref name="Columns"/>.</param>
internal sealed record ForeignKey(string Name, IReadOnlyList<string> Columns, uint Target, IReadOnlyList<string> TargetColumns);
