namespace StingBackup;

/// <summary>What a key is for.</summary>
public enum KeyKind
{
    /// <summary>Mints keys and signs what others trust; its fingerprint stands in the configuration.</summary>
    KeyRole,
    /// <summary>Wraps every subject's key (KEK).</summary>
    KeyVault,
    /// <summary>The outer layer around every subject's key, one an epoch; a row for each place.</summary>
    EpochSecret,
    /// <summary>A copy of every subject's key, doubly wrapped; a row for each replica.</summary>
    KeyStoreReplica,
    /// <summary>Signs what a host writes.</summary>
    HostSigning,
    /// <summary>Opens what claims hold for a host.</summary>
    HostEncryption,
    /// <summary>Turns subjects' names into the tags under which they are found.</summary>
    Directory,
    /// <summary>Keys minted ahead for this host's next new subjects.</summary>
    Spares,
    /// <summary>A subject's key, as its claim in the repository shows it.</summary>
    Subject,
    /// <summary>What brings the key role and the KEK back when the key file is lost; split among people.</summary>
    Escrow,
}

/// <summary>How a key is.</summary>
public enum KeyState
{
    /// <summary>At hand, without a passphrase.</summary>
    Ready,
    /// <summary>At hand, sealed by a passphrase.</summary>
    Sealed,
    /// <summary>Running out.</summary>
    Low,
    /// <summary>At hand, but others on this machine may read it.</summary>
    Exposed,
    /// <summary>Its place cannot be reached or read.</summary>
    Unavailable,
    /// <summary>Not where it should be.</summary>
    Missing,
    /// <summary>Its bytes are wrong.</summary>
    Damaged,
    /// <summary>Withdrawn by the key role.</summary>
    Revoked,
    /// <summary>Of keys that are no longer in force.</summary>
    Stale,
}

/// <summary>A key: what it is for, where it lies and how it is. Never the key itself.</summary>
public sealed record KeyInfo
{
    /// <summary>What it is for.</summary>
    public required KeyKind Kind { get; init; }
    /// <summary>Whose it is: a host's name, a subject's pseudonym, an epoch; for people.</summary>
    public required string Name { get; init; }
    /// <summary>How it is.</summary>
    public required KeyState State { get; init; }
    /// <summary>What it is used with, such as <c>ECDSA P-256</c>.</summary>
    public required string Algorithm { get; init; }
    /// <summary>Where it lies: a path or an object's name.</summary>
    public required string Location { get; init; }
    /// <summary>Which one of its kind, from 1; an epoch's number; null where there is only ever one.</summary>
    public long? Generation { get; init; }
    /// <summary>When it was made, or null where that is not kept.</summary>
    public DateTimeOffset? CreatedTime { get; init; }
    /// <summary>When <c>Update-StingKey</c> should renew it; null for what it does not renew.</summary>
    public DateTimeOffset? DueTime { get; init; }
    /// <summary>SHA-256 of its public half, 64 hexadecimal digits; null for secrets without one.</summary>
    public string? Fingerprint { get; init; }
    /// <summary>Spares left; null for other kinds.</summary>
    public int? SparesLeft { get; init; }
    /// <summary>Records in a key store replica's epoch; null for other kinds.</summary>
    public int? Records { get; init; }
    /// <summary>What is wrong with it and what to do, or null.</summary>
    public string? Problem { get; init; }
}
