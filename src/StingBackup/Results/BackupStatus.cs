namespace StingBackup;

/// <summary>How things stand, in one word.</summary>
public enum Health
{
    /// <summary>All is well.</summary>
    Good,
    /// <summary>Backups are made; something needs a look.</summary>
    Warning,
    /// <summary>The last run did not finish, something is damaged, or there is no backup.</summary>
    Bad,
}

/// <summary>How the key file is protected.</summary>
public enum KeyProtection
{
    /// <summary>A passphrase seals it.</summary>
    Passphrase,
    /// <summary>Whoever can read it, an epoch place and the key store can read every backup.</summary>
    Open,
    /// <summary>It is not on this host, which can write and not read.</summary>
    NotHere,
    /// <summary>It cannot be read; a warning says why.</summary>
    Unknown,
    /// <summary>A key of HashiCorp Vault wraps its key.</summary>
    KeyVault,
}

/// <summary>How many documents of honey jars belong to whoever brought them, as a host's last run found it.</summary>
public sealed record ContributorStatus
{
    /// <summary>Documents whose contributor is known: they are kept, restored and erased as his.</summary>
    public required long Known { get; init; }
    /// <summary>Documents of which no column and no audit row says who brought them: they are the jar's.</summary>
    public required long Unknown { get; init; }
    /// <summary>When the databases were asked.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Known:N0} documents of honey jars belong to whoever brought them; {Unknown:N0} to the jar alone, since nothing says who brought them");
}

/// <summary>How the newest run went.</summary>
public sealed record LastRun
{
    /// <summary>The run, or null when it committed nothing.</summary>
    public required string? BackupId { get; init; }
    /// <summary>How sources were read; null when it committed nothing.</summary>
    public required BackupType? Type { get; init; }
    /// <summary>How it ended; null while it runs.</summary>
    public required JobState? State { get; init; }
    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedTime { get; init; }
    /// <summary>When it committed; null when it did not.</summary>
    public required DateTimeOffset? CompletedTime { get; init; }
    /// <summary>Items that it could not read.</summary>
    public required long Errors { get; init; }
    /// <summary>The writer's id, 32 hexadecimal digits.</summary>
    public required string Writer { get; init; }
    /// <summary>The run's number in its writer's chain.</summary>
    public required long Sequence { get; init; }
}

/// <summary>How one data class stands.</summary>
public sealed record ClassStatus
{
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>The run of its newest point.</summary>
    public required string BackupId { get; init; }
    /// <summary>The moment of that point.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>How old it is.</summary>
    public required TimeSpan Age { get; init; }
    /// <summary>Whether every item could be read.</summary>
    public required JobState State { get; init; }
    /// <summary>The newest point in which every item could be read; null when there is none.</summary>
    public required DateTimeOffset? LastSuccess { get; init; }
    /// <summary>Points that hold this class.</summary>
    public required long Points { get; init; }
    /// <summary>Subjects in the newest point.</summary>
    public required long Subjects { get; init; }
    /// <summary>Items in it.</summary>
    public required long Items { get; init; }
    /// <summary>Sum of its files' lengths, in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Items that could not be read.</summary>
    public required long Errors { get; init; }
}

/// <summary>What one kind of object takes in the store.</summary>
/// <param name="Kind"><c>data</c>, <c>meta</c>, <c>index</c> …: the first part of the objects' names.</param>
/// <param name="Objects">How many.</param>
/// <param name="Length">Their bytes.</param>
public sealed record StoreUse(string Kind, long Objects, long Length);

/// <summary>What this host remembers of verifying a tier's packs.</summary>
public sealed record TierCheck
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Packs at the last verification.</summary>
    public required long Packs { get; init; }
    /// <summary>How many of them this host never read whole.</summary>
    public required long NeverChecked { get; init; }
    /// <summary>When the one of the others was last read whole that waits longest; null when there are none.</summary>
    public required DateTimeOffset? OldestCheck { get; init; }
    /// <summary>How long that is ago.</summary>
    public required TimeSpan? OldestAge { get; init; }
    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Tier}: {Packs:N0} packs, {(NeverChecked > 0 ? $"{NeverChecked:N0} never read whole" : "all read whole once")}{(OldestAge is { } age ? $", the oldest check {Display.Duration(age)} ago" : "")}");
}

/// <summary>How backups stand. Damage never keeps it from being shown: it is part of it.</summary>
public sealed record BackupStatus
{
    /// <summary>The worst of all that follows.</summary>
    public required Health Health { get; init; }
    /// <summary>When it was looked at.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>The configuration file that was used; null where none was.</summary>
    public required string? ConfigurationFile { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The folder that is protected.</summary>
    public required string ReservePath { get; init; }
    /// <summary>The reserve's id, 32 hexadecimal digits.</summary>
    public required string ReserveId { get; init; }
    /// <summary>This host's writer id; null where it can only read.</summary>
    public required string? Writer { get; init; }
    /// <summary>This host's newest run (where it has none, the newest of all); null before the first.</summary>
    public required LastRun? LastRun { get; init; }
    /// <summary>Data classes that have points.</summary>
    public required IReadOnlyList<ClassStatus> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Restore points: runs that committed.</summary>
    public required long Points { get; init; }
    /// <summary>How many of them were imported from old archives; no other figure but the ratios counts these.</summary>
    public long Imported { get; init; }
    /// <summary>The store by kinds of object, largest first.</summary>
    public required IReadOnlyList<StoreUse> Store { get; init => field = Indexable.Of(value); }
    /// <summary>Bytes in the store.</summary>
    public required long StoreLength { get; init; }
    /// <summary>Bytes free to this user on the store's disk; null where that cannot be told.</summary>
    public required long? RoomFree { get; init; }
    /// <summary>Bytes of that disk in all.</summary>
    public required long? RoomTotal { get; init; }
    /// <summary>File bytes of all points for each byte of content that is kept once; null before the first point.</summary>
    public required double? DeduplicationRatio { get; init; }
    /// <summary>Bytes of content for each byte that it takes, encryption included; null before the first point.</summary>
    public required double? CompressionRatio { get; init; }
    /// <summary>Spare keys left on this host for new subjects; null where it can only read.</summary>
    public required int? SparesLeft { get; init; }
    /// <summary>How many spares the host keeps.</summary>
    public required int? SparesTarget { get; init; }
    /// <summary>How the key file is protected.</summary>
    public required KeyProtection KeyProtection { get; init; }
    /// <summary>How the keys' escrow stands; null on a host without the key directory.</summary>
    public EscrowState? Escrow { get; init; }
    /// <summary>Whose the documents of honey jars are; null where no database tells, or before the first run.</summary>
    public ContributorStatus? Contributors { get; init; }
    /// <summary>How the journal of changes stands, in words; null where runs scan everything.</summary>
    public string? ChangeJournal { get; init; }
    /// <summary>What this host remembers of verifying each tier's packs; none for a tier that it never verified.</summary>
    public IReadOnlyList<TierCheck> Checks { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What was done without its approvals and nobody has reviewed.</summary>
    public IReadOnlyList<OpenReview> OpenReviews { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Whether roles are given to anybody; else whoever runs this program may do everything that the host's keys allow.</summary>
    public bool RolesGiven { get; init; }
    /// <summary>What the screen for people shows beyond this; null where it was not asked for.</summary>
    public StatusDetails? Details { get; init; }
    /// <summary>What is weaker than it should be, for people.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
    /// <summary>Damage that showed while this was put together. Only a verification looks at everything.</summary>
    public required IReadOnlyList<IntegrityFault> Damage { get; init => field = Indexable.Of(value); }
}
