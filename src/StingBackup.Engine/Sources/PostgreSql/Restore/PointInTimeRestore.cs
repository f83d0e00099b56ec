using System.Globalization;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>How far recovery goes: to a place, to a moment, or (both null) to the end of the log.</summary>
/// <param name="Lsn">Up to and with the record that ends here.</param>
/// <param name="Time">Commits up to this moment.</param>
public sealed record RecoveryTarget(Lsn? Lsn, DateTimeOffset? Time)
{
    /// <summary>Everything that is there.</summary>
    public static RecoveryTarget Latest { get; } = new(null, null);
}

/// <summary>Makes a restored base backup into a data folder that a server can be started over: it recovers to the target by itself, then takes connections as a cluster of its own.</summary>
public static class PointInTimeRestore
{
    /// <summary>Prepares a data folder.</summary>
    /// <param name="dataFolder">The base backup's files; its mode becomes 0700, as servers demand. Who owns it is the caller's business.</param>
    /// <param name="stretches">Spooled log from the base backup's start on.</param>
    /// <param name="identity">Whose log it is.</param>
    /// <param name="walFolder">Where segments are put; the server must be able to read it till it has recovered.</param>
    /// <param name="target">How far.</param>
    /// <returns>The end of the log that recovery can reach.</returns>
    /// <exception cref="StingException"><c>PostgresBackupDamaged</c>, <c>WalGap</c> when the log does not cover the backup or the target</exception>
    public static Lsn Prepare(string dataFolder, IEnumerable<WalStretch> stretches, WalIdentity identity, string walFolder, RecoveryTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var manifestPath = Path.Combine(dataFolder, BackupManifest.FileName);
        if (!File.Exists(manifestPath) || !File.Exists(Path.Combine(dataFolder, "backup_label")))
        {
            throw new StingException("PostgresBackupDamaged", FailureKind.Integrity, $"'{dataFolder}' is not a whole base backup: it lacks its manifest or its label.", dataFolder, "Restore the base backup there first, whole, into an empty folder.");
        }
        var manifest = BackupManifest.Parse(File.ReadAllBytes(manifestPath), dataFolder);
        if (manifest.Timeline != identity.Timeline)
        {
            throw WalErrors.Foreign(walFolder, identity, identity with { Timeline = manifest.Timeline });
        }
        var end = WalSegments.Write(stretches, identity, walFolder, manifest.Start);
        var needed = target.Lsn is { } lsn && lsn > manifest.End ? lsn : manifest.End;
        if (end < needed)
        {
            throw new StingException("WalGap", FailureKind.NotFound, $"The spooled log ends at {end}; the restore needs it up to {needed}.", walFolder, "Choose an earlier moment or an older base backup.");
        }
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(dataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Directory.CreateDirectory(Path.Combine(dataFolder, "pg_wal", "archive_status"));
        File.AppendAllText(Path.Combine(dataFolder, "postgresql.auto.conf"), Settings(walFolder, target));
        File.WriteAllText(Path.Combine(dataFolder, "recovery.signal"), "");
        return end;
    }

    /// <summary>
    /// Takes the target out of a prepared folder. A server whose log holds no commit behind the target's moment refuses to start ("recovery ended before configured recovery target was
    /// reached"); what it has is then exactly the state of that moment, and starting without a target gives it.
    /// </summary>
    public static void RecoverToEnd(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "postgresql.auto.conf");
        File.WriteAllLines(path, File.ReadAllLines(path).Where(l => !l.StartsWith("recovery_target_lsn", StringComparison.Ordinal) && !l.StartsWith("recovery_target_time =", StringComparison.Ordinal)));
    }

    /// <summary>What recovery needs to know. Later lines win over those of the backed-up server.</summary>
    private static string Settings(string walFolder, RecoveryTarget target)
    {
        // % is the server's, ' the shell's and the file's.
        var folder = Path.GetFullPath(walFolder).Replace("%", "%%", StringComparison.Ordinal).Replace("'", @"'\''", StringComparison.Ordinal);
        var command = OperatingSystem.IsWindows() ? $"copy \"{folder}\\%f\" \"%p\"" : $"cp '{folder}'/%f %p";
        var lines = new List<string>
        {
            "# Written by StingBackup: recovery of this copy",
            $"restore_command = {Quote(command)}",
            "recovery_target_timeline = 'current'",
            "recovery_target_action = 'promote'",
            // The copy has no standby to wait for, and must not write into the original's archive or slots.
            "synchronous_standby_names = ''", "primary_conninfo = ''", "archive_mode = 'off'",
        };
        if (target.Lsn is { } lsn)
        {
            lines.Add($"recovery_target_lsn = '{lsn}'");
        }
        else if (target.Time is { } time)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"recovery_target_time = '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'"));
        }
        return "\n" + string.Join('\n', lines) + "\n";
    }

    private static string Quote(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
