using System.Text;
using Npgsql;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// Reads a table once, in the order of its owners and then of its key, and writes it to the spool: the rows of each subject stand together, each row exactly once. Rows are COPY's own
/// text, byte for byte; a line with the columns' names comes first. Memory is one buffer, however long a row is.
/// </summary>
internal sealed class RowSpooler(CaptureSpool spool, KnownPeople people)
{
    /// <summary>A value of an owner longer than this is cut: none that names a person or jar is.</summary>
    private const int OwnerLength = 300;

    private readonly byte[] _buffer = new byte[256 << 10];

    /// <summary>The files that a table gives, by subject. A table without rows gives one for the system, so that its columns are told.</summary>
    public async Task<IReadOnlyDictionary<string, CapturedFile>> SpoolAsync(NpgsqlConnection connection, TableInfo table, OwnerPlan plan, CancellationToken cancel)
    {
        var groups = new Dictionary<string, (List<SpoolRange> Ranges, List<byte[]> Hashes)>(StringComparer.Ordinal);
        spool.Write(Encoding.UTF8.GetBytes(CopyText.Line(table.Columns.Select(c => c.Name))));
        var header = spool.EndRange();
        Group(Reserve.SubjectNames.System);
        using (var export = await connection.BeginTextExportAsync(Statement(table, plan), cancel).ConfigureAwait(false))
        {
            // The reader decodes text; what is kept must be the bytes, and they lie right below it.
            await SplitAsync(((StreamReader)export).BaseStream, Group, cancel).ConfigureAwait(false);
        }
        return groups.ToDictionary(g => g.Key, g => new CapturedFile(g.Value.Ranges, g.Value.Hashes, new ItemMetadata { Mode = 0b110_000_000 }), StringComparer.Ordinal);

        (List<SpoolRange> Ranges, List<byte[]> Hashes) Group(string subject)
        {
            if (!groups.TryGetValue(subject, out var group))
            {
                groups.Add(subject, group = ([header.Range], [header.Hash]));
            }
            return group;
        }
    }

    /// <summary>The statement that gives a table's rows, the owner's value before each.</summary>
    internal static string Statement(TableInfo table, OwnerPlan plan)
    {
        var columns = string.Concat(table.Columns.Select(c => $", t.{SqlText.Name(c.Name)}"));
        var key = table.Key.Count > 0 ? string.Join(", ", table.Key.Select(k => $"t.{SqlText.Name(k)}")) : "(t.*)::text COLLATE \"C\"";
        var owner = $"pg_catalog.left({plan.Expression}, {OwnerLength})";
        return plan.IsSystem
            ? $"COPY (SELECT NULL::text{columns} FROM ONLY {table.Sql} AS t ORDER BY {key}) TO STDOUT"
            : $"COPY (SELECT {owner}{columns} FROM ONLY {table.Sql} AS t{plan.Joins} ORDER BY {owner} COLLATE \"C\" NULLS FIRST, {key}) TO STDOUT";
    }

    private async Task SplitAsync(Stream rows, Func<string, (List<SpoolRange> Ranges, List<byte[]> Hashes)> group, CancellationToken cancel)
    {
        byte[]? owner = null;
        (List<SpoolRange> Ranges, List<byte[]> Hashes) current = ([], []);
        int filled = 0, read;
        var inRow = false;   // past the owner's value
        while ((read = await rows.ReadAsync(_buffer.AsMemory(filled), cancel).ConfigureAwait(false)) > 0)
        {
            filled += read;
            var rest = _buffer.AsMemory(0, filled);
            while (rest.Length > 0)
            {
                if (!inRow)
                {
                    var tab = rest.Span.IndexOf((byte)'\t');
                    if (tab < 0)
                    {
                        break;   // the value is short, so that it always fits into the buffer
                    }
                    if (owner is null || !rest.Span[..tab].SequenceEqual(owner))
                    {
                        Close();
                        owner = rest[..tab].ToArray();
                        current = group(OwnerPlan.Subject(CopyText.Value(owner), people));
                    }
                    rest = rest[(tab + 1)..];
                    inRow = true;
                }
                var end = rest.Span.IndexOf((byte)'\n');
                spool.Write(rest.Span[..(end < 0 ? rest.Length : end + 1)]);
                inRow = end < 0;
                rest = rest[(end < 0 ? rest.Length : end + 1)..];
            }
            filled = rest.Length;
            rest.CopyTo(_buffer);
        }
        Close();

        void Close()
        {
            if (spool.InRange)
            {
                var (range, hash) = spool.EndRange();
                current.Ranges.Add(range);
                current.Hashes.Add(hash);
            }
        }
    }
}
