namespace StingBackup;

/// <summary>What a backup would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record BackupPlan
{
    /// <summary>How sources will be read.</summary>
    public required BackupType Type { get; init; }
    /// <summary>Data classes that are due, the one that goes first first.</summary>
    public required IReadOnlyList<DataClass> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>What is read: folders, Vault, database servers.</summary>
    public required IReadOnlyList<string> Sources { get; init => field = Indexable.Of(value); }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The moment the plan was made.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>When the next of the classes that were left out is due; null where none was.</summary>
    public DateTimeOffset? NextDueTime { get; init; }
}

/// <summary>What is to be restored, from when, and to where.</summary>
public sealed record RestoreRequest
{
    /// <summary>What to bring back.</summary>
    public required RestoreScope Scope { get; init; }
    /// <summary>
    /// Whose: a person by e-mail address, id or folder; a honey jar by id; or a canonical name. Needed for <see cref="RestoreScope.User"/> and
    /// <see cref="RestoreScope.HoneyJar"/>, narrows <see cref="RestoreScope.File"/>, and has no place in <see cref="RestoreScope.Reserve"/>.
    /// </summary>
    public string? Subject { get; init; }
    /// <summary>
    /// For <see cref="RestoreScope.File"/>: names (found in any folder), paths (within the reserve or the subject's own folder) and globs.
    /// A folder brings all that is in it.
    /// </summary>
    public IReadOnlyList<string> Files { get; init => field = Indexable.Of(value); } = [];
    /// <summary>A day (its last state in the configured zone), a moment, or <c>latest</c>; null means latest unless <see cref="BackupId"/> is given.</summary>
    public string? Date { get; init; }
    /// <summary>A run: the state is that of the reserve at this run, each data class from its newest point at or before it.</summary>
    public string? BackupId { get; init; }
    /// <summary>A folder that gets the items under their paths within the reserve; null restores to the original place.</summary>
    public string? Destination { get; init; }
    /// <summary>What happens where a file already stands. Folders are merged.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Skip;
    /// <summary>Restores what there is when a data class has no point at or before the moment asked.</summary>
    public bool AllowPartial { get; init; }
    /// <summary>Data classes, or null for all that the repository holds.</summary>
    public IReadOnlyList<DataClass>? Classes { get; init => field = Indexable.Of(value); }
    /// <summary>For <see cref="RestoreScope.User"/>: also what the person brought into honey jars. Without it that comes back with the jars.</summary>
    public bool WithContributions { get; init; }
    /// <summary>For <see cref="RestoreScope.Reserve"/> to the original place: databases of the same names that stand there get another name, in the place of a refusal. Nothing in them is lost.</summary>
    public bool DatabasesAside { get; init; }
    /// <summary>Takes each subject that runs found suspicious from its own last clean point, and lists what that leaves out.</summary>
    public bool CleanPoint { get; init; }
}

/// <summary>What a restore would do: exactly these items, nothing else.</summary>
public sealed record RestorePlan
{
    /// <summary>What was asked, exactly.</summary>
    public required RestoreRequest Request { get; init; }
    /// <summary>What was asked, for people.</summary>
    public required string Scope { get; init; }
    /// <summary>The points it reads.</summary>
    public required IReadOnlyList<RestorePoint> Points { get; init => field = Indexable.Of(value); }
    /// <summary>The moment that is really reached: that of the newest point among them, which is the newest at or before the one asked for; null where there is none.</summary>
    public DateTimeOffset? ReachedTime => Points.Count == 0 ? null : Points.Max(p => p.Time);
    /// <summary>The moment of the oldest point among them: a data class that was not backed up since is as of then.</summary>
    public DateTimeOffset? OldestTime => Points.Count == 0 ? null : Points.Min(p => p.Time);
    /// <summary>Data classes for which no point exists at or before the moment asked.</summary>
    public required IReadOnlyList<DataClass> MissingClasses { get; init => field = Indexable.Of(value); }
    /// <summary>Data classes that are left out because their restore needs an approval.</summary>
    public IReadOnlyList<DataClass> WithheldClasses { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How its approval stands, where it brings keys or tokens back; null where it needs none.</summary>
    public ApprovalState? Approval { get; init; }
    /// <summary>Whether anybody was erased from the reserve: nothing of them is restored.</summary>
    public bool LeavesOutErased { get; init; }
    /// <summary>Where it writes: a folder, or the original place.</summary>
    public required string Destination { get; init; }
    /// <summary>True when it writes into the reserve itself.</summary>
    public required bool InPlace { get; init; }
    /// <summary>What happens where a file already stands.</summary>
    public required ConflictAction Conflict { get; init; }
    /// <summary>Files to write.</summary>
    public required long Files { get; init; }
    /// <summary>Items of every kind.</summary>
    public required long Items { get; init; }
    /// <summary>File bytes to write.</summary>
    public required long Length { get; init; }
    /// <summary>Data packs that must be read.</summary>
    public required long Packs { get; init; }
    /// <summary>Bytes that must be read from data packs.</summary>
    public required long PackBytes { get; init; }
    /// <summary>What is suspect and left out, in a restore from clean points: at most 10,000 items, see <see cref="QuarantinedCount"/>.</summary>
    public IReadOnlyList<QuarantinedItem> Quarantined { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How many items are left out as suspect.</summary>
    public long QuarantinedCount { get; init; }
    /// <summary>The first items, at most 1,000, for people.</summary>
    public required IReadOnlyList<RestorePointItem> Preview { get; init => field = Indexable.Of(value); }

    /// <summary>What the engine that made the plan needs to execute exactly it; null in a plan that came from another process, which is made anew.</summary>
    internal object? Selection { get; init; }
}
