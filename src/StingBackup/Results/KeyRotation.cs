namespace StingBackup;

/// <summary>Which keys are renewed.</summary>
public enum KeyRotationKind
{
    /// <summary>The key that wraps every subject's key (KEK): every record of the key store is sealed to a new one.</summary>
    KeyEncryptionKey,
    /// <summary>Keys of subjects: what is backed up from then on is sealed to a new one; the old ones still open what was sealed to them.</summary>
    Subject,
    /// <summary>The epoch's secret, the outer layer around every subject's key.</summary>
    Epoch,
    /// <summary>This host's signing key: what it writes from then on is signed by a new one, under the same writer id; what the earlier one signed stays good.</summary>
    Writer,
    /// <summary>The key role's signing key, to which configurations are pinned: what it signs from then on is signed by a new one, to which the earlier one hands over.</summary>
    Signing,
}

/// <summary>What renewing keys would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record KeyRotationPlan
{
    /// <summary>Which keys.</summary>
    public required KeyRotationKind Kind { get; init; }
    /// <summary>Whose, as it was asked for; null for all, and for other kinds.</summary>
    public string? Subject { get; init; }
    /// <summary>Since when the oldest of them has been in force; null where that is not known.</summary>
    public DateTimeOffset? SinceTime { get; init; }
    /// <summary>Whether subjects get a new writer secret too.</summary>
    public bool NewWriterSecret { get; init; }
    /// <summary>Bytes, as their files have them, that the next run of each host reads and stores again; 0 where the writer secret stays.</summary>
    public long StoredAgainBytes { get; init; }
    /// <summary>Records of the key store that are written anew, or added.</summary>
    public required long Records { get; init; }
    /// <summary>Claims in the repository that are replaced.</summary>
    public required long Claims { get; init; }
    /// <summary>The key store's replicas, all of which are written.</summary>
    public required IReadOnlyList<string> Replicas { get; init => field = Indexable.Of(value); }
    /// <summary>Places of the epoch's secret that are written; none where it stays.</summary>
    public required IReadOnlyList<string> EpochPlaces { get; init => field = Indexable.Of(value); }
    /// <summary>What changes, for people.</summary>
    public required IReadOnlyList<string> Changes { get; init => field = Indexable.Of(value); }
    /// <summary>What stays, for people.</summary>
    public required IReadOnlyList<string> Stays { get; init => field = Indexable.Of(value); }
    /// <summary>Whether a second identity must approve it.</summary>
    public required bool NeedsApproval { get; init; }
    /// <summary>What the engine attached; lost where a plan crosses a process boundary.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public object? Targets { get; init; }
}

/// <summary>What renewing keys did.</summary>
public sealed record KeyRotationResult
{
    /// <summary>Completed, or with errors where a place was away or a claim could not be renewed.</summary>
    public required JobState State { get; init; }
    /// <summary>Which keys.</summary>
    public required KeyRotationKind Kind { get; init; }
    /// <summary>The KEK that is in force, from 1.</summary>
    public required long KekGeneration { get; init; }
    /// <summary>The epoch that is in force, from 1.</summary>
    public required long Epoch { get; init; }
    /// <summary>Records of the key store that were written anew, or added.</summary>
    public required long Records { get; init; }
    /// <summary>Claims that were replaced.</summary>
    public required long Claims { get; init; }
    /// <summary>Files of earlier epochs that were destroyed.</summary>
    public required long Destroyed { get; init; }
    /// <summary>Fingerprint of the key role's new signing key: repository.key_fingerprint may be brought up to it on each host; null for other kinds.</summary>
    public string? KeyFingerprint { get; init; }
    /// <summary>What is left to do, each with its place.</summary>
    public required IReadOnlyList<string> Waiting { get; init => field = Indexable.Of(value); }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
