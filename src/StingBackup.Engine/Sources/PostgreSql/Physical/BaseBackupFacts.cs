using System.Globalization;
using System.Text.Json;

namespace StingBackup.Engine.Sources.PostgreSql.Physical;

/// <summary>What a restore must know of a base backup before it reads it; a small file among the cluster's own, which no server looks at.</summary>
/// <param name="SystemId">The cluster.</param>
/// <param name="Timeline">Its timeline.</param>
/// <param name="Start">Where recovery begins to read the log.</param>
/// <param name="End">Where the backup is consistent.</param>
/// <param name="SegmentSize">Bytes of a WAL segment.</param>
/// <param name="Version">The server's version.</param>
/// <param name="Time">The server's clock when the backup was whole: no earlier moment can be restored from it.</param>
public sealed record BaseBackupFacts(ulong SystemId, uint Timeline, Lsn Start, Lsn End, uint SegmentSize, string Version, DateTimeOffset Time)
{
    /// <summary>The file's name in a backup.</summary>
    public const string FileName = "sting-base-backup.json";

    /// <summary>Where the log that a restore reads must begin: recovery looks at the head of the segment first.</summary>
    public Lsn LogStart => Start.SegmentStart(SegmentSize);

    /// <summary>Asks the server that was backed up right now.</summary>
    internal static async Task<BaseBackupFacts> ReadAsync(PostgresServer server, BackupManifest manifest, CancellationToken cancel)
    {
        await using var connection = await server.OpenAsync(server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            var segment = await PostgresServer.ScalarAsync<long>(connection, "SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size'", cancel).ConfigureAwait(false);
            var time = await PostgresServer.ScalarAsync<DateTime>(connection, "SELECT pg_catalog.clock_timestamp()", cancel).ConfigureAwait(false);
            return new BaseBackupFacts(server.SystemId, manifest.Timeline, manifest.Start, manifest.End, (uint)segment, server.Version, new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero));
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "ask what the base backup is of", server.Settings);
        }
    }

    /// <summary>As it stands in a backup.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
    {
        ["systemId"] = SystemId.ToString(CultureInfo.InvariantCulture), ["timeline"] = Timeline.ToString(CultureInfo.InvariantCulture), ["start"] = Start.ToString(), ["end"] = End.ToString(),
        ["segmentSize"] = SegmentSize.ToString(CultureInfo.InvariantCulture), ["version"] = Version, ["time"] = Time.ToString("O", CultureInfo.InvariantCulture),
    });

    /// <summary>Reads one.</summary>
    /// <exception cref="StingException"><c>PostgresBackupDamaged</c></exception>
    public static BaseBackupFacts Parse(ReadOnlySpan<byte> json, string where)
    {
        try
        {
            var facts = JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? throw new FormatException("it is empty");
            var segment = uint.Parse(facts["segmentSize"], CultureInfo.InvariantCulture);
            return new BaseBackupFacts(ulong.Parse(facts["systemId"], CultureInfo.InvariantCulture), uint.Parse(facts["timeline"], CultureInfo.InvariantCulture), Lsn.Parse(facts["start"]), Lsn.Parse(facts["end"]),
                segment > 0 ? segment : throw new FormatException("its segments have no length"), facts["version"] ?? throw new FormatException("it names no version"), DateTimeOffset.Parse(facts["time"], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or OverflowException or ArgumentException)
        {
            throw new StingException("PostgresBackupDamaged", FailureKind.Integrity, $"What {where} says of its base backup is not understood: {e.Message}", where, "Restore from an older base backup, and take a new one now.", e);
        }
    }
}
