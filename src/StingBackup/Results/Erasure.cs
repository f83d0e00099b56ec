namespace StingBackup;

/// <summary>How an erasure stands.</summary>
public enum ErasureState
{
    /// <summary>Asked for; it can still be stopped.</summary>
    Pending,
    /// <summary>Stopped before it was due.</summary>
    Stopped,
    /// <summary>The key is destroyed, but a place was out of reach or something is still to be cleaned; there is no certificate yet.</summary>
    Incomplete,
    /// <summary>Done, proven, certified.</summary>
    Completed,
}

/// <summary>What an erasure hits of one data class on one tier.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="DataClass">The data class.</param>
/// <param name="Points">Restore points that hold something of the subject.</param>
/// <param name="Items">Items in the newest of them.</param>
/// <param name="Length">File bytes in the newest of them.</param>
public sealed record ErasureHit(Tier Tier, DataClass DataClass, long Points, long Items, long Length);

/// <summary>What an erasure cannot reach at once.</summary>
/// <param name="What">The copy.</param>
/// <param name="EndTime">When it ends; null where that is not known.</param>
public sealed record ResidualCopy(string What, DateTimeOffset? EndTime);

/// <summary>What an erasure would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record ErasurePlan
{
    /// <summary>Whose backups become unreadable: a canonical name.</summary>
    public required string Subject { get; init; }
    /// <summary>Its pseudonyms in the repository.</summary>
    public required IReadOnlyList<string> Pseudonyms { get; init => field = Indexable.Of(value); }
    /// <summary>Contributors' subjects that go with it: what a person brought into honey jars, or what people brought into this one.</summary>
    public IReadOnlyList<string> Contributions { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What it hits, by tier and data class.</summary>
    public required IReadOnlyList<ErasureHit> Hits { get; init => field = Indexable.Of(value); }
    /// <summary>Packs that hold something of it. None is rewritten.</summary>
    public required long Packs { get; init; }
    /// <summary>Its stored bytes in them.</summary>
    public required long StoredBytes { get; init; }
    /// <summary>What stays, and until when.</summary>
    public required IReadOnlyList<ResidualCopy> Residuals { get; init => field = Indexable.Of(value); }
    /// <summary>Until when it can be stopped.</summary>
    public required DateTimeOffset DueTime { get; init; }
    /// <summary>Why: the law or contract.</summary>
    public required string LegalBasis { get; init; }
    /// <summary>The request's own name elsewhere, or empty.</summary>
    public required string Reference { get; init; }
    /// <summary>What the engine attached; lost where a plan crosses a process boundary.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public object? Targets { get; init; }
}

/// <summary>A request for erasure, and what became of it.</summary>
public sealed record Erasure
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }
    /// <summary>How it stands.</summary>
    public required ErasureState State { get; init; }
    /// <summary>Whom it means: a canonical name; empty once it is done.</summary>
    public required string Subject { get; init; }
    /// <summary>The pseudonyms.</summary>
    public required IReadOnlyList<string> Pseudonyms { get; init => field = Indexable.Of(value); }
    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset RequestedTime { get; init; }
    /// <summary>By whom.</summary>
    public required string RequestedBy { get; init; }
    /// <summary>Until when it can be stopped, and from when it is carried out.</summary>
    public required DateTimeOffset DueTime { get; init; }
    /// <summary>When the key had been destroyed; null before.</summary>
    public DateTimeOffset? ErasedTime { get; init; }
    /// <summary>Why.</summary>
    public required string LegalBasis { get; init; }
    /// <summary>The request's own name elsewhere, or empty.</summary>
    public required string Reference { get; init; }
    /// <summary>What is still to be done, each with its place.</summary>
    public IReadOnlyList<string> Waiting { get; init => field = Indexable.Of(value); } = [];
    /// <summary>The certificate's file; null before.</summary>
    public string? Certificate { get; init; }
}

/// <summary>Which erasures would be carried out: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record ErasureRunPlan
{
    /// <summary>Those that are due, or begun and not ended.</summary>
    public required IReadOnlyList<Erasure> Due { get; init => field = Indexable.Of(value); }
    /// <summary>When the next one is due; null when none waits.</summary>
    public DateTimeOffset? NextDueTime { get; init; }
}

/// <summary>What carrying out erasures did.</summary>
public sealed record ErasureResult
{
    /// <summary>Completed, or with errors where one waits for something.</summary>
    public required JobState State { get; init; }
    /// <summary>Each of them, as it stands now.</summary>
    public required IReadOnlyList<Erasure> Erasures { get; init => field = Indexable.Of(value); }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}

/// <summary>Rows of erased subjects in one table of a running database.</summary>
/// <param name="Database">Database.</param>
/// <param name="Table">Schema and table.</param>
/// <param name="Rows">Rows that go.</param>
/// <param name="Kept">Rows that stay, because rows of others refer to them and must.</param>
public sealed record ErasedRowCount(string Database, string Table, long Rows, long Kept);

/// <summary>Secrets or vectors of erased subjects in one place of a running service.</summary>
/// <param name="Source"><c>Vault</c> or <c>Chroma</c>.</param>
/// <param name="Place">The folder of secrets, or the collection.</param>
/// <param name="Items">Secrets or records that go.</param>
/// <param name="IsWhole">Whether the place goes with them.</param>
public sealed record ErasedItemCount(string Source, string Place, long Items, bool IsWhole);

/// <summary>What applying the erasure ledger to running services would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record ErasureSyncPlan
{
    /// <summary>Secrets and vectors, by place; none where nothing of them is there.</summary>
    public IReadOnlyList<ErasedItemCount> Items { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How its approval stands; null where there is nothing to delete.</summary>
    public ApprovalState? Approval { get; init; }
    /// <summary>The servers.</summary>
    public required string Server { get; init; }
    /// <summary>How many subjects the ledger names.</summary>
    public required long Erased { get; init; }
    /// <summary>By table; none where nothing of them is there.</summary>
    public required IReadOnlyList<ErasedRowCount> Rows { get; init => field = Indexable.Of(value); }
}

/// <summary>What applying the erasure ledger to running services did.</summary>
public sealed record ErasureSyncResult
{
    /// <summary>Secrets and vectors, by place.</summary>
    public IReadOnlyList<ErasedItemCount> Items { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Completed, or with errors where rows stay.</summary>
    public required JobState State { get; init; }
    /// <summary>The servers.</summary>
    public required string Server { get; init; }
    /// <summary>How many subjects the ledger names.</summary>
    public required long Erased { get; init; }
    /// <summary>By table.</summary>
    public required IReadOnlyList<ErasedRowCount> Rows { get; init => field = Indexable.Of(value); }
}

/// <summary>Whom a hold would keep: printed by <c>-WhatIf</c>.</summary>
/// <param name="Subject">Whose data: a canonical name.</param>
/// <param name="Reason">Why.</param>
public sealed record LegalHoldPlan(string Subject, string Reason);

/// <summary>An order to keep a subject's data: it refuses erasure.</summary>
public sealed record LegalHold
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }
    /// <summary>Whose data: a canonical name.</summary>
    public required string Subject { get; init; }
    /// <summary>Why.</summary>
    public required string Reason { get; init; }
    /// <summary>Who set it.</summary>
    public required string SetBy { get; init; }
    /// <summary>Since when.</summary>
    public required DateTimeOffset SetTime { get; init; }
    /// <summary>Who lifted it; empty while it stands.</summary>
    public required string LiftedBy { get; init; }
    /// <summary>When it was lifted; null while it stands.</summary>
    public DateTimeOffset? LiftedTime { get; init; }
    /// <summary>Whether it stands.</summary>
    public bool IsActive => LiftedTime is null;
}

/// <summary>What a look at a certificate of destruction found.</summary>
public sealed record CertificateCheck
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }
    /// <summary>Whether it says what was signed, by whoever may, and all that a certificate must say.</summary>
    public required bool IsValid { get; init; }
    /// <summary>Its format: of an erasure, <c>sting-destruction-certificate/1</c>, or of a purge, <c>sting-purge-certificate/1</c>.</summary>
    public required string Format { get; init; }
    /// <summary>Its id.</summary>
    public required string CertificateId { get; init; }
    /// <summary>When the key had been destroyed, or the packs deleted, as it says.</summary>
    public DateTimeOffset? ErasedTime { get; init; }
    /// <summary>Fingerprint of the key role that signed it, or the enrolment of the host that did.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>Whether that is the key role which the configuration, or -KeyFingerprint, trusts; null where neither names one.</summary>
    public bool? IsTrusted { get; init; }
    /// <summary>What is wrong with it.</summary>
    public required IReadOnlyList<string> Problems { get; init => field = Indexable.Of(value); }
}
