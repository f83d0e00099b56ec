using System.Text.Json;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Sources.PostgreSql.Physical;

/// <summary>What pg_basebackup says that it wrote: each file with its SHA-256, and the stretch of the write-ahead log that the backup needs.</summary>
/// <param name="Files">Path to hash; a file whose name is not UTF-8 stands in the bytes' own text.</param>
/// <param name="Timeline">Timeline.</param>
/// <param name="Start">Where recovery begins to read the log.</param>
/// <param name="End">Where the backup becomes consistent: recovery must reach at least this.</param>
public sealed record BackupManifest(IReadOnlyDictionary<string, string> Files, uint Timeline, Lsn Start, Lsn End)
{
    /// <summary>The file's name in a backup.</summary>
    public const string FileName = "backup_manifest";
    // The server's names, whatever ours are.
    private const string FilesKey = "Files", TimelineKey = "Timeline";

    /// <summary>Reads one.</summary>
    /// <exception cref="StingException"><c>PostgresBackupDamaged</c></exception>
    public static BackupManifest Parse(ReadOnlyMemory<byte> json, string location)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in document.RootElement.GetProperty(FilesKey).EnumerateArray())
            {
                var path = file.TryGetProperty("Path", out var plain) ? plain.GetString()! : EntryPath.Display(Convert.FromHexString(file.GetProperty("Encoded-Path").GetString()!));
                files.Add(path, file.TryGetProperty("Checksum", out var hash) ? hash.GetString()! : "");
            }
            var range = document.RootElement.GetProperty("WAL-Ranges")[0];
            return new BackupManifest(files, range.GetProperty(TimelineKey).GetUInt32(), Lsn.Parse(range.GetProperty("Start-LSN").GetString()!), Lsn.Parse(range.GetProperty("End-LSN").GetString()!));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or IndexOutOfRangeException or ArgumentException)
        {
            throw new StingException("PostgresBackupDamaged", FailureKind.Integrity, $"The manifest of the base backup of {location} is not one: {e.Message}", location, "Take another base backup.", e);
        }
    }
}
