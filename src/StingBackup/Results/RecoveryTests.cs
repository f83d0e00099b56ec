using System.Globalization;

namespace StingBackup;

/// <summary>What a recovery test (a drill) brings back. The numbers stand in its evidence: never renumber.</summary>
public enum RecoveryTestType
{
    /// <summary>Random files, weekly.</summary>
    File,
    /// <summary>Everything of one person, monthly.</summary>
    User,
    /// <summary>A honey jar, from a full run, monthly.</summary>
    HoneyJar,
    /// <summary>The complete system, quarterly.</summary>
    Full,
}

/// <summary>How a recovery test ended. The numbers stand in its evidence: never renumber.</summary>
public enum RecoveryVerdict
{
    /// <summary>All that was compared was equal, in time.</summary>
    Passed,
    /// <summary>Something was not as it should be; the reasons say what.</summary>
    Failed,
    /// <summary>It was made from another tier than the strategy names: it proves nothing, and counts for nothing.</summary>
    NoEvidence,
}

/// <summary>What is to be tested.</summary>
public sealed record RecoveryTestRequest
{
    /// <summary>What is brought back.</summary>
    public required RecoveryTestType Type { get; init; }
    /// <summary>Decides what is chosen: the same seed chooses the same while nothing else was tested meanwhile. Null for chance.</summary>
    public long? Seed { get; init; }
    /// <summary>The tier that is restored from; null for the one that the strategy names. Any other is no evidence.</summary>
    public Tier? Tier { get; init; }
    /// <summary>How many files; other types bring back one person, one jar or all.</summary>
    public int Files { get; init; } = 10;
    /// <summary>How fast packs of the archive tier are thawed, where they must be.</summary>
    public RetrievalSpeed Speed { get; init; } = RetrievalSpeed.Standard;
}

/// <summary>What a recovery test would bring back: printed by <c>-WhatIf</c>, executed by the test.</summary>
public sealed record RecoveryTestPlan
{
    /// <summary>What was asked, with the seed that decided.</summary>
    public required RecoveryTestRequest Request { get; init; }
    /// <summary>What is brought back.</summary>
    public RecoveryTestType Type => Request.Type;
    /// <summary>The seed.</summary>
    public long Seed => Request.Seed ?? 0;
    /// <summary>What was chosen, for people: persons, jars, files.</summary>
    public required IReadOnlyList<string> Chosen { get; init => field = Indexable.Of(value); }
    /// <summary>The runs whose restore points are read.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>The tier that is restored from, and no other.</summary>
    public required Tier Tier { get; init; }
    /// <summary>The tier that the strategy names.</summary>
    public required Tier NamedTier { get; init; }
    /// <summary>The folder that is restored to, and emptied at the end.</summary>
    public required string Destination { get; init; }
    /// <summary>How long the recovery may take by the strategy, thawing included.</summary>
    public required TimeSpan TargetTime { get; init; }
    /// <summary>How long the test may take, thawing aside; then it is ended, and has failed.</summary>
    public required TimeSpan LongestTime { get; init; }
    /// <summary>Files.</summary>
    public required long Files { get; init; }
    /// <summary>File bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Data packs that are read.</summary>
    public required long Packs { get; init; }
    /// <summary>Bytes that are read of them.</summary>
    public required long PackBytes { get; init; }
    /// <summary>Packs that must be thawed first, of the archive tier.</summary>
    public required PackSum ToThaw { get; init; }
    /// <summary>What thawing takes and costs; null where nothing must be.</summary>
    public required RetrievalEstimate? Thawing { get; init; }
    /// <summary>By what it is compared.</summary>
    public required IReadOnlyList<string> Checks { get; init => field = Indexable.Of(value); }
    /// <summary>What is left out, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init => field = Indexable.Of(value); }

    /// <summary>What the engine that made the plan needs to execute exactly it; null in a plan that came from another process, which is made anew.</summary>
    internal object? Exact { get; init; }
}

/// <summary>What a test restored of somebody.</summary>
/// <param name="Subject">Whose: by name where keys are at hand, else a pseudonym; empty for everybody's.</param>
/// <param name="Item">Which file, in a test that was made here and now; else a tag; empty for all.</param>
/// <param name="Items">Items.</param>
/// <param name="Length">Bytes.</param>
public sealed record RecoveryTestChoice(string Subject, string Item, long Items, long Length);

/// <summary>What was read of a tier.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Packs">Packs.</param>
/// <param name="Length">Bytes.</param>
public sealed record RecoveryTestPacks(Tier Tier, long Packs, long Length)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Tier}: {Packs} packs, {Display.Length(Length)}");
}

/// <summary>What was compared, by one kind of truth.</summary>
/// <param name="Kind">What by what.</param>
/// <param name="Compared">How many.</param>
/// <param name="Equal">How many were equal.</param>
public sealed record RecoveryTestCheck(string Kind, long Compared, long Equal)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}: {Equal} of {Compared} equal");
}

/// <summary>One thing that was not as it should be.</summary>
/// <param name="Kind">What was compared.</param>
/// <param name="Subject">Whose, as in <see cref="RecoveryTestChoice"/>.</param>
/// <param name="Item">Which.</param>
/// <param name="Why">What is wrong with it.</param>
public sealed record RecoveryTestDifference(string Kind, string Subject, string Item, string Why)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Item} of {Subject}: {Why}";
}

/// <summary>The signed evidence of a recovery test.</summary>
public sealed record RecoveryTest
{
    /// <summary>The first 16 digits of its SHA-256.</summary>
    public required string Id { get; init; }
    /// <summary>The object that holds it; empty where it could not be kept.</summary>
    public required string Object { get; init; }
    /// <summary>What was brought back.</summary>
    public required RecoveryTestType Type { get; init; }
    /// <summary>When it began.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>How it ended.</summary>
    public required RecoveryVerdict Verdict { get; init; }
    /// <summary>Whether it passed.</summary>
    public bool Passed => Verdict == RecoveryVerdict.Passed;
    /// <summary>Why it did not pass.</summary>
    public required IReadOnlyList<string> Reasons { get; init => field = Indexable.Of(value); }
    /// <summary>The seed that decided what was chosen.</summary>
    public required long Seed { get; init; }
    /// <summary>What was chosen.</summary>
    public required IReadOnlyList<RecoveryTestChoice> Choices { get; init => field = Indexable.Of(value); }
    /// <summary>Restore points that were read: run and data class.</summary>
    public required IReadOnlyList<string> Points { get; init => field = Indexable.Of(value); }
    /// <summary>The tier that was restored from.</summary>
    public required Tier Tier { get; init; }
    /// <summary>The tier that the strategy names.</summary>
    public required Tier NamedTier { get; init; }
    /// <summary>Packs that were read, by tier.</summary>
    public required IReadOnlyList<RecoveryTestPacks> Packs { get; init => field = Indexable.Of(value); }
    /// <summary>Items that were restored.</summary>
    public required long Items { get; init; }
    /// <summary>File bytes that were restored.</summary>
    public required long Length { get; init; }
    /// <summary>How long all of the restoring took, thawing aside.</summary>
    public required TimeSpan RestoreTime { get; init; }
    /// <summary>How long thawing took.</summary>
    public required TimeSpan ThawTime { get; init; }
    /// <summary>How long comparing took.</summary>
    public required TimeSpan CompareTime { get; init; }
    /// <summary>What is held against the target: the longest of single files; else restoring and thawing together.</summary>
    public required TimeSpan ReachedTime { get; init; }
    /// <summary>The strategy's target for it.</summary>
    public required TimeSpan TargetTime { get; init; }
    /// <summary>How long the test could take, thawing aside.</summary>
    public required TimeSpan LongestTime { get; init; }
    /// <summary>What was compared, and how much of it was equal.</summary>
    public required IReadOnlyList<RecoveryTestCheck> Checks { get; init => field = Indexable.Of(value); }
    /// <summary>Differences, at most 100.</summary>
    public required IReadOnlyList<RecoveryTestDifference> Differences { get; init => field = Indexable.Of(value); }
    /// <summary>How many there were in all.</summary>
    public required long DifferenceCount { get; init; }
    /// <summary>What was left out, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init => field = Indexable.Of(value); }
    /// <summary>The host that held it: its writer.</summary>
    public required string Writer { get; init; }
    /// <summary>Who held it.</summary>
    public required string Actor { get; init; }
    /// <summary>Whether a record of the audit chain names it; null where nobody looked.</summary>
    public bool? IsInAuditLog { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Type} {Verdict} {Display.Time(Time)} UTC");
}

/// <summary>When a kind of recovery test was held, and when it is due.</summary>
public sealed record RecoveryTestDue
{
    /// <summary>The kind.</summary>
    public required RecoveryTestType Type { get; init; }
    /// <summary>How often the strategy wants it.</summary>
    public required TimeSpan Every { get; init; }
    /// <summary>The tier that it restores from.</summary>
    public required Tier Tier { get; init; }
    /// <summary>When the last one was held that counts; null for never.</summary>
    public required DateTimeOffset? LastTime { get; init; }
    /// <summary>How that ended; null for never.</summary>
    public required RecoveryVerdict? LastVerdict { get; init; }
    /// <summary>When the last one passed; null for never.</summary>
    public DateTimeOffset? LastPassedTime { get; init; }
    /// <summary>Why it did not pass; empty where it did.</summary>
    public required string LastReason { get; init; }
    /// <summary>When the next is due; null before the first backup, and where none can be held.</summary>
    public required DateTimeOffset? NextTime { get; init; }
    /// <summary>Whether it should have been held by now.</summary>
    public required bool IsOverdue { get; init; }
    /// <summary>Why it cannot be held here; empty where it can.</summary>
    public required string Impossible { get; init; }
}

/// <summary>How recovery tests stand: for status, reports and metrics. Names nobody.</summary>
public sealed record RecoveryTestSummary
{
    /// <summary>Each kind.</summary>
    public required IReadOnlyList<RecoveryTestDue> Calendar { get; init => field = Indexable.Of(value); }
    /// <summary>How far back the figures below reach.</summary>
    public required TimeSpan Window { get; init; }
    /// <summary>Tests of that time that count.</summary>
    public required long Tests { get; init; }
    /// <summary>Those of them that passed.</summary>
    public required long Passed { get; init; }
    /// <summary>Their share, 0 to 1; null where there was none.</summary>
    public double? SuccessRate => Tests == 0 ? null : (double)Passed / Tests;
    /// <summary>Evidence that cannot be read or is not signed by whom it names.</summary>
    public required IReadOnlyList<string> Damaged { get; init => field = Indexable.Of(value); }
}

/// <summary>One of the strategy's objectives, and what is reached of it.</summary>
public sealed record RecoveryObjective
{
    /// <summary><c>RTO</c>, how long a recovery takes; <c>RPO</c>, how much of the latest is lost.</summary>
    public required string Objective { get; init; }
    /// <summary>Of what.</summary>
    public required string Name { get; init; }
    /// <summary>The strategy's target.</summary>
    public required TimeSpan Target { get; init; }
    /// <summary>What was reached; null where nothing tells yet.</summary>
    public required TimeSpan? Reached { get; init; }
    /// <summary>Whether that is good enough; null where nothing tells yet.</summary>
    public bool? IsMet => Reached is { } reached ? reached <= Target : null;
    /// <summary>When that was: the last test, or the newest restore point; null where there is none.</summary>
    public required DateTimeOffset? Time { get; init; }
    /// <summary>Where it was: the test's id, or the run.</summary>
    public required string Source { get; init; }
    /// <summary>How long it would take now, by measured rates and what there is now; of objectives of the complete system alone, and null where nothing was measured.</summary>
    public TimeSpan? Forecast { get; init; }
    /// <summary>What it rests on.</summary>
    public required string Basis { get; init; }
}
