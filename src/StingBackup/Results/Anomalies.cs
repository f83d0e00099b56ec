using System.Globalization;

namespace StingBackup;

/// <summary>What makes a run suspicious. The numbers stand in restore points.</summary>
[Flags]
public enum AnomalyReasons
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>A file that nobody should touch was changed, renamed or deleted.</summary>
    Honeypot = 1,
    /// <summary>Files bear an extension that encryptors are known by.</summary>
    KnownExtension = 2,
    /// <summary>Texts are called as the notes that encryptors leave.</summary>
    Note = 4,
    /// <summary>Files that could be read became what a cipher makes.</summary>
    Scrambled = 8,
    /// <summary>Files lost the format that they had, or became one byte over and over.</summary>
    Wrecked = 16,
    /// <summary>Much was deleted, and nothing came in its place.</summary>
    MassDeletion = 32,
    /// <summary>Many more files changed than usual.</summary>
    MassChange = 64,
    /// <summary>Many files got another extension after their own.</summary>
    MassRename = 128,
    /// <summary>Many files changed and kept their length to the byte.</summary>
    SameLength = 256,
    /// <summary>New content can no longer be compressed.</summary>
    Incompressible = 512,
    /// <summary>Of changed files nothing is as it was.</summary>
    NoDeduplication = 1024,
    /// <summary>Many new files look enciphered.</summary>
    CipheredUploads = 2048,
    /// <summary>Much was deleted while enciphered content came elsewhere, such as an archive with a password.</summary>
    PutUnderPassword = 4096,
    /// <summary>Compressed files were written anew and kept their length to the byte.</summary>
    RewrittenInPlace = 8192,
}

/// <summary>What one run did to one subject, and how far that is from what is usual.</summary>
public sealed record StingAnomaly
{
    /// <summary>The run.</summary>
    public required string BackupId { get; init; }
    /// <summary>The moment of its cut.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Whose: the canonical name where this host knows it, else the pseudonym; <c>all</c> for the reserve as a whole.</summary>
    public required string Subject { get; init; }
    /// <summary>The pseudonym, by which restore points know the subject; 32 zeros for the reserve as a whole.</summary>
    public required string Pseudonym { get; init; }
    /// <summary>0 to 100.</summary>
    public required int Score { get; init; }
    /// <summary>Whether it raised an alarm.</summary>
    public required bool IsSuspicious { get; init; }
    /// <summary>Whether nobody has said yet that it is settled (<c>Confirm-StingAnomaly</c>).</summary>
    public required bool IsOpen { get; init; }
    /// <summary>What makes it suspicious.</summary>
    public required AnomalyReasons Reasons { get; init; }
    /// <summary>The same in words, with numbers where this host has them.</summary>
    public required IReadOnlyList<string> Evidence { get; init => field = Indexable.Of(value); }
    /// <summary>From when on its restore points may hold the damage; null where nothing is suspicious.</summary>
    public DateTimeOffset? SinceTime { get; init; }
    /// <summary>Files before the run; null where this host has no figures.</summary>
    public long? FilesBefore { get; init; }
    /// <summary>Files whose content changed.</summary>
    public long? Changed { get; init; }
    /// <summary>New files.</summary>
    public long? Added { get; init; }
    /// <summary>Files that are gone, moves left out.</summary>
    public long? Deleted { get; init; }
    /// <summary>Files that moved or were renamed.</summary>
    public long? Moved { get; init; }
    /// <summary>Files that became what a cipher makes.</summary>
    public long? Scrambled { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{BackupId} {Subject}: {Score} ({Reasons})");
}

/// <summary>What would be settled: from the next restore point on the subject counts as clean again.</summary>
public sealed record AnomalySettlement
{
    /// <summary>Whose.</summary>
    public required string Subject { get; init; }
    /// <summary>The pseudonym.</summary>
    public required string Pseudonym { get; init; }
    /// <summary>From when on its restore points counted as suspect.</summary>
    public required DateTimeOffset SinceTime { get; init; }
    /// <summary>The suspicious runs.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>The highest score.</summary>
    public required int Score { get; init; }
    /// <summary>What made it suspicious.</summary>
    public required AnomalyReasons Reasons { get; init; }
    /// <summary>What somebody says about it.</summary>
    public string Comment { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Subject} since {SinceTime:yyyy-MM-dd HH:mm:ss} ({Reasons})");
}

/// <summary>The last clean restore point of one subject and data class.</summary>
public sealed record CleanRestorePoint
{
    /// <summary>The run; null when every restore point that there is may hold the damage.</summary>
    public required string? BackupId { get; init; }
    /// <summary>The moment of its cut.</summary>
    public required DateTimeOffset? Time { get; init; }
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>Whose.</summary>
    public required string Subject { get; init; }
    /// <summary>The pseudonym.</summary>
    public required string Pseudonym { get; init; }
    /// <summary>True when newer restore points are suspect; false when the newest one is clean.</summary>
    public required bool IsSuspect { get; init; }
    /// <summary>The newest restore point of the subject, clean or not; null when it is in none any more.</summary>
    public string? NewestBackupId { get; init; }
    /// <summary>From when on restore points may hold the damage.</summary>
    public DateTimeOffset? SinceTime { get; init; }
    /// <summary>The runs that raised an alarm.</summary>
    public IReadOnlyList<string> SuspiciousBackupIds { get; init => field = Indexable.Of(value); } = [];
    /// <summary>The highest score.</summary>
    public int Score { get; init; }
    /// <summary>What makes them suspicious.</summary>
    public AnomalyReasons Reasons { get; init; }
    /// <summary>Why this one, in words.</summary>
    public required IReadOnlyList<string> Evidence { get; init => field = Indexable.Of(value); }
    /// <summary>Items in it.</summary>
    public long Items { get; init; }
    /// <summary>File bytes in it.</summary>
    public long Length { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Subject} ({DataClass}): {BackupId ?? "none"}";
}

/// <summary>An item that a restore from clean points leaves out: it came, or changed, since its subject's last clean point.</summary>
/// <param name="Subject">Whose.</param>
/// <param name="DataClass">The data class.</param>
/// <param name="Path">Its path within the reserve.</param>
/// <param name="BackupId">The newest restore point that holds it.</param>
/// <param name="Change">New, or changed since.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Reasons">Why its subject is suspect.</param>
public sealed record QuarantinedItem(string Subject, DataClass DataClass, string Path, string BackupId, DifferenceKind Change, long Length, AnomalyReasons Reasons)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path} of {BackupId}";
}

/// <summary>How a search for damage in a file's history came out.</summary>
public enum CorruptionVerdict
{
    /// <summary>The newest version passes the test.</summary>
    Good,
    /// <summary>An older version passes, a newer one does not: the window is known.</summary>
    Found,
    /// <summary>No version passes.</summary>
    AlwaysBad,
    /// <summary>It could not be told: a version could not be read.</summary>
    Unreadable,
}

/// <summary>Between which restore points a file went bad.</summary>
public sealed record CorruptionWindow
{
    /// <summary>Its path within the reserve.</summary>
    public required string Path { get; init; }
    /// <summary>Whose.</summary>
    public required string Subject { get; init; }
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>How it came out.</summary>
    public required CorruptionVerdict Verdict { get; init; }
    /// <summary>The newest restore point with the last version that passed: what to restore from. Null when none did.</summary>
    public required string? LastGoodBackupId { get; init; }
    /// <summary>Its moment.</summary>
    public required DateTimeOffset? LastGoodTime { get; init; }
    /// <summary>The first restore point with a version that failed. Null when none did.</summary>
    public required string? FirstBadBackupId { get; init; }
    /// <summary>Its moment.</summary>
    public required DateTimeOffset? FirstBadTime { get; init; }
    /// <summary>Versions in the history.</summary>
    public required int Versions { get; init; }
    /// <summary>Versions that were read and tested.</summary>
    public required int Tested { get; init; }
    /// <summary>The run that a restore takes, for the pipeline: that of the last good version.</summary>
    public string? BackupId => LastGoodBackupId;
    /// <summary>What was not as expected, in words; empty where the test tells nothing.</summary>
    public string Problem { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Verdict}, last good {LastGoodBackupId ?? "none"}, first bad {FirstBadBackupId ?? "none"}";
}
