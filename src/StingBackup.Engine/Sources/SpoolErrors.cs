using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Sources;

/// <summary>What can go wrong with the private files that captures lie in while they are backed up.</summary>
internal static class SpoolErrors
{
    /// <summary>A private file could not be made or written.</summary>
    public static StingException Failed(string folder, Exception cause) => PostgresErrors.IsDiskFull(cause) ? Full(folder, cause.Message, cause)
        : new StingException("SpoolFailed", FailureKind.Io, $"What a source gave could not be written to {folder}: {cause.Message}", folder, "Check that the folder can be written and that its disk is sound.", cause);

    /// <summary>There is no room.</summary>
    public static StingException Full(string folder, string why, Exception? cause) => new("SpoolFull", FailureKind.ResourceExhausted,
        $"What a source gave does not fit into {folder}: {why}", folder,
        "Free room there, or name a folder on a larger disk by TMPDIR (TEMP on Windows): a capture needs the room of what it takes.", cause);
}
