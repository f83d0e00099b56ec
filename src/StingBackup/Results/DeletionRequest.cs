namespace StingBackup;

/// <summary>What backups know of a request for deletion in STING's database.</summary>
public enum DeletionRequestState
{
    /// <summary>Nothing yet: Remove-StingSubject asks for it.</summary>
    New,
    /// <summary>An erasure was asked for, and waits or is being carried out.</summary>
    Requested,
    /// <summary>The person's key is destroyed.</summary>
    Erased,
    /// <summary>A legal hold keeps the person.</summary>
    Held,
    /// <summary>No backup holds anything of the person.</summary>
    NotBackedUp,
    /// <summary>Nobody is known by what the request says; the row of the person may be gone.</summary>
    PersonUnknown,
    /// <summary>STING says that it asks for nothing: rejected or cancelled there.</summary>
    Withdrawn,
}

/// <summary>A request for deletion that somebody made in STING, and what backups know of it.</summary>
public sealed record DeletionRequest
{
    /// <summary>Its key in <c>pii_deletion_requests</c>; empty where the table has none.</summary>
    public required string Id { get; init; }
    /// <summary>The database.</summary>
    public required string Database { get; init; }
    /// <summary>Whom it means: a canonical name, or what the row says where nobody is known by it.</summary>
    public required string User { get; init; }
    /// <summary>What STING says of it.</summary>
    public required string Status { get; init; }
    /// <summary>What backups know of it.</summary>
    public required DeletionRequestState State { get; init; }
    /// <summary>The erasure that it led to; null where there is none.</summary>
    public string? ErasureId { get; init; }
    /// <summary>When it was made; null where no column says.</summary>
    public DateTimeOffset? RequestedTime { get; init; }
    /// <summary>What an erasure calls it, in its record and certificate.</summary>
    public required string Reference { get; init; }
}
