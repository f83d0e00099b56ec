using System.Buffers.Binary;

namespace StingBackup.Engine.Guardian;

/// <summary>
/// What the end of a file says: whether its format is there to its last byte, and whether an archive or document is enciphered. Beginnings stay what they are when an archiver packs with a password, or when an encryptor
/// spares them; ends do not.
/// </summary>
internal static class FormatEnds
{
    /// <summary>As much of the end as is looked at: what lies farther from it is not found.</summary>
    public const int TailSize = 1024;

    private static ReadOnlySpan<byte> ZipEnd => "PK\x05\x06"u8;
    private const int ZipEndSize = 22, SevenZipHeader = 32;

    /// <summary>Whether a format that tells its end has it where it belongs. False also for formats that tell none: only that it was there and is not says anything.</summary>
    public static bool IsThere(ContentKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length) => kind switch
    {
        ContentKind.Zip => ZipEndAt(tail) >= 0,
        ContentKind.SevenZip => SevenZipEnd(head, tail, length).Length > 0,
        ContentKind.Rar => tail.EndsWith((ReadOnlySpan<byte>)[0x1D, 0x77, 0x56, 0x51, 0x03, 0x05, 0x04, 0x00]) || tail.EndsWith((ReadOnlySpan<byte>)[0xC4, 0x3D, 0x7B, 0x00, 0x40, 0x07, 0x00]),
        ContentKind.Xz => tail.EndsWith("YZ"u8),
        ContentKind.Pdf => tail.LastIndexOf("%%EOF"u8) >= 0,
        ContentKind.Rtf => tail.TrimEnd(" \r\n\0"u8).EndsWith("}"u8),
        ContentKind.Jpeg => tail.EndsWith((ReadOnlySpan<byte>)[0xFF, 0xD9]),
        ContentKind.Png => tail.EndsWith((ReadOnlySpan<byte>)[(byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82]),
        ContentKind.Gif => tail.EndsWith(";"u8),
        ContentKind.Parquet => tail.EndsWith("PAR1"u8),
        ContentKind.Tar => tail.Length >= ContentLook.SampleSize && !tail[^ContentLook.SampleSize..].ContainsAnyExcept((byte)0),
        _ => false,
    };

    /// <summary>Whether an archive or document of a known format is enciphered, with its names or without.</summary>
    public static bool IsSealed(ContentKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length) => kind switch
    {
        ContentKind.Zip => IsSealedZip(head, tail),
        ContentKind.SevenZip => IsSealedSevenZip(head, tail, length),
        ContentKind.Rar => IsSealedRar(head),
        ContentKind.Pdf => tail.IndexOf("/Encrypt"u8) >= 0,
        // The stream in which Office puts a document with a password, by the name in the folder of its container.
        ContentKind.Ole => OleFolder(head).IndexOf("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"u8) >= 0,
        _ => false,
    };

    private static int ZipEndAt(ReadOnlySpan<byte> tail)
    {
        for (var at = tail.LastIndexOf(ZipEnd); at >= 0; at = tail[..at].LastIndexOf(ZipEnd))
        {
            // Its comment reaches to the last byte: whatever is written behind it is not the archive's.
            if (tail.Length - at >= ZipEndSize && at + ZipEndSize + BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length)
            {
                return at;
            }
        }
        return -1;
    }

    /// <summary>Bit 0 of an entry's flags. The first entry is often a folder, which has none, so that the directory at the end is asked too.</summary>
    private static bool IsSealedZip(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (head.Length > 6 && (head[6] & 1) != 0)
        {
            return true;
        }
        var end = ZipEndAt(tail);
        for (var left = end < 0 ? default : tail[..end]; left.IndexOf("PK\x01\x02"u8) is var at and >= 0; left = left[(at + 4)..])
        {
            if (left.Length > at + 8 && (left[at + 8] & 1) != 0)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The end header of a 7z archive; empty where it is not where the beginning says.</summary>
    private static ReadOnlySpan<byte> SevenZipEnd(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length)
    {
        if (head.Length < SevenZipHeader)
        {
            return default;
        }
        long offset = BinaryPrimitives.ReadInt64LittleEndian(head[12..]), size = BinaryPrimitives.ReadInt64LittleEndian(head[20..]);
        return offset >= 0 && size > 0 && offset <= length - SevenZipHeader && SevenZipHeader + offset + size == length && size <= tail.Length && tail[^(int)size] is 0x01 or 0x17 ? tail[^(int)size..] : default;
    }

    /// <summary>
    /// The coder 06F10701 (AES) in the end header. Where names are in the clear that header is compressed, and hides its coders; then content has whole blocks of 16 bytes, and does not begin as any compressor's does.
    /// </summary>
    private static bool IsSealedSevenZip(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length)
    {
        var end = SevenZipEnd(head, tail, length);
        if (end.IndexOf((ReadOnlySpan<byte>)[0x06, 0xF1, 0x07, 0x01]) >= 0)
        {
            return true;
        }
        var content = head[Math.Min(SevenZipHeader, head.Length)..Math.Min(ContentLook.SampleSize, head.Length)];
        // Compressed: 17 06, then where the compressed header lies, which is how long the content is; the lowest byte of that number tells whole blocks.
        return end.Length > 4 && end[0] == 0x17 && end[1] == 0x06 && LowByte(end[2..]) % 16 == 0 && content.Length > 6 && ContentLook.IsEven(content)
            && content[0] != 0 && !content.StartsWith("BZh"u8) && !(content[0] is 1 or >= 0xE0 && content[5] < 225);
    }

    /// <summary>The lowest byte of a number as 7z writes it: ones at the front of the first byte tell how many bytes follow, the lowest first.</summary>
    private static byte LowByte(ReadOnlySpan<byte> number) => number[0] < 0x80 ? number[0] : number[1];

    /// <summary>An encryption header (5.0), a password bit of the main header (4.x), or that of the first file.</summary>
    private static bool IsSealedRar(ReadOnlySpan<byte> head)
    {
        if (head.Length > 32 && head[6] == 0)
        {
            var main = head[7..];
            int flags = BinaryPrimitives.ReadUInt16LittleEndian(main[3..]), size = BinaryPrimitives.ReadUInt16LittleEndian(main[5..]);
            return main[2] == 0x73 && ((flags & 0x80) != 0 || (main.Length > size + 5 && main[size + 2] == 0x74 && (main[size + 3] & 4) != 0));
        }
        if (head.Length <= 32 || head[6] != 1)
        {
            return false;
        }
        // Headers of 5.0: checksum 4, size, type, flags, length of the extra area …; one of type 4 enciphers all that follow, a file's extra record of type 1 the file.
        for (var at = 8; at + 8 < head.Length;)
        {
            var from = at + 4;
            var size = Number(head, ref from);
            var next = from + size;
            long type = Number(head, ref from), flags = Number(head, ref from), extra = (flags & 1) != 0 ? Number(head, ref from) : 0;
            if (type != 1)
            {
                return type == 4 || (type == 2 && extra > 0 && extra <= next && next <= head.Length && head[(int)(next - extra)..(int)next] is [_, 1, ..]);
            }
            at = (int)Math.Min(next, head.Length);
        }
        return false;
    }

    private static long Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        long value = 0;
        for (var shift = 0; at < bytes.Length && shift < 35; shift += 7)
        {
            var part = bytes[at++];
            value |= (long)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                break;
            }
        }
        return value;
    }

    private static ReadOnlySpan<byte> OleFolder(ReadOnlySpan<byte> head)
    {
        if (head.Length < 512)
        {
            return default;
        }
        var size = 1L << Math.Min(16, (int)BinaryPrimitives.ReadUInt16LittleEndian(head[30..]));
        var from = (BinaryPrimitives.ReadUInt32LittleEndian(head[48..]) + 1) * size;
        return from >= head.Length ? default : head[(int)from..(int)Math.Min(head.Length, from + (2 * size))];
    }
}
