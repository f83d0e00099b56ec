namespace StingBackup.Engine.People;

/// <summary>Own files that are to be brought back to where they were.</summary>
public sealed record OwnRestoreRequest
{
    /// <summary>The run, or <c>latest</c>.</summary>
    public required string BackupId { get; init; }
    /// <summary>Files and folders, as paths within the reserve; empty for all own files.</summary>
    public IReadOnlyList<string> Paths { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What happens where a file already stands.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Skip;
}

/// <summary>A point-in-time recovery that a person asks for, and that others approve.</summary>
public sealed record RecoveryWish
{
    /// <summary>The run; null where <see cref="Moment"/> says it.</summary>
    public string? BackupId { get; init; }
    /// <summary>The moment: the newest run until then counts; null for the newest of all, or where <see cref="BackupId"/> says it.</summary>
    public DateTimeOffset? Moment { get; init; }
    /// <summary>Files and folders; empty for the whole.</summary>
    public IReadOnlyList<string> Paths { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What happens where a file already stands.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Skip;
    /// <summary>Also rows of databases that are missing there: with <see cref="ConflictAction.Skip"/> alone, so that no row of today is replaced by one of then.</summary>
    public bool WithRows { get; init; }
    /// <summary>Why, for the approvers: one line.</summary>
    public required string Reason { get; init; }
}

/// <summary>How a person's request for erasure stands.</summary>
public enum OwnErasureState
{
    /// <summary>Waits for approvals.</summary>
    Asked,
    /// <summary>Approved: the person may confirm it now.</summary>
    Approved,
    /// <summary>Denied, or nobody approved it in time.</summary>
    Ended,
    /// <summary>Confirmed: it is carried out when it is due, and can be stopped until then.</summary>
    Pending,
    /// <summary>Stopped.</summary>
    Stopped,
    /// <summary>The key is destroyed; something is still to be cleaned.</summary>
    Incomplete,
    /// <summary>Done, proven, certified.</summary>
    Completed,
}

/// <summary>A person's request for erasure.</summary>
/// <param name="Id">Its id: that of the request for approval, then that of the erasure.</param>
/// <param name="State">How it stands.</param>
/// <param name="RequestedTime">When it was asked for.</param>
public sealed record OwnErasure(string Id, OwnErasureState State, DateTimeOffset RequestedTime)
{
    /// <summary>From when it is carried out; null before it is confirmed.</summary>
    public DateTimeOffset? DueTime { get; init; }
    /// <summary>When the key had been destroyed; null before.</summary>
    public DateTimeOffset? ErasedTime { get; init; }
    /// <summary>Whether there is a certificate.</summary>
    public bool HasCertificate => State == OwnErasureState.Completed;
}

/// <summary>A certificate of destruction.</summary>
/// <param name="Json">What is signed.</param>
/// <param name="Page">The same for people, as HTML; null where it is not there.</param>
public sealed record OwnCertificate(ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte>? Page);

/// <summary>What a month's backups were to a person.</summary>
public sealed record OwnReport
{
    /// <summary>The first day of the month.</summary>
    public required DateOnly Month { get; init; }
    /// <summary>Runs that hold something of the person.</summary>
    public required int Runs { get; init; }
    /// <summary>Those that could read everything.</summary>
    public required int WholeRuns { get; init; }
    /// <summary>Those in which something of the person had changed: states that can be gone back to.</summary>
    public required int Versions { get; init; }
    /// <summary>The newest run of the month; null where there was none.</summary>
    public OwnRun? Newest { get; init; }
    /// <summary>Items at the month's end.</summary>
    public required long Items { get; init; }
    /// <summary>Bytes at the month's end.</summary>
    public required long Length { get; init; }
    /// <summary>Restores of the person's data, by whomever.</summary>
    public required int Restores { get; init; }
    /// <summary>Those that failed or were refused.</summary>
    public required int FailedRestores { get; init; }
    /// <summary>Times that the content of files was opened through the portal.</summary>
    public required int Openings { get; init; }
    /// <summary>Erasures that were asked for or carried out in the month.</summary>
    public IReadOnlyList<OwnErasure> Erasures { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A honey jar that a person may look into, as STING's database says now.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsOwner">Whether it is the person's own.</param>
/// <param name="MayRestore">Whether the person may bring something back into it: its owner, and those whom it names as editors.</param>
public sealed record OwnJar(string Id, string Name, bool IsOwner, bool MayRestore);
