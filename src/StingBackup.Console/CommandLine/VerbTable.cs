namespace StingBackup.Console.CommandLine;

/// <summary>Every word of the two programs. A test compares it with what the module exports.</summary>
internal static partial class VerbTable
{
    /// <summary>The program that makes and keeps backups.</summary>
    public const string Backup = "sting-backup";

    /// <summary>The program that restores.</summary>
    public const string Restore = "sting-restore";

    /// <summary>The command that is a walk through all others rather than a cmdlet.</summary>
    public const string Quickstart = "quickstart";

    /// <summary>In the order of the help.</summary>
    public static IReadOnlyList<Verb> All { get; } =
    [
        new(Backup, "discover", "Find-StingInstallation", "Find STING installations, and where their data lies")
        {
            Many = true,
            Examples = ["discover", "discover --path=/opt/sting-ce --no-docker"],
        },
        new(Backup, "init", "Initialize-StingRepository", "Make a repository, its keys and a configuration file")
        {
            Examples = ["init --backup-root=/var/backups/sting --sting=/opt/sting-ce --dry-run", "init --backup-root=/var/backups/sting --reserve=/srv/reserve", "init --backup-root=./backups --reserve=./reserve --no-passphrase --dry-run"],
        },
        new(Backup, "incremental", "Invoke-StingBackup", "Back up what has changed")
        {
            Fixed = new Dictionary<string, object> { ["Type"] = BackupType.Incremental },
            Examples = ["incremental", "incremental --due", "incremental --data-class=user-files,honey-jars"],
        },
        new(Backup, "full", "Invoke-StingBackup", "Back up everything, read anew")
        {
            Fixed = new Dictionary<string, object> { ["Type"] = BackupType.Full },
            Examples = ["full --quiet"],
        },
        new(Backup, "archive", "Invoke-StingBackup", "Back up everything, read anew, to keep long")
        {
            Fixed = new Dictionary<string, object> { ["Type"] = BackupType.Archive },
            Examples = ["archive"],
        },
        new(Backup, "import", "Import-StingLegacyBackup", "Make restore points of STING's old archives, with their dates")
        {
            Examples = ["import --path=/opt/sting-ce/backups --dry-run", "import --path=sting_backup_20251102_020000.tar.gz", "import --path=/opt/sting-ce/backups --archive-passphrase-file=backup.key"],
        },
        new(Backup, "capture", "Start-StingMetadataCapture", "Receive the database's log in real time, until stopped")
        {
            Examples = ["capture --dry-run", "capture --confirm --quiet"],
        },
        new(Backup, "capture-status", "Get-StingMetadataCapture", "Show how the capture of the database's log stands")
        {
            Examples = ["capture-status", "capture-status --json"],
        },
        new(Backup, "capture-stop", "Stop-StingMetadataCapture", "Stop the capture, and take back what the server was told")
        {
            Examples = ["capture-stop --dry-run", "capture-stop --confirm"],
        },
        new(Backup, "status", "Get-StingBackupStatus", "Show how backups stand")
        {
            Examples = ["status", "status --detailed"],
        },
        new(Backup, "list", "Get-StingRestorePoint", "List restore points, oldest first")
        {
            Many = true,
            Examples = ["list", "list --latest", "list --subject=user@example.com --from=2024-01-01"],
        },
        new(Backup, "browse", "Get-StingRestorePointItem", "Look into a backup: files, folders, links")
        {
            Many = true,
            Examples = ["browse --backup-id=backup_20240115_020000", "browse --backup-id=backup_20240115_020000 --path=users --recurse"],
        },
        new(Backup, "find", "Find-StingItem", "Find every version of a file over time")
        {
            Many = true,
            Examples = ["find --name=document.pdf", "find --name=*.pdf --subject=user@example.com"],
        },
        new(Backup, "diff", "Compare-StingRestorePoint", "Show what changed from one backup to another")
        {
            Many = true,
            Examples = ["diff --from=backup_20240115_020000 --to=backup_20240116_020000"],
        },
        new(Backup, "verify", "Test-StingBackupIntegrity", "Look for damage")
        {
            Examples = ["verify", "verify --date=2024-01-15", "verify --level=data --sample-percent=10"],
        },
        new(Backup, "repair", "Repair-StingRepository", "Make anew what can be made from what is whole")
        {
            Examples = ["repair", "repair --dry-run"],
        },
        new(Backup, "retention-plan", "Get-StingRetentionPlan", "Show which restore points will go, when and why")
        {
            Many = true,
            Examples = ["retention-plan", "retention-plan --time=2027-01-15", "retention-plan --all"],
        },
        new(Backup, "forecast", "Get-StingStorageForecast", "Show how much will be stored on each tier")
        {
            Many = true,
            Examples = ["forecast", "forecast --day=365 --all", "forecast --class=UserFiles=2TB/1000000/1%"],
        },
        new(Backup, "retention", "Invoke-StingRetention", "Let restore points go whose time is over")
        {
            Examples = ["retention --dry-run", "retention --confirm"],
        },
        new(Backup, "prune", "Optimize-StingRepository", "Give back the room of what no restore point reaches")
        {
            Examples = ["prune --dry-run", "prune", "prune --tier=remote"],
        },
        new(Backup, "tiers", "Get-StingTier", "Show each tier: what lies there, what waits for it and since when")
        {
            Many = true,
            Examples = ["tiers", "tiers --tier=remote --json"],
        },
        new(Backup, "sync", "Sync-StingTier", "Copy to the further tiers what they lack, or bring a lost local tier back")
        {
            Examples = ["sync --dry-run", "sync", "sync --tier=local"],
        },
        new(Backup, "tier-quota", "Set-StingTierQuota", "Let more lie on the remote tier than the configuration says; needs an approval")
        {
            Examples = ["tier-quota --length=12TB --dry-run", "tier-quota --length=12TB"],
        },
        new(Backup, "restore-plan", "Get-StingRestorePlan", "Show which packs a restore reads, and what thawing them takes and costs")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["restore-plan --email=user@example.com --date=2024-01-15", "restore-plan --file=document.pdf", "restore-plan --backup-id=backup_20240115_020000 --json"],
        },
        new(Backup, "thaw", "Request-StingArchiveRetrieval", "Ask that what a restore needs of the archive be thawed")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["thaw --email=user@example.com --speed=bulk --dry-run", "thaw --backup-id=backup_20240115_020000 --speed=standard --confirm"],
        },
        new(Backup, "thaw-status", "Get-StingArchiveRetrieval", "Show how retrievals from the archive stand")
        {
            Many = true,
            Examples = ["thaw-status", "thaw-status --json"],
        },
        .. Keys,
        new(Backup, "approver-new", "New-StingApprover", "Make an approver's key, sealed by his own passphrase")
        {
            Examples = ["approver-new --name=officer --key-file=officer.approver", "approver-new --name=officer --key-file=officer.approver --approver-passphrase-file=officer.pass"],
        },
        new(Backup, "approver-add", "Register-StingApprover", "Enrol an approver by his public half")
        {
            Examples = ["approver-add --public-file=officer.approver.pub", "approver-add --public-file=officer.approver.pub --dry-run"],
        },
        new(Backup, "approver-remove", "Unregister-StingApprover", "Revoke an approver; needs an approval")
        {
            Examples = ["approver-remove --approver-id=b5bb9d8014a0f9b1d61e21e796d78dcc --dry-run"],
        },
        new(Backup, "approvers", "Get-StingApprover", "Show who may approve")
        {
            Many = true,
            Examples = ["approvers", "approvers --state=enrolled"],
        },
        new(Backup, "requests", "Get-StingApproval", "Show what waits for an approval")
        {
            Many = true,
            Examples = ["requests", "requests --all"],
        },
        new(Backup, "approve", "Approve-StingApproval", "Look at a request and sign it, here or on another machine")
        {
            Examples = ["approve --path=/var/lib/sting-backup/approvals/b5bb9d8014a0f9b1d61e21e796d78dcc.request --key-file=officer.approver", "approve --path=copied.request --key-file=officer.approver --dry-run"],
        },
        new(Backup, "deny", "Deny-StingApproval", "Deny a request for good")
        {
            Examples = ["deny --id=b5bb9d8014a0f9b1d61e21e796d78dcc"],
        },
        new(Backup, "audit", "Get-StingAuditEvent", "Show who did what, and who approved it")
        {
            Many = true,
            Examples = ["audit", "audit --event=approved,executed --from=2024-01-01", "audit --state=damaged,missing,tampered"],
        },
        new(Backup, "request", "Request-StingApproval", "Ask again for the approvals of a request that is over")
        {
            Examples = ["request --id=b5bb9d8014a0f9b1d61e21e796d78dcc"],
        },
        new(Backup, "revoke", "Revoke-StingApproval", "Take an approval back before it is used")
        {
            Examples = ["revoke --id=b5bb9d8014a0f9b1d61e21e796d78dcc", "revoke --id=b5bb9d8014a0f9b1d61e21e796d78dcc --dry-run"],
        },
        new(Backup, "review", "Complete-StingReview", "Close the review of what was done without its approvals; another identity signs it")
        {
            Examples = ["review --id=b5bb9d8014a0f9b1d61e21e796d78dcc --dry-run"],
        },
        new(Backup, "audit-test", "Test-StingAuditLog", "Prove every record of the audit log")
        {
            Examples = ["audit-test", "audit-test --json"],
        },
        new(Backup, "audit-file", "Export-StingAuditLog", "Write the audit log to a file: JSON Lines, CSV, OCSF")
        {
            Examples = ["audit-file --path=audit.jsonl", "audit-file --path=audit.json --format=ocsf --from=2024-01-01 --confirm"],
        },
        new(Backup, "erase", "Remove-StingSubject", "Ask for the erasure of a person or honey jar from every backup")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["erase --email=user@example.com --reference=ticket-12 --dry-run", "erase --email=user@example.com --reference=ticket-12 --confirm"],
        },
        new(Backup, "erasures", "Get-StingErasure", "Show requests for erasure, and what became of them")
        {
            Many = true,
            Examples = ["erasures", "erasures --state=pending"],
        },
        new(Backup, "erasure-requests", "Get-StingErasureRequest", "Show what people asked STING to delete, and what of it is done here")
        {
            Many = true,
            Examples = ["erasure-requests", "erasure-requests --state=new"],
        },
        new(Backup, "erase-stop", "Stop-StingErasure", "Stop an erasure that is not carried out yet")
        {
            Examples = ["erase-stop --id=0123456789abcdef0123456789abcdef"],
        },
        new(Backup, "erase-due", "Complete-StingErasure", "Carry out the erasures that are due")
        {
            Examples = ["erase-due --dry-run", "erase-due --confirm"],
        },
        new(Backup, "erase-again", "Sync-StingErasure", "Delete the erased from databases that were restored")
        {
            Examples = ["erase-again --dry-run", "erase-again --confirm"],
        },
        new(Backup, "certificate", "Test-StingDestructionCertificate", "Check a certificate of destruction")
        {
            Many = true,
            Examples = ["certificate --path=certificate.json"],
        },
        new(Backup, "hold", "Add-StingLegalHold", "Keep a person or honey jar from being erased")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["hold --email=user@example.com --reason=case-7"],
        },
        new(Backup, "holds", "Get-StingLegalHold", "Show legal holds")
        {
            Many = true,
            Examples = ["holds", "holds --include-lifted"],
        },
        new(Backup, "hold-lift", "Remove-StingLegalHold", "Lift a legal hold")
        {
            Examples = ["hold-lift --id=0123456789abcdef0123456789abcdef --confirm"],
        },
        new(Backup, "report", "Get-StingBackupReport", "Show a month: runs, recovery points, tiers and cost, evidence")
        {
            Examples = ["report --month=2024-01", "report --month=2024-01 --json"],
        },
        new(Backup, "report-file", "Export-StingBackupReport", "Write a month's report to a file: HTML, PDF, Markdown, JSON, CSV")
        {
            Examples = ["report-file --path=january.pdf --month=2024-01", "report-file --path=report.txt --format=markdown --confirm"],
        },
        new(Backup, "metrics", "Export-StingMetric", "Write how backups stand for node_exporter, or send it to a collector of OpenTelemetry")
        {
            Examples = ["metrics --dry-run", "metrics --otlp", "metrics --path=/var/lib/prometheus/node-exporter/sting-backup.prom"],
        },
        new(Backup, "daemon", "Start-StingBackupDaemon", "Run all that is scheduled in one process, until stopped")
        {
            Many = true,
            Examples = ["daemon --dry-run", "daemon --confirm --quiet"],
        },
        new(Backup, "schedules", "Get-StingBackupSchedule", "Show what is registered with systemd, cron or the Task Scheduler")
        {
            Many = true,
            Examples = ["schedules", "schedules --kind=cron"],
        },
        new(Backup, "schedule", "Register-StingBackupSchedule", "Register the configuration's times with systemd, cron or the Task Scheduler")
        {
            Many = true,
            Examples = ["schedule --dry-run", "schedule --kind=systemd --directory=./units --confirm"],
        },
        new(Backup, "schedule-set", "Set-StingBackupSchedule", "Change a registered schedule, or switch it on again")
        {
            Many = true,
            Examples = ["schedule-set --task=full --time-zone=Europe/Berlin --confirm"],
        },
        new(Backup, "schedule-off", "Disable-StingBackupSchedule", "Switch schedules off, and keep them")
        {
            Many = true,
            Examples = ["schedule-off --task=archive --confirm"],
        },
        new(Backup, "schedule-remove", "Unregister-StingBackupSchedule", "Remove schedules; backups stay")
        {
            Many = true,
            Examples = ["schedule-remove --dry-run", "schedule-remove --confirm"],
        },
        new(Backup, "jobs", "Get-StingBackupJob", "Show the jobs of this host, those that run and those of the past") { Many = true, Examples = ["jobs", "jobs --last=20", "jobs --since=2024-01-15 --state=failed,died"] },
        new(Backup, "job-stop", "Stop-StingBackupJob", "Ask a job of this host to end in order") { Examples = ["job-stop --id=20240115T020000-3f9a1c --dry-run", "job-stop --id=20240115T020000-3f9a1c"] },
        new(Backup, "alerts", "Get-StingAlert", "Show what is wrong, since when, and who knows")
        {
            Many = true,
            Examples = ["alerts", "alerts --all --json"],
        },
        new(Backup, "alert-confirm", "Confirm-StingAlert", "Say that you know of an alert: it escalates no more")
        {
            Examples = ["alert-confirm --id=b5bb9d8014a0f9b1 --comment=on-it --confirm"],
        },
        new(Backup, "alert-check", "Update-StingAlert", "Look at how backups stand, and tell the channels what is new")
        {
            Many = true,
            Examples = ["alert-check --quiet"],
        },
        new(Backup, "alert-test", "Test-StingAlertChannel", "Send a test to the channels of alerts")
        {
            Many = true,
            Examples = ["alert-test", "alert-test --channel=mail"],
        },
        new(Backup, "cost", "Measure-StingCost", "Show what the tiers cost, by data class or subject, and what would cost less")
        {
            Many = true,
            Examples = ["cost", "cost --forecast", "cost --by-subject --json"],
        },
        new(Backup, "log", "Get-StingBackupLog", "Show what a run logged")
        {
            Many = true,
            Examples = ["log --backup-id=backup_20240115_020000", "log --level=warning"],
        },
        new(Backup, "config", "Get-StingBackupConfig", "Show every setting, and the line that says so")
        {
            Many = true,
            Examples = ["config --changed", "config --key=performance.*"],
        },
        .. Recovery, .. Portal,
        new(Backup, "check", "Test-StingBackupConfig", "Look for what is wrong or weak in the configuration")
        {
            Many = true,
            Examples = ["check"],
        },
        new(Backup, "doctor", "Test-StingBackupConfig", "Try source, repository, keys, clock and room")
        {
            Many = true,
            Fixed = new Dictionary<string, object> { ["Online"] = true },
            Examples = ["doctor"],
        },
        new(Restore, "file", "Restore-StingFile", "Restore single files or folders")
        {
            Examples = ["file --user=user@example.com --file=document.pdf --date=2024-01-15", "file --user=user@example.com --file=document.pdf --destination=./restored"],
        },
        new(Restore, "user", "Restore-StingUser", "Restore everything of one person")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["user --email=user@example.com --date=2024-01-15"],
        },
        new(Restore, "honey-jar", "Restore-StingHoneyJar", "Restore everything of one honey jar")
        {
            Examples = ["honey-jar --id=jar_123 --date=2024-01-15"],
        },
        new(Restore, "database", "Restore-StingDatabase", "Restore the database server as of any moment, or one person's or jar's rows of it")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["database --destination=/srv/recovered", "database --email=user@example.com --date=2024-01-15T14:30:07.25Z --dry-run", "database --date=2024-01-15T14:30:07.25Z --destination=/srv/recovered --dry-run"],
        },
        new(Restore, "full", "Restore-StingReserve", "Restore the whole reserve as it was at a backup")
        {
            Examples = ["full --backup-id=backup_20240115_020000 --confirm", "full --backup-id=backup_20240115_020000 --destination=./restored --dry-run"],
        },
    ];

    /// <summary>The words of one program.</summary>
    public static IReadOnlyList<Verb> Of(string program) => [.. All.Where(v => v.Program == program)];

    /// <summary>Finds a word.</summary>
    /// <exception cref="UsageException">There is none; the nearest are named, the other program's too.</exception>
    public static Verb Find(string program, string word)
    {
        if (Of(program).FirstOrDefault(v => v.Name == word) is { } verb)
        {
            return verb;
        }
        var elsewhere = All.FirstOrDefault(v => v.Name == word);
        var hint = elsewhere is not null ? Suggestion.Of([$"{elsewhere.Program} {word}"])
            : VerbGuesses.Of(word) is { Count: > 0 } guesses ? Suggestion.Of(guesses)
            : Suggestion.For(word, Of(program).Select(v => v.Name).Append(Quickstart));
        throw new UsageException($"{program} has no command '{word}'.{hint} '{program} --help' lists all.");
    }
}
