using System.Text;
using Npgsql;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>A file of rows that is read: the columns that its first line names, then COPY's text.</summary>
internal sealed class RowFile : IAsyncDisposable
{
    private const int LongestHeader = 1 << 20;   // 1,600 columns of 63 bytes are 100 KB

    private readonly Stream _stream;

    private RowFile(Stream stream, string path, IReadOnlyList<string> columns)
    {
        _stream = stream;
        Path = path;
        Columns = columns;
    }

    public string Path { get; }
    public IReadOnlyList<string> Columns { get; }
    /// <summary>What follows the names: COPY's text.</summary>
    public Stream Rows => _stream;

    /// <summary>Opens it.</summary>
    /// <exception cref="StingException"><c>PostgresRowsDamaged</c></exception>
    public static RowFile Open(ICaptureFiles files, string path)
    {
        var stream = new BufferedStream(files.Open(path), 1 << 16);
        var header = new List<byte>();
        for (int b; (b = stream.ReadByte()) != '\n';)
        {
            if (b < 0 || header.Count == LongestHeader)
            {
                stream.Dispose();
                throw new StingException("PostgresRowsDamaged", FailureKind.Integrity, $"'{path}' does not begin with the names of its columns.", path, "Restore it from another point.");
            }
            header.Add((byte)b);
        }
        return new RowFile(stream, path, [.. CopyText.Values(Encoding.UTF8.GetString([.. header])).Select(v => v ?? "")]);
    }

    /// <summary>Copies the rows into a table; columns stand in the file's order.</summary>
    /// <param name="connection">Connection.</param>
    /// <param name="table">The table, as SQL writes it.</param>
    /// <param name="columns">The table's columns.</param>
    /// <param name="cancel">Cancels.</param>
    public async Task CopyIntoAsync(NpgsqlConnection connection, string table, IEnumerable<string> columns, CancellationToken cancel)
    {
        var import = await connection.BeginTextImportAsync($"COPY {table} ({string.Join(", ", columns.Select(SqlText.Name))}) FROM STDIN", cancel).ConfigureAwait(false);
        try
        {
            // The bytes as they are: the writer above would decode and encode them.
            await _stream.CopyToAsync(((StreamWriter)(TextWriter)import).BaseStream, 1 << 17, cancel).ConfigureAwait(false);
        }
        catch
        {
            await import.CancelAsync().ConfigureAwait(false);
            throw;
        }
        await import.DisposeAsync().ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
