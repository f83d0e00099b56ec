namespace StingBackup.Console.CommandLine;

internal static partial class VerbTable
{
    /// <summary>Words for the day on which something is lost, and for the days before it.</summary>
    private static IReadOnlyList<Verb> Recovery =>
    [
        new(Backup, "bootstrap", "Restore-StingInstallation", "From an empty machine: bring configuration, keys, catalogue and reserve back")
        {
            First = "Location",
            Examples = ["bootstrap s3://sting-backups/main --path=/mnt/usb/shares --setting=remote.endpoint=https://s3.example.org --dry-run", "bootstrap s3://sting-backups/main --path=/mnt/usb/shares --confirm", "bootstrap s3://sting-backups/main --path=/mnt/usb/shares --confirm --resume"],
        },
        new(Backup, "recover", "Invoke-StingDisasterRecovery", "What to do when the host, the site, the trust or the content is lost, step by step")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["recover --scenario=hardware-failure --dry-run", "recover --scenario=hardware-failure --fenced --confirm", "recover --scenario=ransomware --destination=/mnt/clean --resume --acknowledge=5 --confirm"],
        },
        new(Backup, "test-restore", "Test-StingRecovery", "Test recovery: restore what chance draws, compare and remove it, and keep the evidence")
        {
            Examples = ["test-restore --dry-run", "test-restore --type=user", "test-restore --due"],
        },
        new(Backup, "test-results", "Get-StingRecoveryTest", "Show the evidence of tests of recovery, or when each is due")
        {
            Many = true,
            Examples = ["test-results --latest", "test-results --calendar", "test-results --with-audit-log --json"],
        },
        new(Backup, "targets", "Get-StingRecoveryTarget", "Show how long recoveries take and how much they lose, against the strategy's targets")
        {
            Many = true,
            Examples = ["targets", "targets --objective=rto --json"],
        },
        new(Backup, "anomalies", "Get-StingAnomaly", "Show what runs found suspicious of whom, and why")
        {
            Many = true,
            Examples = ["anomalies", "anomalies --all --json"],
        },
        new(Backup, "anomaly-confirm", "Confirm-StingAnomaly", "Say that what was found suspicious is settled")
        {
            Many = true,
            Examples = ["anomaly-confirm --subject=user@example.com --comment=a-false-alarm --confirm"],
        },
        new(Backup, "clean-points", "Find-StingCleanRestorePoint", "Find of each subject the last restore point before its damage")
        {
            Many = true,
            Examples = ["clean-points --all", "clean-points --user=user@example.com --json"],
        },
        new(Backup, "corruption", "Find-StingCorruption", "Find between which restore points files went bad")
        {
            Many = true,
            Examples = ["corruption --path=document.pdf", "corruption --user=user@example.com"],
        },
        new(Backup, "dr-test", "Invoke-StingDrTest", "Try what a recovery would need: tiers, a restore, each runbook's preconditions")
        {
            Examples = ["dr-test --dry-run", "dr-test --confirm --json"],
        },
        new(Backup, "cleanup", "Invoke-StingRetentionCleanup", "Verify, sync, let go what is over, give back its room")
        {
            Examples = ["cleanup --dry-run", "cleanup --confirm --run-id=2026-11-26"],
        },
        new(Backup, "key-ceremony", "Invoke-StingKeyCeremony", "Renew the keys and make a new escrow, step by step")
        {
            Examples = ["key-ceremony --output-path=/dev/shm/shares --dry-run", "key-ceremony --output-path=/dev/shm/shares --confirm --resume"],
        },
        new(Backup, "tiers-lock", "Lock-StingTier", "Lock the tiers of this host: nothing is backed up, copied, let go or deleted by it")
        {
            Examples = ["tiers-lock --reason=ransomware --dry-run", "tiers-lock --reason=ransomware --confirm"],
        },
        new(Backup, "tiers-unlock", "Unlock-StingTier", "Unlock the tiers; needs an approval")
        {
            Examples = ["tiers-unlock --dry-run"],
        },
        new(Backup, "revoke-access", "Revoke-StingCredential", "End this host's tokens of Vaults, and show the commands that end the rest")
        {
            Many = true,
            Examples = ["revoke-access --dry-run", "revoke-access --confirm"],
        },
        new(Backup, "config-import", "Import-StingBackupConfig", "Bring the configuration back from a tier, with shares of the escrow")
        {
            Examples = ["config-import --location=s3://sting-backups/main --path=/mnt/usb/shares --dry-run"],
        },
        new(Backup, "config-file", "Export-StingBackupConfig", "Write the configuration to a new file, with some settings changed")
        {
            Examples = ["config-file --output-path=sting-backup.dr.yaml --setting=remote.location=s3://sting-dr/main"],
        },
    ];
}
