using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>Rows of a table, whatever their order: how many, and the sum of their hashes. One changed, missing or doubled row changes it.</summary>
internal readonly record struct RowSum(long Count, UInt128 Hash)
{
    /// <summary>Adds a row: a line of COPY's text.</summary>
    public RowSum Add(ReadOnlySpan<byte> line)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(line, hash);
        return new RowSum(Count + 1, unchecked(Hash + BitConverter.ToUInt128(hash)));
    }

    /// <summary>Adds all lines of a stream.</summary>
    public async Task<RowSum> AddAsync(Stream stream, CancellationToken cancel)
    {
        var sum = this;
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        while (true)
        {
            var read = await reader.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                sum = sum.Add(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                if (!buffer.IsEmpty)
                {
                    sum = sum.Add(buffer.ToArray());
                }
                await reader.CompleteAsync().ConfigureAwait(false);
                return sum;
            }
        }
    }
}

/// <summary>Compares what a server holds with the captured rows that were loaded into it: table by table, by the text that COPY gives of both.</summary>
internal static class RowComparison
{
    public const string Kind = "rows, read back out of a server";

    private const string Same = "SET search_path = ''; SET row_security = off; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET TimeZone = 'UTC'; SET xmloption = 'content'";

    /// <summary>Compares; the rows are counted, and of tables that differ it is told which.</summary>
    /// <param name="settings">The server.</param>
    /// <param name="files">The capture.</param>
    /// <param name="tally">Takes what is found.</param>
    /// <param name="cancel">Cancels.</param>
    public static async Task RunAsync(PostgresSettings settings, ICaptureFiles files, DrillTally tally, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        foreach (var database in files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().GroupBy(r => r.Database))
        {
            var connection = await server.OpenAsync(database.Key, cancel).ConfigureAwait(false);
            await using var one = connection.ConfigureAwait(false);
            await PostgresServer.ExecuteAsync(connection, Same, cancel).ConfigureAwait(false);
            foreach (var table in database.GroupBy(r => (r.Schema, r.Table)))
            {
                cancel.ThrowIfCancellationRequested();
                var (captured, columns) = await CapturedAsync(files, table, cancel).ConfigureAwait(false);
                var loaded = await LoadedAsync(connection, $"SELECT {columns} FROM ONLY {SqlText.Name(table.Key.Schema, table.Key.Table)}", cancel).ConfigureAwait(false);
                tally.Count(Kind, Math.Max(captured.Count, loaded.Count), loaded == captured ? captured.Count : Math.Min(captured.Count, loaded.Count) - (captured.Count == loaded.Count ? 1 : 0));
                if (loaded != captured)
                {
                    // A table's name is the installation's own, nobody's.
                    tally.Differs(Kind, default, default, "", $"{database.Key}.{table.Key.Schema}.{table.Key.Table}",
                        string.Create(CultureInfo.InvariantCulture, $"{captured.Count} rows captured, {loaded.Count} loaded{(captured.Count == loaded.Count ? ", not all the same" : "")}"));
                }
            }
        }
    }

    private static async Task<(RowSum Sum, string Columns)> CapturedAsync(ICaptureFiles files, IEnumerable<CapturedRows> table, CancellationToken cancel)
    {
        var (sum, columns) = (default(RowSum), "");
        foreach (var rows in table)
        {
            var file = RowFile.Open(files, rows.Path);
            await using var one = file.ConfigureAwait(false);
            columns = string.Join(", ", file.Columns.Select(SqlText.Name));
            sum = await sum.AddAsync(file.Rows, cancel).ConfigureAwait(false);
        }
        return (sum, columns);
    }

    private static async Task<RowSum> LoadedAsync(NpgsqlConnection connection, string query, CancellationToken cancel)
    {
        var export = await connection.BeginTextExportAsync($"COPY ({query}) TO STDOUT", cancel).ConfigureAwait(false);
        using var rows = (StreamReader)export;
        return await default(RowSum).AddAsync(rows.BaseStream, cancel).ConfigureAwait(false);
    }
}
