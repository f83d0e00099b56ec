using System.Globalization;

namespace StingBackup;

/// <summary>A run in a report.</summary>
public sealed record ReportedRun
{
    /// <summary>The run; null where it committed nothing.</summary>
    public required string? BackupId { get; init; }
    /// <summary>How sources were read; null where it committed nothing.</summary>
    public required BackupType? Type { get; init; }
    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }
    /// <summary>The moment of its cut; of a run that was given up, when that was said.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>From the cut to the commit; null where there is none.</summary>
    public required TimeSpan? Duration { get; init; }
    /// <summary>Items that it could not read.</summary>
    public required long Errors { get; init; }
    /// <summary>The host that made it.</summary>
    public required string HostName { get; init; }
    /// <summary>Bytes of content that the repository did not have; null where the run did not count.</summary>
    public long? BytesNew { get; init; }
}

/// <summary>How the runs of a month went.</summary>
public sealed record ReportedRuns
{
    /// <summary>All of them.</summary>
    public required long Total { get; init; }
    /// <summary>Those in which every item could be read.</summary>
    public required long Completed { get; init; }
    /// <summary>Those that committed, with items that could not be read.</summary>
    public required long WithErrors { get; init; }
    /// <summary>Those that committed nothing.</summary>
    public required long Failed { get; init; }
    /// <summary>Share, 0 to 1, in which every item could be read; null without runs.</summary>
    public double? SuccessRate => Total == 0 ? null : (double)Completed / Total;
    /// <summary>The median of their durations; null without one.</summary>
    public required TimeSpan? MedianDuration { get; init; }
    /// <summary>The longest; null without one.</summary>
    public required TimeSpan? LongestDuration { get; init; }
}

/// <summary>How well a data class was protected in a month.</summary>
public sealed record ReportedClass
{
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>Restore points of the month in which every item of it could be read.</summary>
    public required long Points { get; init; }
    /// <summary>Those with items that could not be read.</summary>
    public required long PointsWithErrors { get; init; }
    /// <summary>Subjects in the month's last point.</summary>
    public required long Subjects { get; init; }
    /// <summary>Items in it.</summary>
    public required long Items { get; init; }
    /// <summary>Sum of its files' lengths in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>The recovery point objective: the time that may lie between two points.</summary>
    public required TimeSpan TargetRpo { get; init; }
    /// <summary>The most that lay between two whole points, the month's ends included: what would have been lost at the worst moment. Null while there is no whole point.</summary>
    public required TimeSpan? ReachedRpo { get; init; }
    /// <summary>How often it was longer than the target and a tenth (a minute at least).</summary>
    public required long Misses { get; init; }
    /// <summary>Whether the objective was reached all month.</summary>
    public bool IsReached => ReachedRpo is not null && Misses == 0;
}

/// <summary>What a tier holds and costs, as it is when the report is made.</summary>
public sealed record ReportedTier
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Where it lies.</summary>
    public required string Location { get; init; }
    /// <summary>Objects; null where the tier was away.</summary>
    public required long? Objects { get; init; }
    /// <summary>Their bytes; null where the tier was away.</summary>
    public required long? Length { get; init; }
    /// <summary>Dollars for a gigabyte (1,000,000,000 bytes) and month, as configured.</summary>
    public required decimal PricePerGigabyte { get; init; }
    /// <summary>Dollars a month for what lies there now; without requests and retrieval.</summary>
    public decimal? MonthlyCost => Length is { } length ? Dollars.For(length, PricePerGigabyte) : null;
}

/// <summary>How often something was done, by the audit chains.</summary>
/// <param name="Command">The command.</param>
/// <param name="Event">What happened to it.</param>
/// <param name="Count">How often.</param>
/// <param name="Actors">By how many accounts.</param>
public sealed record ReportedAccess(string Command, AuditEvent Event, long Count, long Actors);

/// <summary>An erasure that ended in the month.</summary>
/// <param name="Id">Its id; whom it was about stands in its certificate's request alone.</param>
/// <param name="RequestedTime">When it was asked for.</param>
/// <param name="ErasedTime">When the key was destroyed.</param>
public sealed record ReportedErasure(string Id, DateTimeOffset RequestedTime, DateTimeOffset ErasedTime)
{
    /// <summary>From the one to the other.</summary>
    public TimeSpan Took => ErasedTime - RequestedTime;
    /// <summary>Its certificate, a file that <c>Test-StingDestructionCertificate</c> checks.</summary>
    public string Certificate { get; init; } = "";
}

/// <summary>Whether a rule is kept.</summary>
public enum EvidenceState
{
    /// <summary>The evidence shows it.</summary>
    Met,
    /// <summary>The evidence shows that it is not.</summary>
    NotMet,
    /// <summary>The configuration does not ask for it, or there is nothing to judge by.</summary>
    NotJudged,
}

/// <summary>What a regulation asks for, and what shows it.</summary>
/// <param name="Regulation">Its name.</param>
/// <param name="Requirement">What it asks for.</param>
/// <param name="State">Whether it is kept.</param>
/// <param name="Evidence">What shows it, and where to look.</param>
public sealed record RegulationEvidence(string Regulation, string Requirement, EvidenceState State, string Evidence)
{
    /// <summary>Where the evidence itself stands.</summary>
    public IReadOnlyList<EvidenceLink> Links { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A piece of evidence.</summary>
/// <param name="Text">What it is.</param>
/// <param name="Target">Where it is: <c>#</c> and the name of a section of the report, or a file.</param>
public sealed record EvidenceLink(string Text, string Target);

/// <summary>What the runs of a month met in files, holes left out, by whether it had to be stored. Counted by the runs themselves and signed with their restore points.</summary>
public sealed record ReportedDeduplication
{
    /// <summary>Runs that counted; those of versions before did not.</summary>
    public required long Runs { get; init; }
    /// <summary>File level: bytes of files whose content one known file has, of the same run or of the one before on the same host. Unchanged files are among them.</summary>
    public required long WholeFiles { get; init; }
    /// <summary>Block level: bytes of other files whose chunks the repository had.</summary>
    public required long Blocks { get; init; }
    /// <summary>Bytes of chunks that it did not have.</summary>
    public required long New { get; init; }
    /// <summary>All of it.</summary>
    public long Total => WholeFiles + Blocks + New;
}

/// <summary>A month of backups, put together from restore points, audit chains, drops and listings. Names nobody.</summary>
public sealed record BackupReport
{
    /// <summary>The month, <c>yyyy-MM</c>.</summary>
    public required string Month { get; init; }
    /// <summary>Its first moment, in the configured zone.</summary>
    public required DateTimeOffset From { get; init; }
    /// <summary>Its end, or now where it is not over.</summary>
    public required DateTimeOffset To { get; init; }
    /// <summary>When the report was made.</summary>
    public required DateTimeOffset CreatedTime { get; init; }
    /// <summary>Whether the month is over.</summary>
    public required bool IsWhole { get; init; }
    /// <summary>The reserve's id.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>How the runs went.</summary>
    public required ReportedRuns Runs { get; init; }
    /// <summary>Every run, oldest first.</summary>
    public required IReadOnlyList<ReportedRun> RunList { get; init => field = Indexable.Of(value); }
    /// <summary>Every data class that has restore points.</summary>
    public required IReadOnlyList<ReportedClass> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Every tier.</summary>
    public required IReadOnlyList<ReportedTier> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>File bytes of all restore points for each byte of content that is kept once, now.</summary>
    public required double? DeduplicationRatio { get; init; }
    /// <summary>Bytes of content for each byte that it takes, now.</summary>
    public required double? CompressionRatio { get; init; }
    /// <summary>What the month's runs need not store, whole files and blocks apart; null where no run counted.</summary>
    public ReportedDeduplication? Deduplication { get; init; }
    /// <summary>Restore drills of the month; null where none was ever made.</summary>
    public DrillSummary? Drills { get; init; }
    /// <summary>Parts of restore points that retention let go in the month.</summary>
    public required long LetGo { get; init; }
    /// <summary>Erasures that ended in the month; null on a host without the key directory.</summary>
    public required IReadOnlyList<ReportedErasure>? Erasures { get; init => field = value is null ? null : Indexable.Of(value); }
    /// <summary>Erasures that are asked for and not done, now; null on a host without the key directory.</summary>
    public required long? ErasuresOpen { get; init; }
    /// <summary>What was done and refused, by the audit chains.</summary>
    public required IReadOnlyList<ReportedAccess> Access { get; init => field = Indexable.Of(value); }
    /// <summary>Records of the audit chains, all months, and how many of them are not sound.</summary>
    public required long AuditRecords { get; init; }
    /// <summary>How many of them are not sound.</summary>
    public required long AuditFaults { get; init; }
    /// <summary>Objects found damaged or missing while this was put together.</summary>
    public required long Damage { get; init; }
    /// <summary>Rules and what shows that they are kept.</summary>
    public required IReadOnlyList<RegulationEvidence> Regulations { get; init => field = Indexable.Of(value); }
    /// <summary>All that was not as it should be, for people.</summary>
    public required IReadOnlyList<string> Exceptions { get; init => field = Indexable.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Backups of {Month}: {Runs.Completed:N0} of {Runs.Total:N0} runs whole");
}

/// <summary>How a report is written.</summary>
public enum ReportFormat
{
    /// <summary>A page for people: one file, nothing loaded from elsewhere.</summary>
    Html,
    /// <summary>Text with tables.</summary>
    Markdown,
    /// <summary>Every figure, for programs.</summary>
    Json,
    /// <summary>Every figure of every table, a line each.</summary>
    Csv,
    /// <summary>Pages for people, to print or to file; text can be selected, and its structure is told to those who listen.</summary>
    Pdf,
}
