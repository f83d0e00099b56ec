namespace StingBackup.Engine.Governance;

/// <summary>The one table: which right each command takes, and which roles have it. A test compares it with what the module exports.</summary>
public static class AccessTable
{
    private static readonly Dictionary<AccessRight, string[]> Commands = new Dictionary<AccessRight, string[]>
    {
        [AccessRight.Look] =
        [
            "Get-StingBackupStatus", "Get-StingBackupReport", "Export-StingBackupReport", "Get-StingBackupLog", "Get-StingAuditEvent", "Test-StingAuditLog",
            "Export-StingAuditLog", "Get-StingApproval", "Request-StingApproval", "Get-StingApprover", "Get-StingErasure", "Get-StingErasureRequest", "Get-StingLegalHold", "Get-StingRetentionPlan", "Get-StingTier",
            "Get-StingKey", "Get-StingArchiveRetrieval", "Get-StingMetadataCapture", "Get-StingStorageForecast", "Export-StingMetric", "Get-StingAlert", "Confirm-StingAlert", "Update-StingAlert", "Get-StingAnomaly",
            "Get-StingBackupJob", "Stop-StingBackupJob",   // which asks besides for the right of the job that it stops
            "Get-StingRecoveryTest", "Get-StingRecoveryTarget",
            "New-StingPortalLink",   // for the own account; a link for a person opens his data, and asks besides for the right of a restore
        ],
        [AccessRight.Read] =
        [
            "Get-StingRestorePoint", "Get-StingRestorePointItem", "Find-StingItem", "Compare-StingRestorePoint", "Get-StingRestorePlan", "Test-StingBackupIntegrity", "Measure-StingCost", "Find-StingCleanRestorePoint", "Find-StingCorruption",
        ],
        [AccessRight.Backup] = ["Invoke-StingBackup", "Import-StingLegacyBackup", "Start-StingMetadataCapture", "Stop-StingMetadataCapture", "Sync-StingTier", "Start-StingBackupDaemon"],
        [AccessRight.Restore] =
        [
            "Restore-StingFile", "Restore-StingUser", "Restore-StingHoneyJar", "Restore-StingReserve", "Restore-StingDatabase", "Request-StingArchiveRetrieval",
        ],
        [AccessRight.Drill] = ["Test-StingRecovery"],
        [AccessRight.Delete] =
        [
            "Remove-StingSubject", "Stop-StingErasure", "Complete-StingErasure", "Sync-StingErasure", "Add-StingLegalHold", "Remove-StingLegalHold", "Invoke-StingRetention", "Optimize-StingRepository",
        ],
        [AccessRight.Keys] =
        [
            "Update-StingKey", "Set-StingKeyProtection", "Export-StingKeyEscrow", "Test-StingKeyEscrow", "Import-StingKeyEscrow", "Register-StingHost", "Unregister-StingHost", "Register-StingApprover",
            "Unregister-StingApprover", "Update-StingRepository",
        ],
        [AccessRight.Approve] = ["Deny-StingApproval", "Revoke-StingApproval", "Complete-StingReview"],
        [AccessRight.Configure] = ["Repair-StingRepository", "Set-StingTierQuota", "Register-StingBackupSchedule", "Test-StingAlertChannel", "Confirm-StingAnomaly", "Lock-StingTier", "Unlock-StingTier", "Revoke-StingCredential", "Start-StingPortal"],
    };

    private static readonly Dictionary<AccessRight, AccessRole[]> Holders = new Dictionary<AccessRight, AccessRole[]>
    {
        [AccessRight.Look] = Enum.GetValues<AccessRole>(),
        [AccessRight.Read] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
        [AccessRight.Backup] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
        [AccessRight.Restore] = [AccessRole.SystemAdmin],
        // Nobody is given what a drill restores: it is compared in a folder of the host's own account, and removed.
        [AccessRight.Drill] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
        [AccessRight.Delete] = [AccessRole.ComplianceOfficer],
        [AccessRight.Keys] = [AccessRole.SystemAdmin],
        [AccessRight.Approve] = [AccessRole.SecurityTeam, AccessRole.ComplianceOfficer],
        [AccessRight.Configure] = [AccessRole.SystemAdmin],
    };

    private static readonly Dictionary<string, AccessRight> Rights =
        Commands.SelectMany(right => right.Value.Select(command => (Command: command, Right: right.Key))).ToDictionary(c => c.Command, c => c.Right, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, GuardedOperation> Guarded = new Dictionary<string, GuardedOperation>(StringComparer.Ordinal)
    {
        ["Remove-StingSubject"] = GuardedOperation.Erasure, ["Sync-StingErasure"] = GuardedOperation.ErasureSync, ["Invoke-StingRetention"] = GuardedOperation.RetentionCut,
        ["Remove-StingLegalHold"] = GuardedOperation.LegalHold, ["Export-StingKeyEscrow"] = GuardedOperation.Keys, ["Set-StingKeyProtection"] = GuardedOperation.Keys, ["Update-StingKey"] = GuardedOperation.Keys,
        ["Unregister-StingHost"] = GuardedOperation.Hosts, ["Register-StingApprover"] = GuardedOperation.Approvers, ["Unregister-StingApprover"] = GuardedOperation.Approvers,
        ["Request-StingArchiveRetrieval"] = GuardedOperation.Retrieval, ["Set-StingTierQuota"] = GuardedOperation.Quota, ["Unlock-StingTier"] = GuardedOperation.Hosts, ["Complete-StingReview"] = GuardedOperation.Review,
    };

    /// <summary>Commands that work without an installation, and so for anybody: they make what is not there yet, or need no more than a key or file that whoever runs them has, as the files of the system's own scheduler.</summary>
    public static IReadOnlySet<string> Free { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "Find-StingInstallation", "Get-StingBackupConfig", "Test-StingBackupConfig", "Initialize-StingRepository", "New-StingApprover", "Approve-StingApproval", "Test-StingDestructionCertificate",
        "Get-StingBackupSchedule", "Set-StingBackupSchedule", "Disable-StingBackupSchedule", "Unregister-StingBackupSchedule",
        "Import-StingBackupConfig", "Export-StingBackupConfig",
        // Runbooks compose commands, and each of these asks for its own right.
        "Restore-StingInstallation", "Invoke-StingDisasterRecovery", "Invoke-StingDrTest", "Invoke-StingRetentionCleanup", "Invoke-StingKeyCeremony",
    };

    /// <summary>
    /// What a person may do with the own reserve, whatever roles there are. The caller then holds the keys of that person's subjects and of no other, and what needs approvals needs them all the same.
    /// </summary>
    internal static IReadOnlySet<string> Own { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Restore-StingFile", "Restore-StingUser", "Restore-StingHoneyJar", "Remove-StingSubject" };

    /// <summary>Every command with its right.</summary>
    public static IReadOnlyDictionary<string, AccessRight> All => Rights;

    /// <summary>The right that a command takes.</summary>
    /// <exception cref="ArgumentException">The table does not know it.</exception>
    public static AccessRight RightOf(string command) => Rights.TryGetValue(command, out var right) ? right : throw new ArgumentException($"The table of rights does not know {command}.", nameof(command));

    /// <summary>Whether a command writes into the repository, beyond a record of what it did.</summary>
    internal static bool Writes(string command) => Rights.TryGetValue(command, out var right) && right is not (AccessRight.Look or AccessRight.Read or AccessRight.Restore or AccessRight.Drill);

    /// <summary>The roles that have a right.</summary>
    public static IReadOnlyList<AccessRole> HoldersOf(AccessRight right) => Holders[right];

    /// <summary>What a command is among what may need approvals; a restore's depends on its plan, which says so itself.</summary>
    internal static GuardedOperation OperationOf(string command) => Guarded.GetValueOrDefault(command, GuardedOperation.RestoreSecrets);
}
