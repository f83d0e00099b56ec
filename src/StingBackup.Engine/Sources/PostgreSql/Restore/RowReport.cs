namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>What a restore of rows does with one whose key stands there with other values.</summary>
public enum RowConflict
{
    /// <summary>Leaves what stands there, and reports it.</summary>
    Keep,
    /// <summary>Puts the captured values in its place, when the row that stands there belongs to the same subject.</summary>
    Overwrite,
    /// <summary>Nothing at all is restored.</summary>
    Fail,
}

/// <summary>What became of rows of a table.</summary>
public enum RowOutcome
{
    /// <summary>Were not there, and are.</summary>
    Restored,
    /// <summary>Stood there already, with the same values.</summary>
    Equal,
    /// <summary>Stood there with other values, which were kept.</summary>
    Kept,
    /// <summary>Stood there with other values, which were replaced.</summary>
    Overwritten,
    /// <summary>Not restored: the key now belongs to a row of somebody else, or such a row holds a value that must be unique.</summary>
    Taken,
    /// <summary>Not restored: a row that they refer to is not there (a jar that was deleted).</summary>
    ParentMissing,
    /// <summary>Not restored: the table is not there any more.</summary>
    TableMissing,
}

/// <summary>What became of rows of one table.</summary>
/// <param name="Database">Database.</param>
/// <param name="Table">Schema and table.</param>
/// <param name="Outcome">What became of them.</param>
/// <param name="Count">How many.</param>
/// <param name="Keys">Their keys as text, of those that need somebody's look; at most a hundred.</param>
public sealed record RowReport(string Database, string Table, RowOutcome Outcome, long Count, IReadOnlyList<string> Keys);
