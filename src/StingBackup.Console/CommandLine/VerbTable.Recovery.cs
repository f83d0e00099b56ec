namespace StingBackup.Console.CommandLine;

internal static partial class VerbTable
{
    /// <summary>Words for the day on which something is lost, and for the days before it.</summary>
    private static IReadOnlyList<Verb> Recovery =>
    [
        new(Backup, "bootstrap", "Restore-StingInstallation", "From an empty machine: bring configuration, keys, catalogue and reserve back")
        {
            Examples = ["bootstrap --location=s3://sting-backups/main --path=/mnt/usb/shares --setting=remote.endpoint=https://s3.example.org --dry-run", "bootstrap --location=s3://sting-backups/main --path=/mnt/usb/shares --confirm", "bootstrap --location=s3://sting-backups/main --path=/mnt/usb/shares --confirm --resume"],
        },
        new(Backup, "recover", "Invoke-StingDisasterRecovery", "What to do when the host, the site, the trust or the content is lost, step by step")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["recover --scenario=hardware-failure --dry-run", "recover --scenario=hardware-failure --fenced --confirm", "recover --scenario=ransomware --destination=/mnt/clean --resume --acknowledge=5 --confirm"],
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
