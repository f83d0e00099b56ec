namespace StingBackup;

/// <summary>The roles that a configuration may map identities to.</summary>
public enum AccessRole
{
    /// <summary>Makes backups and looks into them.</summary>
    BackupOperator,
    /// <summary>Runs the installation: backups, restores, keys.</summary>
    SystemAdmin,
    /// <summary>Approves what others ask.</summary>
    SecurityTeam,
    /// <summary>Deletes: erasures, holds, retention.</summary>
    ComplianceOfficer,
}

/// <summary>What an operation needs. Every command belongs to one.</summary>
public enum AccessRight
{
    /// <summary>How things stand: status, reports, audit, requests.</summary>
    Look,
    /// <summary>What backups hold, and whether it is whole.</summary>
    Read,
    /// <summary>Making backups and copies of them.</summary>
    Backup,
    /// <summary>Bringing data back, and what that costs.</summary>
    Restore,
    /// <summary>Erasures, legal holds, retention, giving back room.</summary>
    Delete,
    /// <summary>Keys, hosts, approvers.</summary>
    Keys,
    /// <summary>Denying and taking back approvals, closing reviews.</summary>
    Approve,
    /// <summary>Mending the repository, limits.</summary>
    Configure,
    /// <summary>Tests of recovery: what comes back is compared and removed, and given to nobody.</summary>
    Drill,
}

/// <summary>What may need the approval of others; each has a number in the section <c>approvals</c>.</summary>
public enum GuardedOperation
{
    /// <summary>Any restore.</summary>
    Restore,
    /// <summary>A restore over the original.</summary>
    RestoreInPlace,
    /// <summary>A restore of keys and tokens.</summary>
    RestoreSecrets,
    /// <summary>An erasure.</summary>
    Erasure,
    /// <summary>Deleting the erased from databases again.</summary>
    ErasureSync,
    /// <summary>Keeping restore points for fewer days than before.</summary>
    RetentionCut,
    /// <summary>Lifting a legal hold.</summary>
    LegalHold,
    /// <summary>Escrow, protection and renewal of keys.</summary>
    Keys,
    /// <summary>Revoking a host.</summary>
    Hosts,
    /// <summary>Enrolling and revoking approvers.</summary>
    Approvers,
    /// <summary>A retrieval above the limit of its cost.</summary>
    Retrieval,
    /// <summary>More room on the remote tier.</summary>
    Quota,
    /// <summary>Closing the review of what was done without an approval.</summary>
    Review,
}

/// <summary>Something that was done without an approval, by breaking the glass, and has not been reviewed.</summary>
/// <param name="Id">The request under which it was done.</param>
/// <param name="Command">What was done.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Time">When.</param>
/// <param name="Writer">In whose audit chain it stands.</param>
public sealed record OpenReview(string Id, string Command, string Actor, DateTimeOffset Time, string Writer)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Command} by {Actor} on {Display.Time(Time)}, review {Id}";
}
