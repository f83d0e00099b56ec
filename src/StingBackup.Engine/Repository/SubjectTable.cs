using System.Buffers.Binary;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>A subject's part of a point and data class: public by design, so that it can be planned and copied without a key.</summary>
/// <param name="Pseudonym">The subject.</param>
/// <param name="Root">Id of its tree's root page.</param>
/// <param name="Items">Items of every kind.</param>
/// <param name="Length">Sum of file lengths in bytes.</param>
public readonly record struct SubjectRow(Id16 Pseudonym, Id32 Root, long Items, long Length)
{
    /// <summary>Length in bytes: pseudonym 16 · root 32 · items u64 · length u64.</summary>
    public const int Size = 64;
}

/// <summary>
/// The subjects of a point, ascending by pseudonym, in pages that end where the pseudonym's last byte says so: a page in which
/// nothing changed is the same object as before. Page: count u32, then rows.
/// </summary>
public static class SubjectTable
{
    private const int Average = 128;

    /// <summary>Cuts rows (ascending by pseudonym) into pages.</summary>
    public static IEnumerable<byte[]> Encode(IReadOnlyList<SubjectRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var first = 0;
        var bytes = new byte[Id16.Size];
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i].Pseudonym.CopyTo(bytes);
            if (bytes[15] % Average == 0 || i == rows.Count - 1)
            {
                yield return EncodePage(rows, first, i + 1);
                first = i + 1;
            }
        }
    }

    /// <summary>Reads a page.</summary>
    /// <exception cref="InvalidDataException">Its length does not fit its count.</exception>
    public static SubjectRow[] Decode(ReadOnlySpan<byte> page)
    {
        if (page.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(page) is var count && (count < 0 || 4 + (long)count * SubjectRow.Size != page.Length))
        {
            throw new InvalidDataException("a subject table's page makes no sense");
        }
        var rows = new SubjectRow[count];
        for (var i = 0; i < count; i++)
        {
            var row = page[(4 + i * SubjectRow.Size)..];
            rows[i] = new SubjectRow(new Id16(row), new Id32(row[16..]), BinaryPrimitives.ReadInt64LittleEndian(row[48..]), BinaryPrimitives.ReadInt64LittleEndian(row[56..]));
        }
        return rows;
    }

    private static byte[] EncodePage(IReadOnlyList<SubjectRow> rows, int from, int to)
    {
        var page = new byte[4 + (to - from) * SubjectRow.Size];
        BinaryPrimitives.WriteInt32LittleEndian(page, to - from);
        for (var i = from; i < to; i++)
        {
            var row = page.AsSpan(4 + (i - from) * SubjectRow.Size);
            rows[i].Pseudonym.CopyTo(row);
            rows[i].Root.CopyTo(row[16..]);
            BinaryPrimitives.WriteInt64LittleEndian(row[48..], rows[i].Items);
            BinaryPrimitives.WriteInt64LittleEndian(row[56..], rows[i].Length);
        }
        return page;
    }
}
