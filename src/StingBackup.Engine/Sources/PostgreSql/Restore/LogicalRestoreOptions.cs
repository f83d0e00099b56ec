namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>What a restore of whole databases may do besides.</summary>
internal sealed record LogicalRestoreOptions
{
    /// <summary>Told what became of rows that referred to people who were erased; null where nobody was, and every key must hold.</summary>
    public Action<string>? LetGo { get; init; }

    /// <summary>Told what became of databases that stand there, which are moved aside; null where they are a reason to restore nothing.</summary>
    public Action<string>? Aside { get; init; }
}
