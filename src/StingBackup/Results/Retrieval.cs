namespace StingBackup;

/// <summary>Whether a pack can be read.</summary>
public enum PackReadiness
{
    /// <summary>At once.</summary>
    Ready,
    /// <summary>It must be thawed first.</summary>
    Archived,
    /// <summary>It is being thawed.</summary>
    Thawing,
    /// <summary>At once, for a while.</summary>
    Thawed,
    /// <summary>It is on no tier.</summary>
    Missing,
}

/// <summary>A pack that a restore reads.</summary>
/// <param name="Name">Its object.</param>
/// <param name="Tier">The nearest tier that has it.</param>
/// <param name="StorageClass">Its storage class on the archive tier; empty elsewhere.</param>
/// <param name="Length">Its bytes: what a retrieval is charged for.</param>
/// <param name="Needed">Bytes of it that the restore reads.</param>
/// <param name="State">Whether it can be read.</param>
/// <param name="ThawedUntil">Until when, where a thawed copy is read.</param>
public sealed record RestorePack(string Name, Tier Tier, string StorageClass, long Length, long Needed, PackReadiness State, DateTimeOffset? ThawedUntil);

/// <summary>What a restore reads of one tier.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Packs">Its packs, and their bytes.</param>
/// <param name="Needed">Bytes of them that are read.</param>
public sealed record RestoreShare(Tier Tier, PackSum Packs, long Needed);

/// <summary>What thawing at one speed takes. An estimate, by list prices: never a bill.</summary>
/// <param name="Speed">The speed.</param>
/// <param name="Cost">What retrieval, requests and the thawed copies cost.</param>
/// <param name="Currency">Of the cost.</param>
/// <param name="From">The shortest time until everything is thawed.</param>
/// <param name="To">The longest.</param>
/// <param name="NeedsApproval">Whether the cost, with what this host asked for in the last 24 hours, is above <c>archive.retrieval_cost_limit</c>.</param>
public sealed record RetrievalEstimate(RetrievalSpeed Speed, decimal Cost, string Currency, TimeSpan From, TimeSpan To, bool NeedsApproval);

/// <summary>What a restore reads: the exact packs, of which tiers, and what must be thawed for it; told before anything is asked.</summary>
public sealed record RestorePackPlan
{
    /// <summary>Of the packs that must be thawed: the same packs have the same id. Empty where there are none.</summary>
    public required string Id { get; init; }
    /// <summary>What is restored, for people.</summary>
    public required string Scope { get; init; }
    /// <summary>From which runs.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>Files.</summary>
    public required long Files { get; init; }
    /// <summary>Their bytes.</summary>
    public required long Length { get; init; }
    /// <summary>By tier, the nearest first.</summary>
    public required IReadOnlyList<RestoreShare> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>Every pack, in the order in which they are thawed and read.</summary>
    public required IReadOnlyList<RestorePack> Packs { get; init => field = Indexable.Of(value); }
    /// <summary>Packs that must be thawed, and for which nobody has asked yet.</summary>
    public required PackSum ToThaw { get; init; }
    /// <summary>Packs that are being thawed.</summary>
    public required PackSum Thawing { get; init; }
    /// <summary>Packs on no tier.</summary>
    public required PackSum Missing { get; init; }
    /// <summary>What thawing takes at each speed that there is for all of them; none where nothing is to be thawed.</summary>
    public required IReadOnlyList<RetrievalEstimate> Estimates { get; init => field = Indexable.Of(value); }
    /// <summary>Whose prices the estimates are by.</summary>
    public required string Prices { get; init; }
    /// <summary>What could not be looked at, for people.</summary>
    public required IReadOnlyList<string> Notes { get; init => field = Indexable.Of(value); }
    /// <summary>The restore that it is of.</summary>
    public required RestorePlan Restore { get; init; }
}

/// <summary>What a retrieval would ask for.</summary>
public sealed record RetrievalPlan
{
    /// <summary>The packs.</summary>
    public required RestorePackPlan Packs { get; init; }
    /// <summary>How fast.</summary>
    public required RetrievalSpeed Speed { get; init; }
    /// <summary>Days that the thawed copies stay.</summary>
    public required int Days { get; init; }
    /// <summary>Packs that would be asked for: all of the restore's that are archived, less those that a retrieval under way has asked for.</summary>
    public required PackSum ToAsk { get; init; }
    /// <summary>What it takes; null where nothing is to be asked for.</summary>
    public required RetrievalEstimate? Estimate { get; init; }
    /// <summary>What this host asked for in the last 24 hours, beside this: the limit counts both.</summary>
    public decimal CostOfDay { get; init; }
    /// <summary>Where the packs lie.</summary>
    public required string Archive { get; init; }
    /// <summary>How its approval stands; null where it needs none.</summary>
    public ApprovalState? Approval { get; init; }
}

/// <summary>How a retrieval stands.</summary>
public enum RetrievalState
{
    /// <summary>Not every pack has been asked for: the same command goes on.</summary>
    Incomplete,
    /// <summary>Packs are being thawed.</summary>
    Thawing,
    /// <summary>All of it can be read.</summary>
    Ready,
    /// <summary>Thawed copies are gone again.</summary>
    Expired,
}

/// <summary>A retrieval from the archive tier.</summary>
public sealed record ArchiveRetrieval
{
    /// <summary>Its id, that of the plan.</summary>
    public required string Id { get; init; }
    /// <summary>What it is for.</summary>
    public required string Scope { get; init; }
    /// <summary>How it stands.</summary>
    public required RetrievalState State { get; init; }
    /// <summary>How fast.</summary>
    public required RetrievalSpeed Speed { get; init; }
    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset RequestedTime { get; init; }
    /// <summary>By when everything should be thawed.</summary>
    public required DateTimeOffset DueTime { get; init; }
    /// <summary>When the first thawed copy goes; null while nothing is thawed.</summary>
    public required DateTimeOffset? ExpiresTime { get; init; }
    /// <summary>Its packs.</summary>
    public required PackSum Packs { get; init; }
    /// <summary>Of them, those that were asked for.</summary>
    public required PackSum Requested { get; init; }
    /// <summary>Of them, those that can be read now.</summary>
    public required PackSum Thawed { get; init; }
    /// <summary>What it was estimated to cost.</summary>
    public required decimal Cost { get; init; }
    /// <summary>Of the cost.</summary>
    public required string Currency { get; init; }
    /// <summary>Runs whose restore points it holds against retention while it lasts.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
}
