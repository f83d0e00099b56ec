using Microsoft.Data.Sqlite;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Sources.Sqlite;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>A segment of a collection.</summary>
/// <param name="Id">Its id, the name of its folder.</param>
/// <param name="Scope"><c>VECTOR</c> or <c>METADATA</c>.</param>
/// <param name="Collection">Its collection's id.</param>
/// <param name="Sequence">How far it has come in the log, hexadecimal: written with each batch of records by a METADATA segment, with each save of its files by a VECTOR segment; null before.</param>
internal sealed record ChromaSegment(string Id, string Scope, string Collection, string? Sequence);

/// <summary>
/// What Chroma's own database says of its segments: tables of Chroma 0.5.20 (chromadb/migrations/sysdb/00002-segments.sqlite.sql and 00009, chromadb/migrations/metadb/00001-embedding-metadata.sqlite.sql).
/// </summary>
internal static class ChromaDatabase
{
    /// <summary>Its file in Chroma's folder (chromadb/db/impl/sqlite.py).</summary>
    public const string FileName = "chroma.sqlite3";

    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    /// <summary>All segments.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="StingException"><c>ChromaSchemaUnknown</c></exception>
    public static IReadOnlyList<ChromaSegment> ReadSegments(SqliteConnection connection, string path)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT s.id, s.scope, s.collection, m.seq_id FROM segments s LEFT JOIN max_seq_id m ON m.segment_id = s.id";
            using var rows = command.ExecuteReader();
            var segments = new List<ChromaSegment>();
            while (rows.Read())
            {
                segments.Add(new ChromaSegment(rows.GetString(0), rows.GetString(1), rows.IsDBNull(2) ? "" : rows.GetString(2), SequenceOf(rows.GetValue(3))));
            }
            return segments;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SqliteErrors.Error)
        {
            throw ChromaErrors.SchemaUnknown(path, e.Message.TrimEnd('.'), e);
        }
        catch (InvalidOperationException e)
        {
            throw ChromaErrors.SchemaUnknown(path, "a segment has no name or no scope", e);
        }
    }

    /// <summary>
    /// Of each collection that has records, how far it has come in the log: changes with every record that is added, changed or deleted, since Chroma writes it in the
    /// same transaction (chromadb/segment/impl/metadata/sqlite.py _write_metadata, chromadb/db/mixins/embeddings_queue.py submit_embeddings).
    /// </summary>
    /// <exception cref="StingException">as <see cref="SqliteSnapshot.Take"/>; <c>ChromaSchemaUnknown</c></exception>
    public static IReadOnlyDictionary<string, string> ReadSequences(string folder) => Look(folder, (connection, path) =>
        ReadSegments(connection, path).Where(s => s is { Scope: "METADATA", Sequence: not null }).GroupBy(s => s.Collection, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => string.Join(' ', g.Select(s => s.Sequence).Order(StringComparer.Ordinal)), StringComparer.Ordinal));

    /// <summary>All segments, now.</summary>
    public static IReadOnlyList<ChromaSegment> ReadSegments(string folder) => Look(folder, ReadSegments);

    private static T Look<T>(string folder, Func<SqliteConnection, string, T> look)
    {
        var path = Path.Join(folder, FileName);
        try
        {
            using var connection = SqliteReading.Open(path, LookTimeout);
            return look(connection, path);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Make(path, "look into the database", e);
        }
    }

    /// <summary>Big-endian bytes, or a number in later versions (encode_seq_id of chromadb/db/base.py).</summary>
    private static string? SequenceOf(object value) => value switch
    {
        byte[] bytes => Convert.ToHexStringLower(bytes),
        long number => number.ToString("x16", System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
