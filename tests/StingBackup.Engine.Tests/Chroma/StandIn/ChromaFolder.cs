using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace StingBackup.Engine.Tests.Chroma.StandIn;

/// <summary>
/// A folder as Chroma 0.5.20 keeps it, as far as a backup looks into it: the tables of chromadb/migrations that hold segments and how far they have come, one of the texts, and a folder a VECTOR segment
/// with the files of hnswlib and the pickle that chromadb/segment/impl/vector/local_persistent_hnsw.py _persist writes last. What is in the files is random.
/// </summary>
internal sealed class ChromaFolder
{
    private readonly Dictionary<string, (string Vector, string Metadata)> _segments = new(StringComparer.Ordinal);
    private long _sequence;

    public ChromaFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
        Run("""
            CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT NOT NULL, scope TEXT NOT NULL, collection TEXT NOT NULL);
            CREATE TABLE max_seq_id (segment_id TEXT PRIMARY KEY, seq_id BLOB NOT NULL);
            CREATE TABLE embedding_metadata (id INTEGER PRIMARY KEY, key TEXT NOT NULL, string_value TEXT);
            CREATE VIRTUAL TABLE embedding_fulltext_search USING fts5(string_value, tokenize='trigram');
            """);
    }

    public string Path { get; }
    public string Database => System.IO.Path.Combine(Path, "chroma.sqlite3");

    public void AddCollection(string id, string name)
    {
        var (vector, metadata) = (Guid.NewGuid().ToString("D"), Guid.NewGuid().ToString("D"));
        _segments.Add(id, (vector, metadata));
        Run($"""
            INSERT INTO collections VALUES ('{id}', '{name}');
            INSERT INTO segments VALUES ('{vector}', 'urn:chroma:segment/vector/hnsw-local-persisted', 'VECTOR', '{id}'), ('{metadata}', 'urn:chroma:segment/metadata/sqlite', 'METADATA', '{id}');
            """);
        Directory.CreateDirectory(System.IO.Path.Combine(Path, vector));
    }

    /// <summary>Records were written: the metadata segment has come further (sqlite.py _write_metadata).</summary>
    public void Advance(string id) => Run($"INSERT OR REPLACE INTO max_seq_id VALUES ('{_segments[id].Metadata}', x'{++_sequence:x16}')");

    /// <summary>Saves the vector segment: index files, pickle, database, in this order.</summary>
    public void Save(string id, int bytes = 40_000, bool breaksOff = false)
    {
        var folder = SegmentFolder(id);
        foreach (var (name, length) in ((string, int)[])[("header.bin", 100), ("data_level0.bin", bytes), ("length.bin", 400), ("link_lists.bin", 0)])
        {
            File.WriteAllBytes(System.IO.Path.Combine(folder, name), RandomNumberGenerator.GetBytes(length));
        }
        if (breaksOff)
        {
            return;
        }
        File.WriteAllBytes(System.IO.Path.Combine(folder, "index_metadata.pickle"), RandomNumberGenerator.GetBytes(2000));
        Run($"INSERT OR REPLACE INTO max_seq_id VALUES ('{_segments[id].Vector}', x'{_sequence:x16}')");
    }

    public string SegmentFolder(string id) => System.IO.Path.Combine(Path, _segments[id].Vector);

    /// <summary>Adds texts of about 800 characters.</summary>
    public void AddTexts(int count, int seed)
    {
        var random = new Random(seed);
        using var connection = Open();
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO embedding_metadata (key, string_value) VALUES ('chroma:document', $text)";
        var text = command.Parameters.Add("$text", SqliteType.Text);
        for (var i = 0; i < count; i++)
        {
            text.Value = string.Join(' ', Enumerable.Range(0, 100).Select(_ => random.Next(1_000_000).ToString(CultureInfo.InvariantCulture)));
            command.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        return connection;
    }

    public void Run(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
