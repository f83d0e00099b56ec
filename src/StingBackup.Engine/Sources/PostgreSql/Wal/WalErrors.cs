using StingBackup.Engine.Reserve.Configuration;
namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>What can go wrong between the server's log and the spool.</summary>
internal static class WalErrors
{
    public static StingException Spool(string path, string action, Exception cause) => PostgresErrors.IsDiskFull(cause)
        ? new StingException("WalSpoolFull", FailureKind.ResourceExhausted, $"Could not {action} the spool of the write-ahead log, {path}: {cause.Message}", path,
            "Free room on its disk. Until then the database waits with commits (policy Block) or goes on without zero loss (policy Degrade).", cause)
        : new StingException("WalSpoolFailed", FailureKind.Io, $"Could not {action} the spool of the write-ahead log, {path}: {cause.Message}", path,
            "Look into the system's log for errors of its disk; name a folder on another disk if it goes on.", cause);

    public static StingException Damaged(string path, string why) => new("WalSpoolDamaged", FailureKind.Integrity, $"The spool of the write-ahead log is damaged: {path} {why}.", path,
        "Restore from packs that hold the same stretch, or to a moment before it; take a new base backup now.");

    public static StingException Foreign(string folder, WalIdentity spool, WalIdentity server) => new("WalSpoolForeign", FailureKind.InvalidConfiguration, spool.SystemId == server.SystemId
        ? $"The server is on timeline {server.Timeline}, the spool {folder} on {spool.Timeline}: the server was restored to an earlier moment, or a standby was promoted."
        : $"The spool {folder} holds the log of another cluster ({spool.SystemId}, not {server.SystemId}).", folder,
        "Name an empty folder as spool and take a new base backup; keep the old one as long as its restore points.");

    public static StingException Gap(PostgresSettings settings, string from, Exception? cause) => new("WalGap", FailureKind.NotFound,
        $"The server at {settings.Location} no longer has the write-ahead log from {from} on, where the spool ends.", settings.Location,
        "Take a new base backup at once and begin a new spool: moments between the spool's end and that backup cannot be restored. A replication slot keeps the log; look whether it was dropped, or max_slot_wal_keep_size is too small.", cause);

    public static StingException SlotMissing(PostgresSettings settings, string slot) => new("WalSlotMissing", FailureKind.NotFound,
        $"The server at {settings.Location} has no replication slot '{slot}'.", settings.Location, "Apply the plan for the server, which makes it; without a slot the server throws away log that was not received yet.");
}
