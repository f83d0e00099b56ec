using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>Reads packs without any key: names, headers, footers.</summary>
public static class PackReader
{
    /// <summary>
    /// Checks that a pack's bytes give its name, and reads its tables from the footer.
    /// </summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, with what is wrong.</exception>
    public static PackTables ReadTables(PackInfo expected, ReadOnlyMemory<byte> bytes, Id16 reserve)
    {
        ArgumentNullException.ThrowIfNull(expected);
        CheckBytes(expected, bytes.Span);
        return ReadFooter(expected, bytes, reserve);
    }

    /// <summary>
    /// Reads back the tables of a pack that was just made, and compares them with what they should say: what memory or a fault of this program changed would make every chunk of it a loss, and be seen
    /// when it is needed.
    /// </summary>
    /// <exception cref="StingException"><c>PackMiswritten</c></exception>
    internal static void RequireAsWritten(PackTables tables, ReadOnlySpan<byte> pack)
    {
        try
        {
            if (Difference(tables, pack) is { } what)
            {
                throw Miswritten(tables.Pack, what, null);
            }
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw Miswritten(tables.Pack, e.Message, e);
        }
    }

    private static string? Difference(PackTables tables, ReadOnlySpan<byte> pack)
    {
        var footer = pack[^(PackFormat.TrailerSize + BinaryPrimitives.ReadInt32LittleEndian(pack[^8..]))..];
        if (BinaryPrimitives.ReadInt32LittleEndian(footer) != tables.Entries.Count || BinaryPrimitives.ReadInt32LittleEndian(footer[4..]) != tables.Segments.Count)
        {
            return "its footer counts otherwise";
        }
        var at = PackFormat.FooterFixedSize;
        foreach (var segment in tables.Segments)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(footer[at..]) != segment.Offset || !segment.Header.StandsIn(pack[segment.Offset..]))
            {
                return $"the segment at {segment.Offset} is another";
            }
            at += 4;
        }
        foreach (var entry in tables.Entries)
        {
            var header = ChunkHeader.Read(pack[entry.Offset..]);
            if (ChunkEntry.Read(footer[at..]) != entry || header.StoredLength != entry.StoredLength || header.RawLength != entry.RawLength)
            {
                return $"the chunk at {entry.Offset} is another";
            }
            at += ChunkEntry.Size;
        }
        return null;
    }

    private static StingException Miswritten(PackInfo pack, string what, Exception? inner) => new("PackMiswritten", FailureKind.Integrity,
        $"Pack '{pack.Name}' does not read as it was written ({what}). It was not stored: this machine's memory or this program is at fault.", pack.Name,
        "Run it again. When it comes back, test the machine's memory before the next backup; when that is sound, report it.", inner);

    /// <summary>Checks that a pack's bytes give its name.</summary>
    public static void CheckBytes(PackInfo expected, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(expected);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(bytes, hash);
        if (new Id32(hash) != expected.Id)
        {
            throw Failures.Damaged(expected.Name, "its SHA-256 is not its name");
        }
    }

    /// <summary>Reads the tables without hashing: for a pack that is known to be damaged, whatever is left of it.</summary>
    public static PackTables ReadFooter(PackInfo expected, ReadOnlyMemory<byte> bytes, Id16 reserve)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ObjectFrame.CheckHeader(bytes.Span, expected.Kind, expected.Name);
        try
        {
            var span = bytes.Span;
            if (new Id16(span[12..]) != reserve)
            {
                throw Failures.Damaged(expected.Name, "it belongs to another reserve");
            }
            if (!span[^4..].SequenceEqual(PackFormat.FooterMagic))
            {
                throw new InvalidDataException("it has no footer");
            }
            var length = BinaryPrimitives.ReadInt32LittleEndian(span[^8..]);
            var footer = span[^(PackFormat.TrailerSize + length)..^PackFormat.TrailerSize];
            int entryCount = BinaryPrimitives.ReadInt32LittleEndian(footer), segmentCount = BinaryPrimitives.ReadInt32LittleEndian(footer[4..]);
            if (entryCount < 0 || segmentCount < 0 || PackFormat.FooterFixedSize + 4L * segmentCount + (long)ChunkEntry.Size * entryCount != footer.Length)
            {
                throw new InvalidDataException("its footer has the wrong length");
            }
            var segments = new SegmentInfo[segmentCount];
            var end = PackFormat.HeaderSize;
            for (var i = 0; i < segmentCount; i++)
            {
                var offset = BinaryPrimitives.ReadInt32LittleEndian(footer[(8 + 4 * i)..]);
                // One behind another: a footer that names one segment a million times would make a million of it.
                segments[i] = new SegmentInfo(expected, offset >= end ? offset : throw new InvalidDataException("its segments overlap"), SegmentHeader.Read(span[offset..], out _, out _));
                end = offset + segments[i].Header.Size;
            }
            var entries = new ChunkEntry[entryCount];
            var at = 8 + 4 * segmentCount;
            for (var i = 0; i < entryCount; i++, at += ChunkEntry.Size)
            {
                entries[i] = ChunkEntry.Read(footer[at..]);
                if ((uint)entries[i].Segment >= (uint)segmentCount || entries[i].Offset < 0 || entries[i].StoredLength < 0 || entries[i].Offset + (long)entries[i].StoredLength > span.Length)
                {
                    throw new InvalidDataException("a footer entry points outside");
                }
            }
            return new PackTables(expected, segments, entries);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw Failures.Damaged(expected.Name, e is InvalidDataException ? e.Message : "its footer makes no sense", e);
        }
    }
}
