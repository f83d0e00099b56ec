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
