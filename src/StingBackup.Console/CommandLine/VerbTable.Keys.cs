namespace StingBackup.Console.CommandLine;

internal static partial class VerbTable
{
    /// <summary>Words for keys, for who has them, and for the format that they sign.</summary>
    private static IReadOnlyList<Verb> Keys =>
    [
        new(Backup, "keys", "Get-StingKey", "Show every key, where it lies and how it is")
        {
            Many = true,
            Examples = ["keys", "keys --kind=spares"],
        },
        new(Backup, "rotate-key", "Update-StingKey", "Renew keys: the one that wraps all others, subjects', the epoch's, or this host's")
        {
            Renamed = new Dictionary<string, string> { ["email"] = "User" },
            Examples = ["rotate-key --kind=epoch --dry-run", "rotate-key --kind=subject --due --confirm", "rotate-key --kind=key-encryption-key --confirm"],
        },
        new(Backup, "update-repository", "Update-StingRepository", "Move the repository's format on to what this version writes")
        {
            Examples = ["update-repository --dry-run", "update-repository --confirm"],
        },
        new(Backup, "register-host", "Register-StingHost", "Enrol a host that writes and cannot read; more spare keys for it")
        {
            Examples = ["register-host --new --output-path=web-1.request", "register-host --request=web-1.request --output-path=web-1.package", "register-host --package=web-1.package", "register-host --top-up --host-name=web-1 --output-path=more.package"],
        },
        new(Backup, "unregister-host", "Unregister-StingHost", "Revoke a host: it writes no more, and what came after its last good point does not count")
        {
            Examples = ["unregister-host --host-name=web-1 --dry-run", "unregister-host --host-name=web-1 --last-good-point=backup_20240115_020000 --confirm"],
        },
        new(Backup, "escrow", "Export-StingKeyEscrow", "Split the keys among people, so that losing the key file loses nothing")
        {
            Examples = ["escrow --output-path=/mnt/usb/shares --dry-run", "escrow --output-path=/mnt/usb/shares --share=5 --threshold=3"],
        },
        new(Backup, "escrow-import", "Import-StingKeyEscrow", "Bring the keys back from shares, on a host that has none")
        {
            Examples = ["escrow-import --path=/mnt/usb/shares --dry-run", "escrow-import --path=share-1.txt,share-4.txt,share-5.txt --passphrase-file=new.pass"],
        },
        new(Backup, "escrow-test", "Test-StingKeyEscrow", "Prove that shares bring the keys back, and keep none of them")
        {
            Examples = ["escrow-test --path=/mnt/usb/shares", "escrow-test --path=share-2.txt --shares-only"],
        },
        new(Backup, "protect-keys", "Set-StingKeyProtection", "Seal the key file by Vault or a passphrase, or wrap it anew after a rotation in Vault")
        {
            Examples = ["protect-keys --protection=key-vault --dry-run", "protect-keys --protection=passphrase --new-passphrase-file=new.pass", "protect-keys --rewrap"],
        },
    ];
}
