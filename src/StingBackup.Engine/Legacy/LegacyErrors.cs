using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Legacy;

/// <summary>What can be wrong with an old archive. Each error names the archive, and the entry where there is one; another archive is not touched by it.</summary>
internal static class LegacyErrors
{
    public static StingException NotFound(string archive, Exception? cause = null) => new("LegacyArchiveNotFound", FailureKind.NotFound,
        $"There is no archive '{archive}'.", archive, "Look for sting_backup_*.tar.gz where STING puts its backups: /opt/sting-ce/backups, or ~/.sting-ce/backups.", cause);

    public static StingException Unreadable(string archive, Exception cause) => new("LegacyArchiveUnreadable", cause is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
        $"'{archive}' cannot be read: {cause.Message}", archive, "Give the account that runs this the right to read it; else look at its disk.", cause);

    public static StingException NotAnArchive(string archive, string why) => new("LegacyNotAnArchive", FailureKind.InvalidArgument,
        $"'{archive}' is no archive of STING's: {why}.", archive, "Give sting_backup_*.tar.gz as manage_sting.sh backup wrote it.");

    public static StingException Damaged(string archive, EntryPath? entry, string why, Exception? cause = null) => new("LegacyArchiveDamaged", FailureKind.Integrity,
        $"'{archive}' is damaged{(entry is null ? "" : $" at '{entry}'")}: {why.TrimEnd('.')}. Nothing of it was imported.", archive,
        "Take another copy of this archive, or an older archive; what is left of this one can be had with tar -xzf, up to the damage.", cause);

    public static StingException Unsafe(string archive, string entry, string why) => new("LegacyEntryUnsafe", FailureKind.Integrity,
        $"'{archive}' holds '{entry}', {why}. Nothing of it was imported.", archive,
        "STING does not write such an entry: find out where the archive comes from. If you trust it, unpack it into an empty folder and pack it again without the entry.");

    public static StingException Unsupported(string archive, string entry, string what) => new("LegacyEntryUnsupported", FailureKind.NotSupported,
        $"'{archive}' holds '{entry}' as {what}, which this program cannot read. Nothing of it was imported.", archive,
        "Unpack it into an empty folder with GNU tar, and pack it again: tar -czf NAME.tar.gz -C FOLDER .");

    public static StingException TooLarge(string archive, string what) => new("LegacyArchiveTooLarge", FailureKind.ResourceExhausted,
        $"'{archive}' unpacks to {what}: no archive of STING's does. Nothing of it was imported.", archive, "Find out where the archive comes from before it is unpacked anywhere.");

    public static StingException LayoutUnknown(string archive, string lacks) => new("LegacyLayoutUnknown", FailureKind.InvalidArgument,
        $"'{archive}' is a tar archive, but none of manage_sting.sh backup: it has no {lacks}.", archive, "Give sting_backup_*.tar.gz as manage_sting.sh backup wrote it.");

    public static StingException Encrypted(string archive) => new("LegacyArchiveEncrypted", FailureKind.Authentication,
        $"'{archive}' is encrypted, and no passphrase was given.", archive,
        "Give -ArchivePassphrase (--archive-passphrase-file): the key that manage_sting.sh backup --export-key tells, or the line in conf/secrets/backup_key.txt.");

    public static StingException WrongPassphrase(string archive) => new("LegacyPassphraseWrong", FailureKind.Authentication,
        $"The passphrase does not open '{archive}'.", archive,
        "Give the key in force when it was made, the line alone: manage_sting.sh backup --export-key writes comments before it. A damaged archive says the same, since its encryption cannot tell.");

    public static StingException Changed(string archive) => new("LegacyArchiveChanged", FailureKind.Busy,
        $"'{archive}' is not what it was when the import was planned. Nothing of it was imported.", archive, "Import it again when nothing writes to it.");

    public static StingException SpoolFailed(string folder, Exception cause) => PostgresErrors.IsDiskFull(cause)
        ? SpoolFull(folder, $"Could not write an archive's content to {folder}: {cause.Message}", cause)
        : new StingException("LegacySpoolFailed", FailureKind.Io, $"Could not write an archive's content to {folder}: {cause.Message}", folder, "Check that the folder can be written and that its disk is sound.", cause);

    public static StingException SpoolFull(string folder, string what, Exception? cause = null) => new("LegacySpoolFull", FailureKind.ResourceExhausted,
        what, folder, "Free room there, or set cache_directory to a larger disk: an import needs the room of one archive unpacked.", cause);
}
