namespace StingBackup.Console.CommandLine;

internal static partial class VerbTable
{
    /// <summary>The portal, and who gets in.</summary>
    private static IReadOnlyList<Verb> Portal =>
    [
        new(Backup, "portal", "Start-StingPortal", "Run the portal, where people restore their own files, until stopped")
        {
            Examples = ["portal --dry-run", "portal --confirm --passphrase-file=/etc/sting/passphrase"],
        },
        new(Backup, "portal-link", "New-StingPortalLink", "Make a link for one use, by which somebody signs in to the portal")
        {
            Examples = ["portal-link", "portal-link --user=user@example.com --minutes=60"],
        },
    ];
}
