namespace StingBackup;

/// <summary>How an escrow stands to the keys in force.</summary>
public enum EscrowState
{
    /// <summary>It holds the keys in force.</summary>
    Current,
    /// <summary>The keys were changed since it was made: another one is needed.</summary>
    Stale,
    /// <summary>There is none.</summary>
    Missing,
    /// <summary>Its bytes are wrong.</summary>
    Damaged,
}

/// <summary>An escrow, as the key directory remembers it. Never a share.</summary>
public sealed record KeyEscrow
{
    /// <summary>Its id, 32 hexadecimal digits; it stands on each page.</summary>
    public required string EscrowId { get; init; }
    /// <summary>Whether it holds the keys in force.</summary>
    public required EscrowState State { get; init; }
    /// <summary>When it was made; null where it cannot be read.</summary>
    public DateTimeOffset? CreatedTime { get; init; }
    /// <summary>How many shares were made.</summary>
    public int Shares { get; init; }
    /// <summary>How many of them are needed.</summary>
    public int Threshold { get; init; }
    /// <summary>Generation of the newest KEK in it.</summary>
    public long? KekGeneration { get; init; }
    /// <summary>Fingerprint of that KEK.</summary>
    public string? KekFingerprint { get; init; }
    /// <summary>Fingerprint of the key role in it.</summary>
    public string? KeyFingerprint { get; init; }
    /// <summary>Where its sealed copy lies.</summary>
    public required string Location { get; init; }
    /// <summary>What is wrong with it and what to do, or null.</summary>
    public string? Problem { get; init; }
}

/// <summary>What making an escrow would do: <c>-WhatIf</c> prints it.</summary>
public sealed record KeyEscrowPlan
{
    /// <summary>The folder for the shares: new or empty.</summary>
    public required string OutputPath { get; init; }
    /// <summary>How many shares are made.</summary>
    public required int Shares { get; init; }
    /// <summary>How many of them open the keys.</summary>
    public required int Threshold { get; init; }
    /// <summary>Whether pages to print are made beside the text files.</summary>
    public required bool WithPages { get; init; }
    /// <summary>The reserve.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Generation of the KEK.</summary>
    public required long KekGeneration { get; init; }
    /// <summary>Fingerprint of the KEK.</summary>
    public required string KekFingerprint { get; init; }
    /// <summary>Fingerprint of the key role.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>How the approval of it stands.</summary>
    public ApprovalState Approval { get; init; }
}

/// <summary>An escrow that was made. The shares lie in its files alone.</summary>
public sealed record KeyEscrowResult
{
    /// <summary>Its id.</summary>
    public required string EscrowId { get; init; }
    /// <summary>How many shares were made.</summary>
    public required int Shares { get; init; }
    /// <summary>How many of them open the keys.</summary>
    public required int Threshold { get; init; }
    /// <summary>The folder with the shares.</summary>
    public required string OutputPath { get; init; }
    /// <summary>A file for each share, in order; secret.</summary>
    public required IReadOnlyList<string> ShareFiles { get; init => field = Indexable.Of(value); }
    /// <summary>Pages to print, in order; secret.</summary>
    public required IReadOnlyList<string> Pages { get; init => field = Indexable.Of(value); }
    /// <summary>The sealed keys, which the shares open; no secret without them.</summary>
    public required string SealedFile { get; init; }
    /// <summary>Fingerprint of the KEK.</summary>
    public required string KekFingerprint { get; init; }
    /// <summary>Fingerprint of the key role.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>What to do next.</summary>
    public required string Next { get; init; }
}

/// <summary>What shares were found to be good for.</summary>
public sealed record KeyEscrowCheck
{
    /// <summary>The escrow's id.</summary>
    public required string EscrowId { get; init; }
    /// <summary>The reserve that it is of.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Numbers of the shares that were given, each well typed.</summary>
    public required IReadOnlyList<int> Given { get; init => field = Indexable.Of(value); }
    /// <summary>How many shares were made.</summary>
    public required int Shares { get; init; }
    /// <summary>How many of them are needed.</summary>
    public required int Threshold { get; init; }
    /// <summary>Whether the keys in it are the ones in force; null where only the shares were looked at.</summary>
    public EscrowState? State { get; init; }
    /// <summary>Whether these shares bring the keys back that open the key store as it is now; null where only the shares were looked at.</summary>
    public bool? IsRecoverable { get; init; }
    /// <summary>Subjects' keys in the key store.</summary>
    public long? Records { get; init; }
    /// <summary>How many of them the escrow's keys opened.</summary>
    public long? RecordsOpened { get; init; }
    /// <summary>When it was made; null where only shares were looked at.</summary>
    public DateTimeOffset? CreatedTime { get; init; }
    /// <summary>What is wrong, and what to do.</summary>
    public IReadOnlyList<string> Problems { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>What importing an escrow would do: <c>-WhatIf</c> prints it. The shares were found good.</summary>
public sealed record KeyEscrowImportPlan
{
    /// <summary>Files and folders with the shares.</summary>
    public required IReadOnlyList<string> Path { get; init => field = Indexable.Of(value); }
    /// <summary>The escrow's id.</summary>
    public required string EscrowId { get; init; }
    /// <summary>The reserve that it is of.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Numbers of the shares that were given.</summary>
    public required IReadOnlyList<int> Given { get; init => field = Indexable.Of(value); }
    /// <summary>How many are needed.</summary>
    public required int Threshold { get; init; }
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedTime { get; init; }
    /// <summary>Fingerprint of the key role in it.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>The key directory.</summary>
    public required string KeyDirectory { get; init; }
    /// <summary>How the key file will be protected.</summary>
    public required KeyProtection Protection { get; init; }
    /// <summary>What is weaker than it should be.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>Keys that came back from an escrow.</summary>
public sealed record KeyEscrowImportResult
{
    /// <summary>The escrow's id.</summary>
    public required string EscrowId { get; init; }
    /// <summary>The reserve.</summary>
    public required string ReserveId { get; init; }
    /// <summary>The key directory.</summary>
    public required string KeyDirectory { get; init; }
    /// <summary>Fingerprint of the key role, for <c>repository.key_fingerprint</c>.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>How the key file is protected.</summary>
    public required KeyProtection Protection { get; init; }
    /// <summary>Subjects' keys in the key store; null where it could not be opened, which a warning tells.</summary>
    public required long? Records { get; init; }
    /// <summary>Replicas and epoch places that were filled again.</summary>
    public required IReadOnlyList<string> Refilled { get; init => field = Indexable.Of(value); }
    /// <summary>What the key role had signed and the repository has, copied into the key directory.</summary>
    public required long SignedCopies { get; init; }
    /// <summary>What is still missing, and what to do about it.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
    /// <summary>What to do next.</summary>
    public required string Next { get; init; }
}
