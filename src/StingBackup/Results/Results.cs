namespace StingBackup;

/// <summary>What a backup run did.</summary>
public sealed record BackupResult
{
    /// <summary><c>backup_yyyyMMdd_HHmmss</c>; null when nothing was committed.</summary>
    public required string? BackupId { get; init; }
    /// <summary>How sources were read.</summary>
    public required BackupType Type { get; init; }
    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }
    /// <summary>Start of the run.</summary>
    public required DateTimeOffset StartedTime { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
    /// <summary>Items found in the sources.</summary>
    public required long Items { get; init; }
    /// <summary>Files whose content was read.</summary>
    public required long ItemsRead { get; init; }
    /// <summary>Items that could not be read.</summary>
    public required long Errors { get; init; }
    /// <summary>Sum of file lengths, in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Bytes read from sources.</summary>
    public required long BytesRead { get; init; }
    /// <summary>Content bytes that no earlier run of this writer had, before compression.</summary>
    public required long BytesNew { get; init; }
    /// <summary>Bytes of files whose content one known file has: of this run, or of the one before on this host. Files that were not read, since nothing about them had changed, are among them.</summary>
    public long BytesOfKnownFiles { get; init; }
    /// <summary>Bytes of other files whose chunks were there already.</summary>
    public long BytesOfKnownBlocks { get; init; }
    /// <summary>Bytes added to the store, everything included.</summary>
    public required long BytesStored { get; init; }
    /// <summary>Subjects in the restore points.</summary>
    public required long Subjects { get; init; }
    /// <summary>Data classes that the run committed.</summary>
    public required IReadOnlyList<DataClass> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>What was there and is left out by a rule of the configuration about its age.</summary>
    public IReadOnlyList<LeftOutItems> LeftOut { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Parts of the committed classes that are older than the run, since their source failed in it.</summary>
    public IReadOnlyList<CarriedPart> Carried { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Subjects that this run found suspicious.</summary>
    public IReadOnlyList<StingAnomaly> Suspicious { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>What a class of a restore point holds of a source that failed in its run: what an earlier run had read of it.</summary>
/// <param name="DataClass">The data class.</param>
/// <param name="Source">The source.</param>
/// <param name="FromBackupId">The run that read it last.</param>
public sealed record CarriedPart(DataClass DataClass, string Source, string FromBackupId);

/// <summary>Items that a run left out, and why.</summary>
/// <param name="DataClass">Their data class.</param>
/// <param name="Items">How many.</param>
/// <param name="Reason">Why, and which setting says so.</param>
public sealed record LeftOutItems(DataClass DataClass, long Items, string Reason);

/// <summary>What a restore did.</summary>
public sealed record RestoreResult
{
    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }
    /// <summary>The runs whose points were used.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>The moment that was really reached: that of the newest of them; null where there was none.</summary>
    public DateTimeOffset? ReachedTime { get; init; }
    /// <summary>Where it was written.</summary>
    public required string Destination { get; init; }
    /// <summary>Files, directories, links and others written.</summary>
    public required long ItemsRestored { get; init; }
    /// <summary>Items that already stood there with the same content.</summary>
    public required long ItemsUnchanged { get; init; }
    /// <summary>Items left alone by the conflict rule.</summary>
    public required long ItemsSkipped { get; init; }
    /// <summary>Items that failed; each was named.</summary>
    public required long Errors { get; init; }
    /// <summary>File bytes written.</summary>
    public required long BytesRestored { get; init; }
    /// <summary>What was suspect and left out, in a restore from clean points: at most 10,000 items, see <see cref="QuarantinedCount"/>.</summary>
    public IReadOnlyList<QuarantinedItem> Quarantined { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How many items were left out as suspect.</summary>
    public long QuarantinedCount { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}

/// <summary>One damaged or missing thing that a verification found.</summary>
public sealed record IntegrityFault
{
    /// <summary>The object's name in the store.</summary>
    public required string Object { get; init; }
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>What is wrong.</summary>
    public required string Problem { get; init; }
    /// <summary>Subjects that it hits (names where keys are at hand, else pseudonyms).</summary>
    public required IReadOnlyList<string> Subjects { get; init => field = Indexable.Of(value); }
    /// <summary>Files that it hits, <c>backup id: path</c>; at most 1,000, see <see cref="FileCount"/>.</summary>
    public required IReadOnlyList<string> Files { get; init => field = Indexable.Of(value); }
    /// <summary>How many files it hits in all points checked.</summary>
    public required long FileCount { get; init; }
    /// <summary>What to do next.</summary>
    public required string Remedy { get; init; }
}

/// <summary>What a verification did and found.</summary>
public sealed record IntegrityResult
{
    /// <summary>How deep it went.</summary>
    public required IntegrityLevel Level { get; init; }
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>True when no fault was found.</summary>
    public bool Passed => Faults.Count == 0;
    /// <summary>Points checked.</summary>
    public required long Points { get; init; }
    /// <summary>Packs checked.</summary>
    public required long Packs { get; init; }
    /// <summary>Chunks checked.</summary>
    public required long Chunks { get; init; }
    /// <summary>Packs that were not read because they were not old enough, or no part of the sample.</summary>
    public long PacksPassedOver { get; init; }
    /// <summary>Packs that were not read because the time was over.</summary>
    public long PacksLeft { get; init; }
    /// <summary>Packs that a further tier holds and this one no longer needs to.</summary>
    public long PacksLetGo { get; init; }
    /// <summary>Packs in cold storage that are not thawed: looked at by name and length alone.</summary>
    public long PacksFrozen { get; init; }
    /// <summary>Packs that should have parity beside them and have none.</summary>
    public long PacksWithoutParity { get; init; }
    /// <summary>Packs whose parity is damaged; each is a fault.</summary>
    public long ParityDamaged { get; init; }
    /// <summary>Of the tier's packs, when the one was last read whole that waits longest; null where some were never, or none is remembered.</summary>
    public DateTimeOffset? OldestCheck { get; init; }
    /// <summary>Bytes read from the store.</summary>
    public required long BytesRead { get; init; }
    /// <summary>Faults found.</summary>
    public required IReadOnlyList<IntegrityFault> Faults { get; init => field = Indexable.Of(value); }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}

/// <summary>What a repair did.</summary>
public sealed record RepairResult
{
    /// <summary>Packs whose footers were read.</summary>
    public required long Packs { get; init; }
    /// <summary>Index entries written.</summary>
    public required long Entries { get; init; }
    /// <summary>Index fragments replaced.</summary>
    public required long FragmentsReplaced { get; init; }
    /// <summary>Objects put back from copies (enrolments, claims).</summary>
    public required long ObjectsRestored { get; init; }
    /// <summary>The tier that was repaired.</summary>
    public Tier Tier { get; init; } = Tier.Local;
    /// <summary>Objects that were damaged or missing and came from another tier, and packs that their own parity put right.</summary>
    public IReadOnlyList<HealedObject> Healed { get; init => field = Indexable.Of(value); } = [];
    /// <summary>True when the new index is signed, so that later runs deduplicate against it.</summary>
    public required bool Signed { get; init; }
    /// <summary>Faults that could not be repaired.</summary>
    public required IReadOnlyList<IntegrityFault> Faults { get; init => field = Indexable.Of(value); }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
