namespace StingBackup;

/// <summary>A step that moves a repository's format on.</summary>
public sealed record RepositoryUpdateStep
{
    /// <summary>Its name, which stays.</summary>
    public required string Name { get; init; }
    /// <summary>What it changes, for people.</summary>
    public required string Change { get; init; }
    /// <summary>The first version of StingBackup that can write the repository afterwards; earlier ones refuse it and say so. Empty where every version can.</summary>
    public required string Program { get; init; }
    /// <summary>Whether an update that was interrupted has begun it.</summary>
    public bool Begun { get; init; }
}

/// <summary>What updating a repository's format would do.</summary>
public sealed record RepositoryUpdatePlan
{
    /// <summary>Where the repository is.</summary>
    public required string Repository { get; init; }
    /// <summary>The version of its objects.</summary>
    public required long Format { get; init; }
    /// <summary>Revision of its format record.</summary>
    public required long Revision { get; init; }
    /// <summary>The version of StingBackup that its format record names; empty in records of before it was named.</summary>
    public required string Program { get; init; }
    /// <summary>This program's version.</summary>
    public required string ThisProgram { get; init; }
    /// <summary>What is to be done, in order; none where the format is the newest that this program writes.</summary>
    public required IReadOnlyList<RepositoryUpdateStep> Steps { get; init => field = Indexable.Of(value); }
}

/// <summary>What updating a repository's format did.</summary>
public sealed record RepositoryUpdateResult
{
    /// <summary>Completed.</summary>
    public required JobState State { get; init; }
    /// <summary>Where the repository is.</summary>
    public required string Repository { get; init; }
    /// <summary>Revision of its format record now.</summary>
    public required long Revision { get; init; }
    /// <summary>The version of StingBackup that its format record names now.</summary>
    public required string Program { get; init; }
    /// <summary>Steps that were done, by name.</summary>
    public required IReadOnlyList<string> Steps { get; init => field = Indexable.Of(value); }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
